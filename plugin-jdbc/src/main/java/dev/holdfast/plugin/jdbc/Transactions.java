package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.Settings.Timeouts;
import dev.holdfast.plugin.jdbc.SqlFailure.Kind;
import dev.holdfast.sdk.StoreUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs work on a connection of the pool, and tries again where that is right:
 *
 * <pre>
 *   no connection could be made      give up: the pool has waited for one
 *   all connections are in use       wait for one of them
 *   it broke before the commit       nothing has happened; twice more on another connection
 *   deadlock, lost race for a lock   nothing has happened; again
 *   the commit failed or went unheard   nobody knows; again, until the work itself has seen what became of it
 * </pre>
 *
 * all before the {@link Deadline} of the call, after which not even a commit is begun. So work that writes has to look
 * first whether it has been done already, and work of many statements at the deadline before each.
 *
 * <p>An interrupt waits until the work is done: it would close the files of some databases, and the time-outs bound the
 * work anyway.
 */
final class Transactions {

    private static final Logger log = LoggerFactory.getLogger(Transactions.class);
    private static final int BROKEN_CONNECTIONS = 2;

    private final Supplier<Pool> pool;
    private final Dialect dialect;
    private final Login login;
    private final Timeouts timeouts;
    private final Runnable onMissingTable;
    /** For a database that has one writer at a time, so that ours wait in a queue: its own lock may starve some of them. */
    private final Semaphore turn = new Semaphore(1, true);

    /** @param onMissingTable run where a statement found no table that should have been there */
    Transactions(Supplier<Pool> pool, Dialect dialect, Login login, Timeouts timeouts, Runnable onMissingTable) {
        this.pool = pool;
        this.dialect = dialect;
        this.login = login;
        this.timeouts = timeouts;
        this.onMissingTable = onMissingTable;
    }

    /** Something done on one connection; done again from the beginning where it has to be tried again. */
    interface Work<T> {
        T with(Connection connection) throws SQLException;
    }

    private enum Way {
        READ,
        ALONE,
        WRITE
    }

    /** What a connection has been used for so far in one attempt. */
    private enum Stage {
        CONNECTING,
        WORKING,
        COMMITTING
    }

    /** By when a call that begins now has to end. */
    Deadline deadline() {
        return Deadline.in(timeouts.total());
    }

    /** Work that changes nothing, each statement for itself. */
    <T> T read(String failure, Deadline deadline, Work<T> work) {
        return new Call<>(failure, deadline, work, Way.READ).run();
    }

    /** Work that sees to its own transactions, and can be done again from the beginning at any time. */
    <T> T alone(String failure, Deadline deadline, Work<T> work) {
        return new Call<>(failure, deadline, work, Way.ALONE).run();
    }

    /** Work that is done whole or not at all. */
    <T> T write(String failure, Deadline deadline, Work<T> work) {
        return new Call<>(failure, deadline, work, Way.WRITE).run();
    }

    private final class Call<T> {

        private final String failure;
        private final Deadline deadline;
        private final Work<T> work;
        private final boolean writes;
        private final boolean inTurn;
        private Stage stage = Stage.CONNECTING;
        private boolean unknown;
        private boolean waitsForOthers;
        private int broken;
        private int attempts;

        Call(String failure, Deadline deadline, Work<T> work, Way way) {
            this.failure = failure;
            this.deadline = deadline;
            this.work = work;
            this.writes = way == Way.WRITE;
            this.inTurn = way != Way.READ && dialect.writesAlone();
        }

