package dev.holdfast.plugin.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** A few connections, made when they are needed and let go of when they idle; giving up soon where none can be had. */
final class Pool implements AutoCloseable {

    private static final Duration IDLE = Duration.ofMinutes(1);
    private static final Duration OLDEST = Duration.ofMinutes(15);

    private final Dialect dialect;
    private final HikariDataSource connections;

    Pool(DriverSource source, Dialect dialect, Settings settings) {
        this.dialect = dialect;
        HikariConfig config = new HikariConfig();
        config.setPoolName("jdbc");
        config.setDataSource(source);
        // Opening the store must not wait for a database that is down.
        config.setInitializationFailTimeout(-1);
        config.setMaximumPoolSize(settings.poolSize());
        config.setMinimumIdle(0);
        // A call that may take less than a connection gets no more.
        long connect = Math.min(
                settings.timeouts().connect().toMillis(),
                settings.timeouts().total().toMillis());
        config.setConnectionTimeout(connect);
        config.setValidationTimeout(connect);
        config.setIdleTimeout(dialect.isFile() ? 0 : IDLE.toMillis());
        config.setMaxLifetime(dialect.isFile() ? 0 : OLDEST.toMillis());
        connections = new HikariDataSource(config);
    }

    Connection connection() throws SQLException {
        partWithTheReplaced();
        return connections.getConnection();
    }

    /** One thread at a time: who comes next must not get a connection that the one before is about to part with. */
    private synchronized void partWithTheReplaced() {
        HikariPoolMXBean pool = connections.getHikariPoolMXBean();
        if (dialect.isReplaced() && pool != null) {
            pool.softEvictConnections();
        }
    }

    /** Closes a connection, instead of using it again, as soon as it is given back. */
    void partWith(Connection connection) {
        connections.evictConnection(connection);
    }

    /**
     * Whether the pool has every connection that it may have, so that whoever got none waited for the others and not for
     * the database. One of them may have become free since.
     */
    boolean isExhausted() {
        HikariPoolMXBean pool = connections.getHikariPoolMXBean();
        return pool != null && pool.getTotalConnections() >= connections.getMaximumPoolSize();
    }

    /** Whether somebody works with each of the connections that it may have, so that one has to be waited for. */
    boolean isInUse() {
        HikariPoolMXBean pool = connections.getHikariPoolMXBean();
        return pool != null && pool.getActiveConnections() >= connections.getMaximumPoolSize();
    }

    int size() {
        return connections.getMaximumPoolSize();
    }

    @Override
    public void close() {
        connections.close();
    }
}
