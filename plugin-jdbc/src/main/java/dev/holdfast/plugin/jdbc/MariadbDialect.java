package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.Settings.Timeouts;
import dev.holdfast.plugin.jdbc.SqlFailure.Kind;
import dev.holdfast.sdk.StoreUnavailableException;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * MariaDB, and MySQL as far as both are one. What MySQL does not know stands in MariaDB's executable comments.
 */
final class MariadbDialect extends Dialect {

    /** A piece of a text, escaped at worst, and the rest of its statement. */
    private static final long LEAST_PACKET = 4L << 20;

    MariadbDialect(JdbcUrl url, Timeouts timeouts) {
        super(url, timeouts);
    }

    @Override
    Properties connectionProperties() {
        Properties properties = new Properties();
        properties.setProperty(
                "connectTimeout", Long.toString(timeouts().connect().toMillis()));
        properties.setProperty("socketTimeout", Long.toString(silence().toMillis()));
        properties.setProperty("tcpKeepAlive", "true");
        // A server could otherwise ask for any file of this machine; the first name is MariaDB's, the second MySQL's.
        properties.setProperty("allowLocalInfile", "false");
        properties.setProperty("allowLoadLocalInfile", "false");
        return properties;
    }

    /** MariaDB's driver takes MySQL's URLs only where a parameter asks it to. */
    @Override
    String connectionUrl(Driver driver) {
        String text = url().url();
        return driver.getClass().getName().startsWith("org.mariadb.")
                ? text.replaceFirst("^jdbc:mysql:", "jdbc:mariadb:")
                : text;
    }

    /**
     * Strict, because without it the server cuts what does not fit and says nothing; limits of the server's own, so that a
     * statement ends with a clear answer, and a host that has vanished does not hold its lock for hours.
     */
    @Override
    List<String> sessionSettings() {
        long query = seconds(timeouts().query());
        long total = seconds(timeouts().total());
        return List.of(
                // A save reads first what it has waited for the group's lock for, so later reads are of then.
                "set session transaction isolation level repeatable read",
                "set session sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = "
                        + query + ", wait_timeout = " + (total + 120)
                        + " /*M!100300 , max_statement_time = " + query + ", idle_transaction_timeout = " + total
                        + " */");
    }

    @Override
    String putChunk(TableName table) {
        return "insert into " + table.chunks() + " (workflow, id, put_on, data) values (?, ?, ?, ?)"
                + " on duplicate key update put_on = values(put_on), data = values(data)";
    }

    /** Not a transaction, for every statement that makes a table ends one here. */
    @Override
    void lockSchema(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement("select get_lock(left(sha1(?), 40), ?)")) {
            lock.setString(1, "holdfast " + table);
            lock.setLong(2, seconds(timeouts().query()));
            try (ResultSet row = lock.executeQuery()) {
                row.next();
                if (row.getInt(1) != 1) {
                    throw new SQLException("Another host is making the tables", "40001");
                }
            }
        }
    }

    @Override
    void unlockSchema(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement unlock = connection.prepareStatement("select release_lock(left(sha1(?), 40))")) {
            unlock.setString(1, "holdfast " + table);
            unlock.execute();
        }
    }

    @Override
    List<String> check(Connection connection, TableName table) throws SQLException {
        requireTransactions(connection, table);
        List<String> warnings = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select @@max_allowed_packet, @@innodb_flush_log_at_trx_commit")) {
            row.next();
            if (row.getLong(1) < LEAST_PACKET) {
                throw new StoreUnavailableException("max_allowed_packet of " + url() + " is " + row.getLong(1)
                        + " bytes and must be " + LEAST_PACKET + " or more: set max_allowed_packet=16M in the server's"
                        + " configuration");
            }
            if (row.getInt(2) != 1) {
                warnings.add("innodb_flush_log_at_trx_commit is " + row.getInt(2) + ": the server may lose the newest"
                        + " snapshots when the power fails; set innodb_flush_log_at_trx_commit=1");
            }
        }
        return warnings;
    }

    private void requireTransactions(Connection connection, TableName table) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("select table_name, engine from information_schema.tables"
                        + " where table_schema = coalesce(?, database()) and table_name in (?, ?, ?, ?)"
                        + " and engine <> 'InnoDB'")) {
            query.setString(1, table.schema());
            query.setString(2, table.name());
            query.setString(3, table.partsName());
            query.setString(4, table.chunksName());
            query.setString(5, table.groupsName());
            try (ResultSet row = query.executeQuery()) {
                if (row.next()) {
                    throw new StoreUnavailableException(
                            "Table " + row.getString(1) + " of " + url() + " has the engine "
                                    + row.getString(2) + ", which has no transactions: alter table " + row.getString(1)
                                    + " engine=InnoDB");
                }
            }
        }
    }

    /** Without a time zone on both sides, so that none is ever reckoned with. */
    @Override
    void setTime(PreparedStatement statement, int index, Instant time) throws SQLException {
        statement.setObject(index, LocalDateTime.ofInstant(time, ZoneOffset.UTC));
    }

    @Override
    Instant time(ResultSet row, String column) throws SQLException {
        try {
            LocalDateTime time = row.getObject(column, LocalDateTime.class);
            if (time != null) {
                return time.toInstant(ZoneOffset.UTC);
            }
        } catch (SQLDataException e) {
            throw noDate(e);
        }
        throw noDate(null);
    }

    /**
     * A session that is not strict may have written 0000-00-00, of which the driver makes null, or a month 0, which it
     * refuses.
     */
    private static IllegalArgumentException noDate(@Nullable SQLDataException cause) {
        return new IllegalArgumentException("The timestamp is no date", cause);
    }

    @Override
    @Nullable
    SqlFailure explain(SQLException failure) {
        String message = String.valueOf(failure.getMessage());
        SqlFailure ofTls = TlsFailure.of(failure, "serverSslCert", "sslMode=disable");
        if (ofTls != null) {
            return ofTls;
        }
        if (failure.getErrorCode() == 1045 && message.contains("using password: NO")) {
            return SqlFailure.noPassword();
        }
        return switch (failure.getErrorCode()) {
            case 1205, 1213, 1020, 1062 -> new SqlFailure(Kind.CLASH, "");
            case 1021, 1114, 3675 -> SqlFailure.full();
            case 1040, 1053, 1927, 1928, 1158, 1159, 1160, 1161, 4031 -> new SqlFailure(Kind.CONNECTION, "");
            case 1044, 1045, 1698 -> SqlFailure.login();
            case 1142, 1143 -> SqlFailure.permission();
            case 1049 -> new SqlFailure(Kind.REFUSED, "Create the database first");
            case 1146 -> new SqlFailure(Kind.NO_TABLE, "");
            case 1153 -> new SqlFailure(Kind.REFUSED, "Set max_allowed_packet=16M in the server's configuration");
            case 1290, 1792, 1836 -> SqlFailure.readOnly();
            case 1969, 3024 -> SqlFailure.tooLong();
            default -> null;
        };
    }
}