        T run() {
            boolean interrupted = Thread.interrupted();
            StoreUnavailableException before = null;
            try {
                while (true) {
                    attempts++;
                    try {
                        return inTurn ? onceItsTurnComes() : once();
                    } catch (SQLException e) {
                        SqlFailure meaning = SqlFailure.of(dialect, e);
                        unknown |= stage == Stage.COMMITTING && meaning.kind() != Kind.CLASH;
                        log.debug("{}: attempt {} failed while {}", failure, attempts, stage, e);
                        // Where there was no time for this attempt, what the one before it met is what is wrong.
                        StoreUnavailableException failed =
                                before != null && stage == Stage.CONNECTING && e instanceof Deadline.Passed
                                        ? before
                                        : unavailable(meaning, e);
                        if (!mayTryAgain(meaning) || !pause()) {
                            throw failed;
                        }
                        before = failed;
                    }
                }
            } catch (InterruptedException e) {
                interrupted = true;
                throw new StoreUnavailableException(failure + ": interrupted while it waited" + doubt(), e);
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        private T onceItsTurnComes() throws SQLException, InterruptedException {
            stage = Stage.CONNECTING;
            if (!turn.tryAcquire(deadline.nanosLeft(), TimeUnit.NANOSECONDS)) {
                throw deadline.passed();
            }
            try {
                return once();
            } finally {
                turn.release();
            }
        }

        private T once() throws SQLException {
            stage = Stage.CONNECTING;
            deadline.require();
            waitsForOthers = pool.get().isInUse();
            try (Connection connection = pool.get().connection()) {
                deadline.require();
                stage = Stage.WORKING;
                try {
                    connection.setAutoCommit(!writes);
                    T result = work.with(connection);
                    if (writes) {
                        deadline.require();
                        stage = Stage.COMMITTING;
                        connection.commit();
                    }
                    return result;
                } catch (SQLException | RuntimeException e) {
                    undo(connection, e);
                    throw e;
                }
            }
        }

        /**
         * Rolls back, and parts with a connection on which a statement failed: SQLite's driver, for one, takes a
         * transaction that SQLite has ended for one that goes on, and what is written next would be no transaction.
         */
        private void undo(Connection connection, Exception reason) {
            if (reason instanceof SQLException) {
                pool.get().partWith(connection);
            }
            try {
                if (!connection.getAutoCommit()) {
                    connection.rollback();
                }
            } catch (SQLException e) {
                pool.get().partWith(connection);
                reason.addSuppressed(e);
            }
        }

        private boolean mayTryAgain(SqlFailure meaning) {
            return switch (meaning.kind()) {
                case CLASH -> true;
                case CONNECTION ->
                    unknown || (stage == Stage.CONNECTING ? waitedForOthers() : broken++ < BROKEN_CONNECTIONS);
                case NO_TABLE -> {
                    onMissingTable.run();
                    yield false;
                }
                case REFUSED -> stage == Stage.COMMITTING;
            };
        }

        /** Also where one of them broke meanwhile, so that the pool has fewer now and makes another. */
        private boolean waitedForOthers() {
            return waitsForOthers || pool.get().isExhausted();
        }

        /** @return whether there is time for another attempt */
        private boolean pause() throws InterruptedException {
            long most = Math.min(1000, 10L << Math.min(attempts, 7));
            long millis = ThreadLocalRandom.current().nextLong(most / 2, most);
            if (TimeUnit.MILLISECONDS.toNanos(millis) >= deadline.nanosLeft()) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(millis);
            return true;
        }

        private StoreUnavailableException unavailable(SqlFailure meaning, SQLException e) {
            return new StoreUnavailableException(failure + ": " + words(meaning, e), e);
        }

        /** Ours first, for the driver's are long, and whoever shortens a message keeps its beginning. */
        private String words(SqlFailure meaning, SQLException e) {
            String ours = Stream.of(meaning.own(), meaning.cure())
                    .filter(words -> !words.isEmpty())
                    .collect(Collectors.joining(". "));
            if (ours.isEmpty()) {
                return said(e) + doubt();
            }
            return ours + doubt() + (meaning.own().isEmpty() ? ". The driver says: " + said(e) : "");
        }

        /** What the driver said, or the pool where no driver has said anything. */
        private String said(SQLException e) {
            SQLException said = SqlFailure.said(e);
            if (said instanceof SQLTransientConnectionException && stage == Stage.CONNECTING) {
                int size = pool.get().size();
                return waitedForOthers()
                        ? size + " of " + size + " connections are in use; see snapshot.jdbc.pool-size"
                        : "no connection could be made within snapshot.jdbc.connect-timeout";
            }
            return login.mask(Text.oneLine(String.valueOf(said.getMessage())));
        }

        private String doubt() {
            return unknown ? "; the commit went unanswered, and whether it took effect is unknown" : "";
        }
    }
}
