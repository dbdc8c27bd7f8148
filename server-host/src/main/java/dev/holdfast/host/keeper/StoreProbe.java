package dev.holdfast.host.keeper;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
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

    private static final int MOST_UNREAD = 9;

    private final SnapshotSerializer store;
    private final Runnable answered;
    private final Executor asking;
    private final AtomicReference<Question> question = new AtomicReference<>();
    /** How many times in a row the store's newest was not read; used by whoever holds the question. */
    private int unread;

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
        ask(base, false);
    }

    /**
     * Asks, unless an earlier question has no answer yet.
     *
     * @param onlyIfNew whether there need be no answer where the store's newest is the base; it is read now and then even so, for
     *     it may be damaged
     * @return whether there was no such question
     */
    boolean ask(Optional<HistoryPoint> base, boolean onlyIfNew) {
        if (!question.compareAndSet(null, new Question(null))) {
            return false;
        }
        try {
            asking.execute(() -> await(base, onlyIfNew));
        } catch (OutOfMemoryError e) {
            question.set(null);
            throw e;
        }
        return true;
    }

    private void await(Optional<HistoryPoint> base, boolean onlyIfNew) {
        try {
            if (onlyIfNew && unread < MOST_UNREAD && isNewest(base)) {
                unread++;
                question.set(null);
                answered.run();
                return;
            }
            unread = 0;
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

    /** Where that cannot be told, the look will say why. */
    private boolean isNewest(Optional<HistoryPoint> base) {
        try {
            return base.isPresent()
                    && store.lastSaveId()
                            .filter(base.get().header().saveId()::equals)
                            .isPresent();
        } catch (SnapshotStoreException e) {
            return false;
        }
    }

    /** Whether a question is under way. */
    boolean isAsking() {
        Question now = question.get();
        return now != null && now.look() == null;
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
