package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverPropertyInfo;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Threads that meet at the pool and at the turn of the writer, in the order in which they rarely come. */
class PoolTest {

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
    }

    private static Settings settings(String url, String... more) {
        return Settings.of(Configs.of(url, "default", more));
    }

    private static String inMemory() {
        return "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
    }

    private Pool pool(Settings settings, Dialect dialect, Driver driver) {
        Pool pool = new Pool(new DriverSource(driver, dialect, settings.login()), dialect, settings);
        opened.add(pool);
        return pool;
    }

    private static Transactions transactions(Pool pool, Dialect dialect, Settings settings) {
        return new Transactions(() -> pool, dialect, settings.login(), settings.timeouts(), () -> {});
    }

    private static <T> FutureTask<T> started(FutureTask<T> work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        thread.start();
        return work;
    }

    /** Until it has ended or waits for another thread. */
    private static void settle(Thread thread) {
        await().until(() -> switch (thread.getState()) {
            case BLOCKED, WAITING, TIMED_WAITING, TERMINATED -> true;
            default -> false;
        });
    }

    @Test
    void nobodyGetsAConnectionThatAnotherIsAboutToPartWith() throws Exception {
        Settings settings = settings(inMemory());
        Replaceable dialect = new Replaceable(settings);
        Pool pool = pool(settings, dialect, driver(settings));
        Object old;
        try (Connection connection = pool.connection()) {
            old = physical(connection);
        }
        dialect.replaced.set(true);
        FutureTask<Connection> first = started(new FutureTask<>(pool::connection));
        assertThat(dialect.heard.await(60, TimeUnit.SECONDS)).isTrue();

        FutureTask<Connection> second = new FutureTask<>(pool::connection);
        Thread thread = new Thread(second);
        thread.start();
        settle(thread);
        dialect.mayGoOn.countDown();

        for (FutureTask<Connection> one : List.of(first, second)) {
            try (Connection connection = one.get(60, TimeUnit.SECONDS)) {
                assertThat(physical(connection)).isNotSameAs(old);
            }
        }
    }

    private static Object physical(Connection connection) throws SQLException {
        return connection.unwrap(org.h2.jdbc.JdbcConnection.class);
    }

    private static Driver driver(Settings settings) {
        return Drivers.find(settings.url().database(), PoolTest.class.getClassLoader());
    }

    /** Says once that it is replaced, and only when it may go on. */
    private static final class Replaceable extends Dialect {

        private final AtomicBoolean replaced = new AtomicBoolean();
        private final CountDownLatch heard = new CountDownLatch(1);
        private final CountDownLatch mayGoOn = new CountDownLatch(1);

        Replaceable(Settings settings) {
            super(settings.url(), settings.timeouts());
        }

        @Override
        boolean isReplaced() {
            if (!replaced.getAndSet(false)) {
                return false;
            }
            heard.countDown();
            try {
                return mayGoOn.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        Properties connectionProperties() {
            return new Properties();
        }

        @Override
        List<String> sessionSettings() {
            return List.of();
        }

        @Override
        List<String> tables(TableName table) {
            return List.of();
        }

        @Override
        List<String> chunkTable(TableName table) {
            return List.of();
        }

        @Override
        void lockSchema(Connection connection, TableName table) {}

        @Override
        Map<String, String> columns(Connection connection, String schema, String table) {
            return Map.of();
        }

        @Override
        void setTime(PreparedStatement statement, int index, Instant time) {
            throw new UnsupportedOperationException();
        }

        @Override
        Instant time(ResultSet row, String column) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void aFileThatIsReplacedWhileItIsOpenedIsNotTakenForTheNewOne(@TempDir Path directory) throws Exception {
        Path file = Files.createFile(directory.resolve("x.db"));
        Path other = Files.createFile(directory.resolve("other.db"));
        Settings settings = settings("jdbc:sqlite:" + file);
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        Driver replacing = new Driving(driver(settings)) {
            @Override
            public Connection connect(String url, Properties info) throws SQLException {
                Connection connection = super.connect(url, info);
                try {
                    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
                } catch (java.io.IOException e) {
                    throw new SQLException(e);
                }
                return connection;
            }
        };

        assertThatThrownBy(() -> new DriverSource(replacing, dialect, settings.login()).getConnection())
                .isInstanceOf(SQLException.class)
                .hasMessage("the database was replaced while it was being opened");

        new DriverSource(driver(settings), dialect, settings.login())
                .getConnection()
                .close();
        assertThat(dialect.isReplaced()).isFalse();
    }

    @Test
    void whoWaitedForAConnectionThatBrokeWaitsForTheNextOneToo() throws Exception {
        Settings settings = settings(inMemory(), "pool-size", "1", "connect-timeout", "3s");
        CountDownLatch mayConnect = new CountDownLatch(1);
        AtomicBoolean blocks = new AtomicBoolean();
        Driver slow = new Driving(driver(settings)) {
            @Override
            public Connection connect(String url, Properties info) throws SQLException {
                try {
                    if (blocks.get() && !mayConnect.await(60, TimeUnit.SECONDS)) {
                        throw new SQLException("nobody let it connect");
                    }
                } catch (InterruptedException e) {
                    throw new SQLException(e);
                }
                return super.connect(url, info);
            }
        };
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        Transactions transactions = transactions(pool(settings, dialect, slow), dialect, settings);
        CountDownLatch inUse = new CountDownLatch(1);
        CountDownLatch mayBreak = new CountDownLatch(1);
        FutureTask<Object> user = started(new FutureTask<>(() ->
                transactions.read("The first", Deadline.in(Duration.ofMinutes(2)), connection -> {
                    inUse.countDown();
                    try {
                        mayBreak.await();
                    } catch (InterruptedException e) {
                        throw new SQLException(e);
                    }
                    throw new SQLException("broken", "22000");
                })));
        assertThat(inUse.await(60, TimeUnit.SECONDS)).isTrue();
        blocks.set(true);

        try (LogLines log = LogLines.ofAll(Level.DEBUG)) {
            FutureTask<String> waiter = new FutureTask<>(
                    () -> transactions.read("The second", Deadline.in(Duration.ofMinutes(2)), connection -> "done"));
            Thread thread = new Thread(waiter);
            thread.start();
            await().until(() -> thread.getState() == Thread.State.TIMED_WAITING || waiter.isDone());
            mayBreak.countDown();
            await().until(() -> log.lines().stream()
                    .anyMatch(line -> line.contains("The second: attempt 1 failed while CONNECTING")));
            mayConnect.countDown();

            assertThat(waiter.get(60, TimeUnit.SECONDS)).isEqualTo("done");
        }
        assertThatThrownBy(() -> user.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(StoreUnavailableException.class);
    }

    /** A driver that is another's. */
    private static class Driving implements Driver {

        private final Driver other;

        Driving(Driver other) {
            this.other = other;
        }

        @Override
        public Connection connect(String url, Properties info) throws SQLException {
            return other.connect(url, info);
        }

        @Override
        public boolean acceptsURL(String url) throws SQLException {
            return other.acceptsURL(url);
        }

        @Override
        public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) {
            return new DriverPropertyInfo[0];
        }

        @Override
        public int getMajorVersion() {
            return 1;
        }

        @Override
        public int getMinorVersion() {
            return 0;
        }

        @Override
        public boolean jdbcCompliant() {
            return false;
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getGlobal();
        }
    }

    @Test
    void whoComesToNoMoreTurnsSaysWhatTheTurnBeforeMet(@TempDir Path directory) throws Exception {
        Settings settings = settings("jdbc:sqlite:" + Files.createFile(directory.resolve("x.db")));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        Transactions transactions = transactions(pool(settings, dialect, driver(settings)), dialect, settings);
        transactions.read("A connection could not be made", Deadline.in(Duration.ofMinutes(1)), connection -> true);
        CountDownLatch mayEnd = new CountDownLatch(1);
        FutureTask<Object> next = new FutureTask<>(() ->
                transactions.write("The other", Deadline.in(Duration.ofMinutes(2)), connection -> {
                    try {
                        return mayEnd.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        throw new SQLException(e);
                    }
                }));
        Thread other = new Thread(next);

        // The other is next in the queue, and has its turn for longer than this call has time.
        assertThatThrownBy(() ->
                        transactions.write("It could not be done", Deadline.in(Duration.ofSeconds(3)), connection -> {
                            other.start();
                            await().until(() -> other.getState() == Thread.State.TIMED_WAITING);
                            throw new SQLException("lost a race for a row", "40001");
                        }))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("lost a race for a row");

        mayEnd.countDown();
        next.get(60, TimeUnit.SECONDS);
    }
}
