package dev.holdfast.host.journal;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The bytes that a journal uses and may use; warns before they are used up. Safe for use by several threads. */
final class JournalBudget {

    private static final Logger log = LoggerFactory.getLogger(JournalBudget.class);
    private static final int TOLD_AT_PERCENT = 80;
    /** Lower, so that the warning does not repeat at every step over the bound. */
    private static final int OVER_AT_PERCENT = 70;

    private final String what;
    private final long limit;
    private final AtomicLong used = new AtomicLong();
    private final AtomicBoolean told = new AtomicBoolean();

    /** @param what whose they are, for the log */
    JournalBudget(String what, long limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("The bound of " + what + " must be 1 byte or more, not " + limit);
        }
        this.what = what;
        this.limit = limit;
    }

    boolean fits(long more) {
        return used.get() + more <= limit;
    }

    /** @param bytes negative for those that are free again */
    void use(long bytes) {
        long now = used.addAndGet(bytes);
        if (now >= limit / 100.0 * TOLD_AT_PERCENT) {
            if (told.compareAndSet(false, true)) {
                log.warn(
                        "{}: {} of {} bytes used. When they are all used, older waiting snapshots are dropped, and then"
                                + " named saves refused: see to the store, or raise spool_max_size",
                        what,
                        now,
                        limit);
            }
        } else if (now < limit / 100.0 * OVER_AT_PERCENT) {
            told.set(false);
        }
    }

    long used() {
        return used.get();
    }

    long limit() {
        return limit;
    }

    @Override
    public String toString() {
        return used.get() + " of " + limit + " bytes used";
    }
}
