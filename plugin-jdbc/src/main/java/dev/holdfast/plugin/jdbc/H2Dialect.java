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
        return List.of(
                "set lock_timeout " + query,
                "set query_timeout " + query,
                "set session characteristics as transaction isolation level read committed");
    }

    @Override
    String putChunk(TableName table) {
        return "merge into " + table.chunks() + " (workflow, id, put_on, data) key (workflow, id) values (?, ?, ?, ?)";
    }

    /** No lock is needed, for every statement may be run again, and by two at once. */
    @Override
    void lockSchema(Connection connection, TableName table) {}

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
