package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.Settings.Timeouts;
import dev.holdfast.plugin.jdbc.SqlFailure.Kind;
import dev.holdfast.sdk.StoreUnavailableException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** PostgreSQL. */
final class PostgresqlDialect extends Dialect {

    PostgresqlDialect(JdbcUrl url, Timeouts timeouts) {
        super(url, timeouts);
    }

    @Override
    Properties connectionProperties() {
        Properties properties = new Properties();
        properties.setProperty(
                "connectTimeout", Long.toString(seconds(timeouts().connect())));
        properties.setProperty("socketTimeout", Long.toString(seconds(silence())));
        properties.setProperty(
                "cancelSignalTimeout", Long.toString(seconds(timeouts().connect())));
        properties.setProperty(
                "sslResponseTimeout", Long.toString(timeouts().connect().toMillis()));
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("ApplicationName", "Holdfast");
        // Details of an error show values of rows.
        properties.setProperty("logServerErrorDetail", "false");
        return properties;
    }

    /**
     * The server's own limits, so that a statement ends with a clear answer before the socket is given up, and a host
     * that has vanished in the middle of a save does not hold its lock for hours. A commit that returns before it is on
     * the disk is no commit to us.
     */
    @Override
    List<String> sessionSettings() {
        long query = timeouts().query().toMillis();
        return List.of(
                "set statement_timeout = " + query,
                "set lock_timeout = " + query,
                // What a save reads after it has waited for the group's lock must be what is there then.
                "set session characteristics as transaction isolation level read committed",
                "set idle_in_transaction_session_timeout = "
                        + timeouts().total().toMillis(),
                "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'");
    }

    @Override
    void lockSchema(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement("select pg_advisory_xact_lock(hashtext(?))")) {
            lock.setString(1, "holdfast " + table);
            lock.execute();
        }
    }

    @Override
    List<String> check(Connection connection, TableName table) throws SQLException {
        requireLogged(connection, table);
        List<String> warnings = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select current_setting('fsync'), current_setting('full_page_writes')")) {
            row.next();
            if (row.getString(1).equals("off")) {
                warnings.add(
                        "fsync is off: the server may lose snapshots, or all of its data, when the power fails; set"
                                + " fsync = on in postgresql.conf");
            }
            if (row.getString(2).equals("off")) {
                warnings.add("full_page_writes is off: the server may be damaged when the power fails; set"
                        + " full_page_writes = on in postgresql.conf");
            }
        }
        return warnings;
    }

    private void requireLogged(Connection connection, TableName table) throws SQLException {
        for (TableShape shape : shapes(table)) {
            try (PreparedStatement query = connection.prepareStatement(
                    "select relpersistence from pg_class where oid = to_regclass(?) and relpersistence <> 'p'")) {
                query.setString(1, shape.qualified());
                try (ResultSet row = query.executeQuery()) {
                    if (row.next()) {
                        throw new StoreUnavailableException("Table " + shape.qualified() + " of " + url()
                                + " is unlogged, and is emptied when the server comes back from a crash: alter table "
                                + shape.qualified() + " set logged");
                    }
                }
            }
        }
    }

    @Override
    void setTime(PreparedStatement statement, int index, Instant time) throws SQLException {
        statement.setObject(index, OffsetDateTime.ofInstant(time, ZoneOffset.UTC));
    }

    @Override
    Instant time(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    @Override
    boolean tellsOfSaves() {
        return true;
    }

    @Override
    void tellOfSave(Connection connection, String channel) throws SQLException {
        try (PreparedStatement notify = connection.prepareStatement("select pg_notify(?, '')")) {
            notify.setString(1, channel);
            notify.execute();
        }
    }

    @Override
    @Nullable
    SqlFailure explain(SQLException failure) {
        String message = String.valueOf(failure.getMessage());
        if (message.contains("no pg_hba.conf entry")) {
            return new SqlFailure(
                    Kind.REFUSED,
                    "Let pg_hba.conf of the server admit it"
                            + (message.contains("no encryption")
                                    ? ", or ask for TLS, if that is what it is admitted with: ?sslmode=verify-full behind the"
                                            + " URL"
                                    : ""));
        }
        if (message.contains("no password was provided")) {
            return SqlFailure.noPassword();
        }
        return TlsFailure.of(failure, "sslrootcert", "sslmode=disable");
    }
}
