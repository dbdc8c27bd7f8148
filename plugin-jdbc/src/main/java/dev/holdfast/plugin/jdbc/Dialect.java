package dev.holdfast.plugin.jdbc;

import dev.holdfast.plugin.jdbc.Settings.Timeouts;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What differs from database to database: how to connect so that nothing waits for ever, types, locks, and what to look at
 * before it is trusted with snapshots. The SQL that all of them understand stands in {@link SnapshotTable}
 * and {@link ChunkTable}.
 */
abstract class Dialect {

    static final String CURE =
            ". Mount its file system again, or put it back; nothing is made anew there. Where it is meant"
                    + " to be empty, start the host again";

    private final JdbcUrl url;
    private final Timeouts timeouts;
    private final Catalogue catalogue;
    private volatile boolean wasThere;

    Dialect(JdbcUrl url, Timeouts timeouts) {
        this.url = url;
        this.timeouts = timeouts;
        this.catalogue = Catalogue.of(url.database());
        this.wasThere = url.file().map(Dialect::mayExist).orElse(true);
    }

    static Dialect of(JdbcUrl url, Timeouts timeouts) {
        return switch (url.database()) {
            case SQLITE -> new SqliteDialect(url, timeouts);
            case POSTGRESQL -> new PostgresqlDialect(url, timeouts);
            case MARIADB, MYSQL -> new MariadbDialect(url, timeouts);
            case H2 -> new H2Dialect(url, timeouts);
        };
    }

    final JdbcUrl url() {
        return url;
    }

    final Catalogue catalogue() {
        return catalogue;
    }

    final Timeouts timeouts() {
        return timeouts;
    }

    /** In whole seconds, as some drivers and servers count; never 0, which stands for no limit. */
    static long seconds(Duration time) {
        return Math.max(1, (time.toMillis() + 999) / 1000);
    }

    /** How long a socket may be silent: a little longer than the server itself gives a statement, so that it can say so. */
    final Duration silence() {
        return timeouts.query().plusSeconds(2);
    }

    // Connections

    /** What the driver is given beside the URL; the login is added by the caller. */
    abstract Properties connectionProperties();

    /** The URL for a driver, which may not be the one that the operator's URL speaks of. */
    String connectionUrl(Driver driver) {
        return url.url();
    }

    /** Statements that every new connection begins with. */
    abstract List<String> sessionSettings();

    // An embedded database's file

    boolean isFile() {
        return url.file().isPresent();
    }

    /**
     * Whether there is a database at all; reading must not make one.
     *
     * @throws StoreUnavailableException if its file was there once and is not now: that it is gone, as with a disk that is not
     *     mounted any more, does not say that nothing is stored
     */
    final boolean exists() {
        Optional<Path> file = url.file();
        if (file.isEmpty() || mayExist(file.get())) {
            wasThere = true;
            return true;
        }
        if (wasThere) {
            throw new StoreUnavailableException("The file of the database " + file.get()
                    + " is gone: it was there when the host looked last" + CURE);
        }
        return false;
    }

    /**
     * Whether there is a file. Where nobody may look, or a directory of its path is none, it counts as being there, and
     * opening it tells what is wrong. Files.notExists does not see the latter on newer Javas, and opening the file in order
     * to see it would end the locks that SQLite has on it.
     */
    static boolean mayExist(Path file) {
        try {
            Path unused = file.toRealPath();
            return true;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /**
     * Requires that the database is nobody else's.
     *
     * @throws IllegalArgumentException if anybody could change it
     */
    void requireOwn() {}

    /** Makes the database, where that is ours to do. */
    void create() throws IOException {}

    /** What the URL leads to now, for {@link #connected}; null where that cannot be told apart from anything else. */
    @Nullable
    Object identity() {
        return null;
    }

    /**
     * A new connection was made.
     *
     * @param before the {@link #identity} before it was
     * @return false if it may lead to another place than the URL does now
     */
    boolean connected(@Nullable Object before) {
        return true;
    }

    /** Whether the connections there are lead to something that is no longer the database. */
    boolean isReplaced() {
        return false;
    }

    /** The tables were found, or made, in the database that the URL leads to. */
    void hasTables() {}

    /**
     * There are no tables.
     *
     * @throws StoreUnavailableException if there were, in another database that the URL led to before
     */
    void hasNoTables() {}

    // The schema

    /** What makes the tables of version 1; every statement may be run again. */
    List<String> tables(TableName table) {
        List<String> statements = new ArrayList<>();
        statements.add("create table if not exists " + table.schemaVersion()
                + " (id integer primary key check (id = 1), version integer not null)" + catalogue.tableOptions());
        if (!writesAlone()) {
            statements.addAll(catalogue.create(TableShape.groups(table)));
        }
        statements.addAll(catalogue.create(TableShape.snapshots(table)));
        statements.addAll(catalogue.create(TableShape.parts(table)));
        return statements;
    }

    /** What leads from version 1 to version 2; every statement may be run again. */
    List<String> chunkTable(TableName table) {
        return catalogue.create(TableShape.chunks(table));
    }

    /** The tables of the newest version that hold something, as they have to be. */
    final List<TableShape> shapes(TableName table) {
        List<TableShape> shapes = new ArrayList<>(
                List.of(TableShape.snapshots(table), TableShape.parts(table), TableShape.chunks(table)));
        if (!writesAlone()) {
            shapes.add(TableShape.groups(table));
        }
        return shapes;
    }

    /** What has to be set in a database, outside of a transaction, before tables are made in it. */
    void prepare(Connection connection) throws SQLException {}

    /** Keeps others from changing the schema until {@link #unlockSchema}, or the end of the transaction. */
    abstract void lockSchema(Connection connection, TableName table) throws SQLException;

    void unlockSchema(Connection connection, TableName table) throws SQLException {}

    /** The columns of a table by their names in lower case, each with its type; empty if there is no such table. */
    Map<String, String> columns(Connection connection, @Nullable String schema, String table) throws SQLException {
        Map<String, String> types = new LinkedHashMap<>();
        catalogue.columns(connection, schema, table).forEach((name, found) -> types.put(name, found.type()));
        return types;
    }

    /**
     * Looks whether the server keeps what it is given.
     *
     * @return warnings about what it may lose
     * @throws dev.holdfast.sdk.StoreUnavailableException if it cannot hold snapshots as it is set; the message names the
     *     setting
     */
    List<String> check(Connection connection, TableName table) throws SQLException {
        return List.of();
    }

    // Rows

    /** Whether a transaction that writes has the whole database for itself, so that no group needs a lock of its own. */
    boolean writesAlone() {
        return false;
    }

    /** Puts or replaces one chunk: its group, its id, when that was, and its content. */
    String putChunk(TableName table) {
        return "insert into " + table.chunks() + " (workflow, id, put_on, data) values (?, ?, ?, ?)"
                + " on conflict (workflow, id) do update set put_on = excluded.put_on, data = excluded.data";
    }

    abstract void setTime(PreparedStatement statement, int index, Instant time) throws SQLException;

    abstract Instant time(ResultSet row, String column) throws SQLException;

    // Other hosts

    /** Whether who listens hears at once of a save. */
    boolean tellsOfSaves() {
        return false;
    }

    /** Says on a channel, when this transaction is committed, that something was saved. */
    void tellOfSave(Connection connection, String channel) throws SQLException {}

    // Failures

    /** What a failure means and what to do; those that SQL's own states tell are known without this. */
    @Nullable
    SqlFailure explain(SQLException failure) {
        return null;
    }

    @Override
    public String toString() {
        return url.toString();
    }
}
