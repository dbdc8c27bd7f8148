package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Predictor;
import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs one worker's batches in the model. Another thread can tell a run to end; that ends the batch that it was meant for, no
 * later one, and does not interrupt the answers that the worker gives afterwards.
 */
final class EndableRun {

    private final Predictor model;

    /** The thread that is in the model; guarded by this, as is the next. */
    private @Nullable Thread inside;

    private boolean ending;

    EndableRun(Predictor model) {
        this.model = model;
    }

    /** A new batch begins, which nobody has told to end yet. */
    synchronized void begin() {
        ending = false;
    }

    /**
     * Predicts, as {@link Predictor#predict(List, Predictor.Pieces)} does.
     *
     * @throws RunEndedException if the batch was told to end before this run of it began
     */
    List<List<Tensor>> predict(List<List<Tensor>> batch, Predictor.Pieces pieces) {
        synchronized (this) {
            if (ending) {
                throw new RunEndedException();
            }
            inside = Thread.currentThread();
        }
        try {
            return model.predict(batch, pieces);
        } finally {
            synchronized (this) {
                inside = null;
                // An interrupt that came too late would close the connections that answers are written to.
                Thread.interrupted();
            }
        }
    }

    /** Tells the batch to end, from another thread; does not wait until it has. */
    synchronized void end() {
        ending = true;
        if (inside != null) {
            model.end(inside);
        }
    }

    synchronized boolean isInside() {
        return inside != null;
    }

    synchronized boolean isEnding() {
        return ending;
    }

    static final class RunEndedException extends RuntimeException {

        private static final long serialVersionUID = 1;

        RunEndedException() {
            super("the batch was told to end");
        }
    }
}
