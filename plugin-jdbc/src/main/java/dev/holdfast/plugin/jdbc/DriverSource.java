package dev.holdfast.plugin.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
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

    DriverSource(Driver driver, Dialect dialect, Login login) {
        this.driver = driver;
        this.dialect = dialect;
        this.login = login;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Properties properties = dialect.connectionProperties();
        login.addTo(properties);
        Connection connection = driver.connect(dialect.connectionUrl(driver), properties);
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
        dialect.connected();
        return connection;
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
        // The dialect's time-outs hold.
    }

    @Override
    public int getLoginTimeout() {
        return 0;
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
