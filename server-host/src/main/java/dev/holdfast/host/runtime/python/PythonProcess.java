package dev.holdfast.host.runtime.python;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.ProcessStatus;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One worker of a model with a Python handler: a process, and another one when that has died. */
final class PythonProcess implements ModelProcess {

    private final WorkerPlan plan;
    private final ProcessTerms terms;
    private final WorkerDirectory directory;
    private final OomKills oomKills;
    private final Optional<RequiredPackages> packages;
    private final CompletableFuture<Path> toldToEnd = new CompletableFuture<>();

    /** The process that runs, or ran last. */
    private volatile @Nullable PythonRun run;

    /** Guarded by this, so that no process is begun that nobody ends. */
    private boolean killed;

    PythonProcess(
            WorkerPlan plan,
            ProcessTerms terms,
            WorkerDirectory directory,
            OomKills oomKills,
            Optional<RequiredPackages> packages) {
        this.packages = packages;
        this.plan = plan;
        this.terms = terms;
        this.directory = directory;
        this.oomKills = oomKills;
    }

    @Override
    public void start() {
        // What the process before has forked may still be there.
        run().ifPresent(PythonRun::discard);
        PythonRun begun;
        Optional<Path> installed = packages.map(this::awaitInstalled);
        try {
            Path home = directory.get();
            synchronized (this) {
                if (killed) {
                    throw new ProcessStartException("It was told to end before it had started", false);
                }
                begun = PythonRun.begin(plan, terms, home, installed, oomKills);
                run = begun;
            }
        } catch (IOException e) {
            throw new ProcessStartException(
                    "Python cannot be started as " + plan.python().executable() + ": " + e.getMessage(), e);
        }
        begun.awaitLoaded();
    }

    /** The time of the start counts from after that. */
    private Path awaitInstalled(RequiredPackages required) {
        try {
            return required.installed()
                    .applyToEither(toldToEnd, Function.identity())
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ProcessStartException why
                    ? why
                    : new ProcessStartException("Its packages cannot be installed", e);
        }
    }

    private Optional<PythonRun> run() {
        return Optional.ofNullable(run);
    }

    @Override
    public boolean isUp() {
        return run().filter(PythonRun::isUp).isPresent();
    }

    @Override
    public String ending() {
        return run().map(PythonRun::ending).orElse("it was never started");
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        return predict(batch, Pieces.NONE);
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch, Pieces pieces) {
        List<HandlerRequest> requests = batch.stream().map(HandlerRequest::of).toList();
        return run()
                .orElseThrow(() -> new IllegalStateException("the process was never started"))
                .predict(requests, pieces)
                .stream()
                .map(HandlerAnswer::toTensors)
                .toList();
    }

    @Override
    public void end(Thread predicting) {
        run().ifPresent(late -> late.kill("it was ended, because its answer was late"));
    }

    @Override
    public void kill() {
        synchronized (this) {
            killed = true;
        }
        toldToEnd.completeExceptionally(
                new ProcessStartException("It was told to end while its packages were installed", false));
        run().ifPresent(some -> some.kill("it was told to end"));
    }

    @Override
    public ProcessStatus status() {
        Optional<PythonRun> some = run();
        return new ProcessStatus(
                some.map(PythonRun::pid).orElse(0L),
                some.map(PythonRun::memoryBytes).orElse(0L),
                plan.facts());
    }

    @Override
    public long ownBytes() {
        return run().map(PythonRun::ownBytes).orElse(0L);
    }

    @Override
    public void close() {
        run().ifPresent(PythonRun::close);
    }
}
