package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a store that was out of reach whether it is back, on a thread of its own: a store that hangs holds that thread, and
 * no change that waits to be kept.
 */
final class StoreProbe {

    private static final Logger log = LoggerFactory.getLogger(StoreProbe.class);

    private enum Question {
        NONE,
        ASKED,
        ANSWERED
    }

    private final SnapshotSerializer store;
    private final Runnable answered;
    private final AtomicReference<Question> question = new AtomicReference<>(Question.NONE);

    /** @param answered called, on the probe's thread, when the store has answered */
    StoreProbe(SnapshotSerializer store, Runnable answered) {
        this.store = store;
        this.answered = answered;
    }

    /** Asks, unless an earlier question has no answer yet. */
    void ask() {
        if (question.compareAndSet(Question.NONE, Question.ASKED)) {
            Thread thread = new Thread(this::await, "snapshot-store-probe");
            thread.setDaemon(true);
            try {
                thread.start();
            } catch (OutOfMemoryError e) {
                question.set(Question.NONE);
                throw e;
            }
        }
    }

    private void await() {
        if (answers()) {
            question.set(Question.ANSWERED);
            answered.run();
        } else {
            question.set(Question.NONE);
        }
    }

    private boolean answers() {
        try {
            store.getLast();
            return true;
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            log.debug("The store is back; {}", e.getMessage());
            return true;
        } catch (RuntimeException | Error e) {
            log.debug("The store is still out of reach: {}", e.toString());
            return false;
        }
    }

    boolean hasAnswer() {
        return question.get() == Question.ANSWERED;
    }

    /** Whether the store has answered since this was asked last. */
    boolean takeAnswer() {
        return question.compareAndSet(Question.ANSWERED, Question.NONE);
    }
}
