package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The options of runs that are all to end in time: when it is over, those under way fail, and so do later ones. */
final class RunLimit implements AutoCloseable {

    private final OrtSession.RunOptions options;
    private final CompletableFuture<Void> timer;
    private boolean closed;

    RunLimit(Duration time) throws OrtException {
        this.options = new OrtSession.RunOptions();
        this.timer = new CompletableFuture<Void>().completeOnTimeout(null, time.toNanos(), TimeUnit.NANOSECONDS);
        timer.thenRun(this::terminate);
    }

    OrtSession.RunOptions options() {
        return options;
    }

    private synchronized void terminate() {
        if (closed) {
            return;
        }
        try {
            options.setTerminate(true);
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime does not end a run", e);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        timer.cancel(false);
        options.close();
    }
}
