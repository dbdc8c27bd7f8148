package dev.holdfast.host.keeper;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the store's newest snapshot, on a thread of its own. A store that hangs blocks only this thread, never a pending
 * change.
 */
final class StoreProbe {

    private static final Logger log = LoggerFactory.getLogger(StoreProbe.class);

    private final SnapshotSerializer store;
    private final Runnable answered;
    private final Executor asking;
    private final AtomicReference<Question> question = new AtomicReference<>();

    /** A question; without a look until there is an answer. */
    private record Question(@Nullable Look look) {}

    /** @param answered called, on the probe's thread, when there is an answer */
    StoreProbe(SnapshotSerializer store, Runnable answered) {
        this(store, answered, question -> DaemonThreads.start("snapshot-store-probe", question));
    }

    /** @param asking waits for the store's answer */
    StoreProbe(SnapshotSerializer store, Runnable answered, Executor asking) {
        this.store = store;
        this.answered = answered;
        this.asking = asking;
    }

    /** Asks, unless an earlier question has no answer yet. */
    void ask(Optional<HistoryPoint> base) {
        if (question.compareAndSet(null, new Question(null))) {
            try {
                asking.execute(() -> await(base));
            } catch (OutOfMemoryError e) {
                question.set(null);
                throw e;
            }
        }
    }

    private void await(Optional<HistoryPoint> base) {
        try {
            Look look = Look.at(store, base);
            if (!look.reached()) {
                log.debug("The store is out of reach: {}", look.reading());
            }
            question.set(new Question(look));
            answered.run();
        } catch (RuntimeException | Error e) {
            log.debug("The store could not be looked at: {}", e.toString());
            question.set(null);
        }
    }

    boolean hasAnswer() {
        Question now = question.get();
        return now != null && now.look() != null;
    }

    /** The answer to the last question, if one has come. */
    Optional<Look> takeAnswer() {
        Question now = question.get();
        if (now == null || now.look() == null) {
            return Optional.empty();
        }
        question.set(null);
        return Optional.of(now.look());
    }
}
