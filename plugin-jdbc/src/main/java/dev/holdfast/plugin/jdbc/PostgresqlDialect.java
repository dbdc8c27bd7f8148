package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.Settings.Timeouts;
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
import java.util.Map;
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
                "set idle_in_transaction_session_timeout = "
                        + timeouts().total().toMillis(),
                "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'");
    }

    @Override
    List<String> tables(TableName table) {
        return List.of(
                "create table if not exists " + table.schemaVersion()
                        + " (id integer primary key check (id = 1), version integer not null)",
                "create table if not exists " + table.groups() + " (workflow varchar(100) primary key)",
                "create table if not exists " + table.snapshots() + " (timestamp timestamptz not null,"
                        + " id char(36) not null, log_id char(36) not null, workflow varchar(100) not null,"
                        + " name varchar(128) not null, codec varchar(10) not null, revision bigint not null,"
                        + " kind varchar(10) not null, host varchar(255) not null, model_count integer not null,"
                        + " size bigint not null, sha256 char(64) not null, save_id varchar(64) not null,"
                        + " parts integer not null, data bytea, primary key (workflow, revision),"
                        + " unique (workflow, name))",
                "create table if not exists " + table.parts() + " (workflow varchar(100) not null,"
                        + " revision bigint not null, part integer not null, data bytea not null,"
                        + " primary key (workflow, revision, part))",
                // What is compressed already is not worth trying again.
                "alter table " + table.snapshots() + " alter column data set storage external",
                "alter table " + table.parts() + " alter column data set storage external");
    }

    /** Ids are in the order of their bytes, which is that of the SDK, whatever the order of the database. */
    @Override
    List<String> chunkTable(TableName table) {
        return List.of(
                "create table if not exists " + table.chunks() + " (workflow varchar(100) not null,"
                        + " id varchar(64) collate \"C\" not null, put_on bigint not null, data bytea not null,"
                        + " primary key (workflow, id))",
                "alter table " + table.chunks() + " alter column data set storage external");
    }

    @Override
    void lockSchema(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement("select pg_advisory_xact_lock(hashtext(?))")) {
            lock.setString(1, "holdfast " + table);
            lock.execute();
        }
    }

    @Override
    Map<String, String> columns(Connection connection, @Nullable String schema, String table) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("select attname, format_type(atttypid, atttypmod) from pg_attribute"
                        + " where attrelid = to_regclass(?) and attnum > 0 and not attisdropped order by attnum")) {
            query.setString(1, schema == null ? table : schema + "." + table);
            return columns(query);
        }
    }

    @Override
    List<String> check(Connection connection, TableName table) throws SQLException {
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

    @Override
    void setTime(PreparedStatement statement, int index, Instant time) throws SQLException {
        statement.setObject(index, OffsetDateTime.ofInstant(time, ZoneOffset.UTC));
    }

    @Override
    Instant time(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }
}
