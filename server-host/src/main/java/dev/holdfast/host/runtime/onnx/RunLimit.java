package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OrtException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The options of runs that are all to end in time: when it is over, those under way fail, and so do later ones. */
final class RunLimit extends EndableOptions {

    private final CompletableFuture<Void> timer;

    RunLimit(Duration time) throws OrtException {
        timer = new CompletableFuture<Void>().completeOnTimeout(null, time.toNanos(), TimeUnit.NANOSECONDS);
        timer.thenRun(this::end);
    }

    @Override
    public synchronized void close() {
        timer.cancel(false);
        super.close();
    }
}
