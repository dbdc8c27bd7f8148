package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Predictor;
import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way of one worker into the model, on which another thread can tell it to come back. What is told strikes the batch that
 * it was meant for and no other, and never the answers that the worker gives afterwards.
 */
final class EndableRun {

    private final Predictor model;

    /** The thread that is in the model; guarded by this, as is the next. */
    private @Nullable Thread inside;

    private boolean ending;

    EndableRun(Predictor model) {
        this.model = model;
    }

    /** A new batch: what was told of the one before is forgotten. */
    synchronized void begin() {
        ending = false;
    }

    /**
     * Predicts, as {@link Predictor#predict} does.
     *
     * @throws RunEndedException if the batch was told to end before this run of it began
     */
    List<List<Tensor>> predict(List<List<Tensor>> batch) {
        synchronized (this) {
            if (ending) {
                throw new RunEndedException();
            }
            inside = Thread.currentThread();
        }
        try {
            return model.predict(batch);
        } finally {
            synchronized (this) {
                inside = null;
                // Told in vain, or left behind by the model: it would close the connections that answers are written
                // to.
                Thread.interrupted();
            }
        }
    }

    /** Tells the batch to end, from another thread; returns at once, whatever the model does about it. */
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

    /** Why a run was not begun. */
    static final class RunEndedException extends RuntimeException {

        private static final long serialVersionUID = 1;

        RunEndedException() {
            super("the batch was told to end");
        }
    }
}
