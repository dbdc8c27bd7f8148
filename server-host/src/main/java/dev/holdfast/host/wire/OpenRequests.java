package dev.holdfast.host.wire;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the requests that are under way on all addresses, and refuses new ones once the host stops. Safe for use by several
 * threads.
 */
public final class OpenRequests {

    private final AtomicInteger open = new AtomicInteger();
    private volatile boolean refusing;
    private volatile boolean hurrying;

    /** A request begins; false if none may any more. True obliges to {@link #leave}. */
    public boolean enter() {
        open.incrementAndGet();
        if (refusing) {
            leave();
            return false;
        }
        return true;
    }

    /** A request has its answer, to the last byte. */
    public void leave() {
        if (open.decrementAndGet() == 0 && refusing) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** From now on no request may begin. */
    public void refuse() {
        refusing = true;
    }

    public boolean isRefusing() {
        return refusing;
    }

    public int count() {
        return open.get();
    }

    /** Whoever waits for the requests to end waits no longer, now and later. */
    public synchronized void hurry() {
        hurrying = true;
        notifyAll();
    }

    /**
     * Waits until no request is under way; to be called after {@link #refuse}.
     *
     * @return false if some still are when the time is over, or somebody is in a hurry
     */
    public synchronized boolean awaitNone(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        try {
            while (open.get() > 0 && !hurrying) {
                long millis = (end - System.nanoTime()) / 1_000_000;
                if (millis <= 0) {
                    break;
                }
                wait(millis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return open.get() <= 0;
    }
}
