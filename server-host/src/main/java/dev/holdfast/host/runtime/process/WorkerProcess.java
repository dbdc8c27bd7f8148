package dev.holdfast.host.runtime.process;

import dev.holdfast.host.common.ControlGroup;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.ProcessStatus;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One worker with a process: that process, and another one when it has died. */
public final class WorkerProcess implements ModelProcess {

    private final WorkerLaunch launch;
    private final ProcessTerms terms;
    private final WorkerDirectory directory;
    private final ControlGroup group = new ControlGroup();
    private final CompletableFuture<Void> toldToEnd = new CompletableFuture<>();

    /** The process that runs, or ran last. */
    private volatile @Nullable WorkerRun run;

    /** Guarded by this, so that no process is begun that nobody ends. */
    private boolean killed;

    public WorkerProcess(WorkerLaunch launch, ProcessTerms terms, WorkerDirectory directory) {
        this.launch = launch;
        this.terms = terms;
        this.directory = directory;
    }

    @Override
    public void start() {
        // What the process before has forked may still be there.
        run().ifPresent(WorkerRun::discard);
        awaitReady();
        WorkerRun begun;
        try {
            synchronized (this) {
                if (killed) {
                    throw new ProcessStartException("It was told to end before it had started", false);
                }
                begun = WorkerRun.begin(launch, terms, directory, group);
                run = begun;
            }
        } catch (IOException e) {
            throw new ProcessStartException(launch.program() + " cannot be started: " + OneLine.of(e), e);
        }
        begun.awaitLoaded();
    }

    /** The time of the start counts from after that. */
    private void awaitReady() {
        try {
            launch.ready().applyToEither(toldToEnd, Function.identity()).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ProcessStartException why
                    ? why
                    : new ProcessStartException("What it needs cannot be installed", e);
        }
    }

    private Optional<WorkerRun> run() {
        return Optional.ofNullable(run);
    }

    @Override
    public boolean isUp() {
        return run().filter(WorkerRun::isUp).isPresent();
    }

    @Override
    public String ending() {
        return run().map(WorkerRun::ending).orElse("it was never started");
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        return predict(batch, Pieces.NONE);
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch, Pieces pieces) {
        return ask(batch.stream().map(HandlerRequest::of).toList(), pieces).stream()
                .map(HandlerAnswer::toTensors)
                .toList();
    }

    /** The answers to a batch of requests, in their order; what became of the process is one too. */
    public List<HandlerAnswer> ask(List<HandlerRequest> requests, Pieces pieces) {
        return run().orElseThrow(() -> new IllegalStateException("the process was never started"))
                .predict(requests, pieces);
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
        toldToEnd.completeExceptionally(new ProcessStartException("It was told to end before it had started", false));
        run().ifPresent(some -> some.kill("it was told to end"));
    }

    @Override
    public ProcessStatus status() {
        Optional<WorkerRun> some = run();
        return new ProcessStatus(
                some.map(WorkerRun::pid).orElse(0L),
                some.map(WorkerRun::memoryBytes).orElse(0L),
                launch.facts());
    }

    @Override
    public long ownBytes() {
        return run().map(WorkerRun::ownBytes).orElse(0L);
    }

    @Override
    public void close() {
        run().ifPresent(WorkerRun::close);
    }
}
