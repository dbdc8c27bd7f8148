package dev.holdfast.plugin.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** New connections from one driver, with the time-outs and the session settings that the {@link Dialect} wants. */
final class DriverSource implements DataSource {

    private final Driver driver;
    private final Dialect dialect;
    private final Login login;
    /** Kept for the pool, which waits so long for a connection under way when it is closed. */
    private volatile int loginTimeout;

    DriverSource(Driver driver, Dialect dialect, Login login) {
        this.driver = driver;
        this.dialect = dialect;
        this.login = login;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Properties properties = dialect.connectionProperties();
        login.addTo(properties);
        Object before = dialect.identity();
        Connection connection = connect(properties);
        if (connection == null) {
            throw new SQLException("Driver " + driver.getClass().getName() + " does not take the URL");
        }
        try (Statement statement = connection.createStatement()) {
            for (String setting : dialect.sessionSettings()) {
                statement.execute(setting);
            }
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
        if (!dialect.connected(before)) {
            connection.close();
            throw new SQLTransientConnectionException("the database was replaced while it was being opened");
        }
        return connection;
    }

    /**
     * Without the plugin's class loader as that of the thread. What a driver starts inherits it and may live on: SQLite's
     * asks the program uname for the system, and the JDK keeps the thread that waited for it for a minute.
     */
    private @Nullable Connection connect(Properties properties) throws SQLException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        try {
            return driver.connect(dialect.connectionUrl(driver), properties);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("The login is the plugin's own");
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {
        // Nothing is written.
    }

    @Override
    public void setLoginTimeout(int seconds) {
        loginTimeout = seconds;
    }

    @Override
    public int getLoginTimeout() {
        return loginTimeout;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException("Logs go to SLF4J");
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("This is no wrapper");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }

    @Override
    public String toString() {
        return dialect.url().toString();
    }
}
