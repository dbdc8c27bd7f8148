package dev.holdfast.host.keeper;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The work that waits for the keeper's thread, and the group commit.
 *
 * <pre>
 *   begin ─▶ a change under way ─▶ addChange ─▶ [ waiting ] ─▶ next: all of it at once ─▶ keeper
 *                               └▶ abandoned
 * </pre>
 *
 * <p>What comes while the keeper works leaves together at the next {@link #next}. When there were several callers lately,
 * {@code next} waits for them as long as the last save took, at the most {@link #LONGEST_WINDOW}.
 *
 * <p>One lock guards all of it, the innermost lock of the host: nothing that may block is called while it is held. Any thread
 * calls any method, but {@code next}, which is the keeper's.
 */
final class WorkQueue {

    private static final long LONGEST_WINDOW = Duration.ofMillis(5).toNanos();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition workCame = lock.newCondition();

    // Guarded by the lock.
    private final List<Work> waiting = new ArrayList<>();
    private List<Work> underWay = List.of();
    private int changesUnderWay;
    private int callersLately = 1;
    private boolean closed;

    /** A change has begun, so that one save can wait for several. */
    void begin() {
        locked(() -> changesUnderWay++);
    }

    /** The change that began came to nothing. */
    void abandoned() {
        locked(() -> changesUnderWay--);
    }

    private <T> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The change that began is to be saved. It is always seen, either as under way or as waiting.
     *
     * @return false if the queue is closed
     */
    boolean addChange(Work.Save change) {
        return locked(() -> {
            changesUnderWay--;
            return add(change);
        });
    }

    /** @return false if the queue is closed */
    boolean add(Work work) {
        return locked(() -> {
            if (!closed) {
                waiting.add(work);
                workCame.signal();
            }
            return !closed;
        });
    }

    /** Takes back what was added; false if the keeper has begun it. */
    boolean withdraw(Work work) {
        return locked(() -> waiting.remove(work));
    }

    /** Takes back the changes that the keeper has not begun to save. */
    List<Work.Save> withdrawChanges() {
        return locked(() -> {
            List<Work.Save> changes = waiting.stream()
                    .filter(Work.Save.class::isInstance)
                    .map(Work.Save.class::cast)
                    .filter(Work.Save::isChange)
                    .toList();
            waiting.removeAll(changes);
            return changes;
        });
    }

    /** Whether no change waits to be saved, or is being saved and not answered yet. */
    boolean isAllSaved() {
        return locked(() -> Stream.concat(waiting.stream(), underWay.stream())
                .noneMatch(work -> work instanceof Work.Save save
                        && save.isChange()
                        && !save.done().isDone()));
    }

    /** Lets the keeper ask whether it is {@linkplain #next wanted} elsewhere. */
    void wake() {
        lock.lock();
        try {
            workCame.signal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for work.
     *
     * @param idleNanos how long to wait, if there is none
     * @param wanted whether there is something else to do; asked under the lock, and again after {@link #wake}
     * @param lastSaveNanos how long the last save took, and so how long it pays to wait for other callers
     * @return what is to be done; empty when the time is over or the keeper is wanted; null at the end
     */
    @Nullable
    List<Work> next(long idleNanos, BooleanSupplier wanted, long lastSaveNanos) {
        lock.lock();
        try {
            underWay = List.of();
            long nanos = idleNanos;
            while (waiting.isEmpty()) {
                if (closed) {
                    return null;
                }
                if (nanos <= 0 || wanted.getAsBoolean()) {
                    return List.of();
                }
                nanos = await(nanos);
            }
            awaitOtherCallers(lastSaveNanos);
            underWay = List.copyOf(waiting);
            waiting.clear();
            callersLately = underWay.size() + changesUnderWay;
            return underWay;
        } finally {
            lock.unlock();
        }
    }

    private void awaitOtherCallers(long lastSaveNanos) {
        long nanos = Math.min(LONGEST_WINDOW, lastSaveNanos);
        while (waiting.size() < callersLately && !closed && nanos > 0) {
            nanos = await(nanos);
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private long await(long nanos) {
        try {
            return workCame.awaitNanos(nanos);
        } catch (InterruptedException e) {
            // A serializer may leave an interrupt behind; only close() ends the keeper's thread.
            return nanos;
        }
    }

    /** Takes no more; what waits is still given out. */
    void close() {
        lock.lock();
        try {
            closed = true;
            workCame.signal();
        } finally {
            lock.unlock();
        }
    }

    /** What nobody will do any more, or has finished. */
    List<Work> takeRest() {
        return locked(() -> {
            List<Work> rest = new ArrayList<>(underWay);
            rest.addAll(waiting);
            waiting.clear();
            return rest;
        });
    }
}
