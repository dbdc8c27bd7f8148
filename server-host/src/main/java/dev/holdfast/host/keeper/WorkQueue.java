package dev.holdfast.host.keeper;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What waits for the keeper's thread, and the group commit.
 *
 * <pre>
 *   begin ─▶ a change under way ─▶ addChange ─▶ [ waiting ] ─▶ next: all of it at once ─▶ keeper
 *                               └▶ abandoned
 * </pre>
 *
 * <p>What comes while the keeper works leaves together at the next {@link #next}. When there were several callers lately,
 * {@code next} waits for them as long as the last save took, at the most {@link #LONGEST_WINDOW}.
 *
 * <p>One lock guards all of it. Nothing that may block is called while it is held, and no caller holds it: it is the
 * innermost lock of the host. Any thread calls any method, but {@code next}, which is the keeper's.
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
        lock.lock();
        try {
            changesUnderWay++;
        } finally {
            lock.unlock();
        }
    }

    /** The change that began came to nothing. */
    void abandoned() {
        lock.lock();
        try {
            changesUnderWay--;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The change that began is to be saved. In one step: it is always seen, either as under way or as waiting.
     *
     * @return false if the queue is closed
     */
    boolean addChange(Work.Save change) {
        lock.lock();
        try {
            changesUnderWay--;
            return add(change);
        } finally {
            lock.unlock();
        }
    }

    /** @return false if the queue is closed */
    boolean add(Work work) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            waiting.add(work);
            workCame.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes back what was added.
     *
     * @return false if the keeper has begun it, or has done it
     */
    boolean withdraw(Work work) {
        lock.lock();
        try {
            return waiting.remove(work);
        } finally {
            lock.unlock();
        }
    }

    /** Takes back the changes that the keeper has not begun to save. */
    List<Work.Save> withdrawChanges() {
        lock.lock();
        try {
            List<Work.Save> changes = new ArrayList<>();
            for (Work work : waiting) {
                if (work instanceof Work.Save save && save.isChange()) {
                    changes.add(save);
                }
            }
            waiting.removeAll(changes);
            return changes;
        } finally {
            lock.unlock();
        }
    }

    /** Lets the keeper see that it is {@linkplain #next wanted} elsewhere. */
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

    /** What nobody will do any more, or nobody has finished: to be told so. */
    List<Work> takeRest() {
        lock.lock();
        try {
            List<Work> rest = new ArrayList<>(underWay);
            rest.addAll(waiting);
            waiting.clear();
            return rest;
        } finally {
            lock.unlock();
        }
    }
}
