package dev.holdfast.plugin.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears by one connection of its own what hosts tell by NOTIFY in the transactions of their saves. What is told while the
 * connection is lost, or by way of a pooler that knows no LISTEN, is not heard; who follows asks for the last save-id anyway.
 */
final class SaveListener implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SaveListener.class);
    /** After so long without a word the connection is asked whether it is alive. */
    private static final Duration QUIET = Duration.ofSeconds(20);

    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final Duration END = Duration.ofSeconds(2);

    private final DataSource source;
    private final String channel;
    private final String place;
    private final Duration retry;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;
    private volatile Runnable told;
    private volatile @Nullable Connection connection;
    private boolean lost;

    /**
     * Begins to listen.
     *
     * @param channel letters, digits and underscores
     * @param place for the log
     */
    static SaveListener start(DataSource source, String channel, String place, Runnable told) {
        return start(source, channel, place, told, RETRY);
    }

    static SaveListener start(DataSource source, String channel, String place, Runnable told, Duration retry) {
        SaveListener listener = new SaveListener(source, channel, place, told, retry);
        listener.thread.start();
        return listener;
    }

    private SaveListener(DataSource source, String channel, String place, Runnable told, Duration retry) {
        this.source = source;
        this.channel = channel;
        this.place = place;
        this.told = told;
        this.retry = retry;
        this.thread = new Thread(null, this::run, "jdbc-saves", 0, false);
        this.thread.setDaemon(true);
    }

    /** Tells somebody else from now on. */
    void tell(Runnable other) {
        told = other;
    }

    private void run() {
        while (!isClosed()) {
            try (Connection opened = source.getConnection();
                    Statement statement = opened.createStatement()) {
                connection = opened;
                if (!isClosed()) {
                    listen(opened, statement);
                }
            } catch (SQLException | RuntimeException e) {
                lost(e);
            } finally {
                connection = null;
            }
            awaitRetry();
        }
    }

    private void listen(Connection opened, Statement statement) throws SQLException {
        Method waiting = waiting(opened);
        statement.execute("listen " + channel);
        if (lost) {
            lost = false;
            log.info("Saves in {} are told of at once again", place);
        }
        // What was saved before cannot be heard any more.
        told.run();
        while (!isClosed()) {
            if (hears(opened, waiting)) {
                told.run();
            } else {
                statement.execute("select 1");
            }
        }
    }

    /** Found by its name: the driver is the operator's, and the plugin is compiled against none. */
    private static Method waiting(Connection opened) throws SQLException {
        try {
            return opened.getClass().getMethod("getNotifications", int.class);
        } catch (NoSuchMethodException e) {
            throw new SQLException("the driver does not tell of notifications", e);
        }
    }

    private static boolean hears(Connection opened, Method waiting) throws SQLException {
        try {
            return waiting.invoke(opened, (int) QUIET.toMillis()) instanceof Object[] heard && heard.length > 0;
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof SQLException own ? own : new SQLException(e.getCause());
        } catch (IllegalAccessException e) {
            throw new SQLException("the driver does not tell of notifications", e);
        }
    }

    private void lost(Exception why) {
        if (!lost && !isClosed()) {
            lost = true;
            log.warn(
                    "Saves in {} are not told of at once, for the connection that listens is lost; the host asks every"
                            + " now and then: {}",
                    place,
                    Text.oneLine(String.valueOf(why.getMessage())));
        }
        log.debug("The connection that listens for saves in {} is lost", place, why);
    }

    private boolean isClosed() {
        return closed.getCount() == 0;
    }

    private void awaitRetry() {
        try {
            if (closed.await(retry.toMillis(), TimeUnit.MILLISECONDS)) {
                log.debug("Nobody listens for saves in {} any more", place);
            }
        } catch (InterruptedException e) {
            closed.countDown();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        Connection open = connection;
        try {
            if (open != null) {
                // Close would wait until the connection has been quiet for long enough.
                open.abort(Runnable::run);
            }
            thread.join(END.toMillis());
        } catch (SQLException e) {
            log.debug("The connection that listens for saves cannot be cut", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
