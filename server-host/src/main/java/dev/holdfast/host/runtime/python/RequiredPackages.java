package dev.holdfast.host.runtime.python;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.process.OutputLines;
import dev.holdfast.host.runtime.process.OutputTail;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Python packages that an archive's {@code requirementsFile} names, installed by pip into a directory of their own for
 * the workers of one model. The first worker that starts begins it, the others wait for it; after a failure nothing of it
 * is left, and the next start tries it again.
 *
 * <p>Not in the model's directory, which may be the operator's own, and whose files are not to be replaced.
 */
final class RequiredPackages implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RequiredPackages.class);
    private static final int LINES_OF_REASON = 8;

    private final WorkerPlan plan;
    private final String requirements;
    private final WorkerDirectory directory;
    private final Duration limit;

    // Guarded by this.
    private @Nullable CompletableFuture<Path> installed;
    private @Nullable Process pip;
    private boolean closed;

    /**
     * @param requirements the file, relative to the archive's root
     * @param limit how long the installation may take
     */
    RequiredPackages(WorkerPlan plan, String requirements, WorkerDirectory directory, Duration limit) {
        this.plan = plan;
        this.requirements = requirements;
        this.directory = directory;
        this.limit = limit;
    }

    /** The directory with the packages, once they are there; or a {@link ProcessStartException} that says why they are not. */
    synchronized CompletableFuture<Path> installed() {
        if (installed == null || installed.isCompletedExceptionally()) {
            CompletableFuture<Path> begun = new CompletableFuture<>();
            installed = begun;
            DaemonThreads.start("pip-" + plan.archive(), () -> {
                try {
                    begun.complete(install());
                } catch (ProcessStartException e) {
                    begun.completeExceptionally(e);
                } catch (IOException | RuntimeException e) {
                    begun.completeExceptionally(failed(OneLine.of(e), e));
                }
            });
        }
        return installed;
    }

    private Path install() throws IOException {
        Path packages = directory
                .get()
                .resolve("packages-" + UUID.randomUUID().toString().substring(0, 8));
        OwnFiles.createDirectory(packages);
        try {
            run(packages);
            return packages;
        } catch (IOException | RuntimeException e) {
            FileTrees.delete(packages);
            throw e;
        }
    }

    private void run(Path packages) throws IOException {
        log.info("Archive {}: installing the packages that its {} names", plan.archive(), OneLine.name(requirements));
        OutputTail tail = new OutputTail();
        CompletableFuture<Void> read = new CompletableFuture<>();
        Process process = begin(packages);
        OutputLines.drain(process.getInputStream(), "pip-out-" + plan.archive(), read, line -> {
            tail.add(line);
            log.info("Archive {}: pip: {}", plan.archive(), line);
        });
        try {
            process.getOutputStream().close();
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed("pip took longer than " + limit.toSeconds() + " s, and was ended", null);
            }
            read.get(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("the installation was interrupted", e);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            log.debug("Not all that pip has said was read", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        if (process.exitValue() != 0) {
            throw failed(String.join(" ", tail.reason(LINES_OF_REASON)), null);
        }
        log.info("Archive {}: the packages that its {} names are installed", plan.archive(), requirements);
    }

    private synchronized Process begin(Path packages) throws IOException {
        if (closed) {
            throw failed("the model was unloaded meanwhile", null);
        }
        ProcessBuilder command = new ProcessBuilder(List.of(
                        plan.python().executable(),
                        "-m",
                        "pip",
                        "install",
                        "--disable-pip-version-check",
                        "--no-input",
                        "--target",
                        packages.toString(),
                        "--requirement",
                        plan.root().resolve(requirements).toString()))
                // What the file names by a relative path lies in the archive.
                .directory(plan.root().toFile())
                .redirectErrorStream(true);
        command.environment().clear();
        command.environment().putAll(plan.settings().environment());
        command.environment().put("PYTHONUNBUFFERED", "1");
        Process process = command.start();
        pip = process;
        return process;
    }

    private ProcessStartException failed(String why, @Nullable Exception cause) {
        String message = "The packages that " + OneLine.name(requirements) + " names cannot be installed into Python "
                + plan.python().version() + " (" + plan.python().executable() + "): " + OneLine.reason(why);
        return cause == null ? new ProcessStartException(message, false) : new ProcessStartException(message, cause);
    }

    /** Ends an installation that is under way, and removes what was installed; to be called when no worker is left. */
    @Override
    public void close() {
        CompletableFuture<Path> made;
        synchronized (this) {
            closed = true;
            if (pip != null) {
                pip.descendants().forEach(ProcessHandle::destroyForcibly);
                pip.destroyForcibly();
            }
            made = installed;
        }
        if (made != null && made.isDone() && !made.isCompletedExceptionally()) {
            Path packages = made.join();
            try {
                if (Files.exists(packages)) {
                    FileTrees.delete(packages);
                }
            } catch (IOException e) {
                log.warn("The packages in {} cannot be removed: {}", packages, e.toString());
            }
        }
    }
}
