package dev.holdfast.plugin.jdbc;

import java.sql.SQLException;
import java.time.Duration;

/**
 * The moment by which a call has to end, with all its transactions, their attempts and the statements of these.
 *
 * <p>It is looked at before something is begun. What is under way then has a time-out of its own.
 */
final class Deadline {

    private final long end;

    private Deadline(long end) {
        this.end = end;
    }

    static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    long nanosLeft() {
        return end - System.nanoTime();
    }

    boolean isPast() {
        return nanosLeft() <= 0;
    }

    /** Half of the time that is left; for work that may end early, so that it can still be committed. */
    Deadline halfway() {
        return new Deadline(end - nanosLeft() / 2);
    }

    /** @throws SQLException if it is past; for nothing more is to be begun then */
    void require() throws SQLException {
        if (isPast()) {
            throw passed();
        }
    }

    SQLException passed() {
        return new Passed();
    }

    /** That there is no time to begin anything more; of the database it says nothing. */
    static final class Passed extends SQLException {

        private static final long serialVersionUID = 1;

        private Passed() {
            super("it took longer than snapshot.jdbc.total-timeout: see what the database is busy with");
        }
    }
}
