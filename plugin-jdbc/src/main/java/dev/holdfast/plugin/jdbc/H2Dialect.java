package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.Settings.Timeouts;
import dev.holdfast.plugin.jdbc.SqlFailure.Kind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** H2, for tests alone: it hardly ever syncs its file, so a snapshot that was acknowledged may be lost with the power. */
final class H2Dialect extends Dialect {

    H2Dialect(JdbcUrl url, Timeouts timeouts) {
        super(url, timeouts);
    }

    @Override
    Properties connectionProperties() {
        return new Properties();
    }

    @Override
    List<String> sessionSettings() {
        long query = timeouts().query().toMillis();
        return List.of("set lock_timeout " + query, "set query_timeout " + query);
    }

    @Override
    boolean exists() {
        return url().file().map(Dialect::mayExist).orElse(true);
    }

    @Override
    List<String> tables(TableName table) {
        return List.of(
                "create table if not exists " + table.schemaVersion()
                        + " (id integer primary key check (id = 1), version integer not null)",
                "create table if not exists " + table.groups() + " (workflow varchar(100) primary key)",
                "create table if not exists " + table.snapshots() + " (timestamp timestamp(3) with time zone not null,"
                        + " id char(36) not null, log_id char(36) not null, workflow varchar(100) not null,"
                        + " name varchar(128) not null, codec varchar(10) not null, revision bigint not null,"
                        + " kind varchar(10) not null, host varchar(255) not null, model_count integer not null,"
                        + " size bigint not null, sha256 char(64) not null, save_id varchar(64) not null,"
                        + " parts integer not null, data blob, primary key (workflow, revision),"
                        + " unique (workflow, name))",
                "create table if not exists " + table.parts() + " (workflow varchar(100) not null,"
                        + " revision bigint not null, part integer not null, data blob not null,"
                        + " primary key (workflow, revision, part))");
    }

    @Override
    List<String> chunkTable(TableName table) {
        return List.of("create table if not exists " + table.chunks() + " (workflow varchar(100) not null,"
                + " id varchar(64) not null, put_on bigint not null, data blob not null,"
                + " primary key (workflow, id))");
    }

    @Override
    String putChunk(TableName table) {
        return "merge into " + table.chunks() + " (workflow, id, put_on, data) key (workflow, id) values (?, ?, ?, ?)";
    }

    /** No lock is needed, for every statement may be run again, and by two at once. */
    @Override
    void lockSchema(Connection connection, TableName table) {}

    @Override
    Map<String, String> columns(Connection connection, @Nullable String schema, String table) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("select column_name, data_type from information_schema.columns"
                        + " where table_schema = coalesce(upper(cast(? as varchar)), current_schema)"
                        + " and table_name = upper(cast(? as varchar)) order by ordinal_position")) {
            query.setString(1, schema);
            query.setString(2, table);
            return columns(query);
        }
    }

    @Override
    List<String> check(Connection connection, TableName table) {
        return List.of(
                "H2 hardly ever syncs to the disk: what was saved may be lost when the power fails. It is for tests;"
                        + " take SQLite, PostgreSQL or MariaDB");
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
    @Nullable
    SqlFailure explain(SQLException failure) {
        return switch (failure.getErrorCode()) {
            case 50200, 90131 -> new SqlFailure(Kind.CLASH, "Another transaction holds the lock");
            case 42102, 42103, 42104 -> new SqlFailure(Kind.NO_TABLE, "");
            case 90020 -> new SqlFailure(Kind.REFUSED, "One process at a time opens a file of H2: stop the other one");
            case 90067, 90121, 90098 -> new SqlFailure(Kind.CONNECTION, "");
            default -> null;
        };
    }
}
