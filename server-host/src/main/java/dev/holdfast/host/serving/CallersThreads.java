package dev.holdfast.host.serving;

import java.util.concurrent.Semaphore;

/**
 * How many threads of callers may be inside models at once, in the whole host: a run that never ends keeps the thread that it is
 * on, and those of a listener are not made anew as a worker's is.
 */
final class CallersThreads {

    /** Half of the threads of a listener. */
    static final int MOST = 64;

    private final Semaphore left;

    CallersThreads(int most) {
        left = new Semaphore(most);
    }

    /** Takes a place, if there is one; to be given back. */
    boolean tryTake() {
        return left.tryAcquire();
    }

    void giveBack() {
        left.release();
    }
}
