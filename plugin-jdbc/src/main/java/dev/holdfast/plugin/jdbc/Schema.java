package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables: whether they are there, are ours, and of which version.
 *
 * <pre>
 *   no tables ──────────┐
 *   some of them ───────┤ the first save or put, under a lock ──▶ version {@value #NEWEST}: read and written
 *   an older version ───┘                                              └─ one is missing: refused
 *   a newer version ─────▶ refused
 *   another's table ─────▶ refused
 * </pre>
 *
 * <p>Reading alone makes and changes nothing, so that {@code --snapshot} can look into somebody else's database. Whoever
 * adds a version adds a step to {@link #steps}; it may add columns and tables, and must leave alone what older code reads.
 */
final class Schema {

    static final int NEWEST = 2;

    private static final Logger log = LoggerFactory.getLogger(Schema.class);
    private static final int WITHOUT_TABLES = 0;
    private static final int WITH_SNAPSHOTS = 1;
    private static final int WITH_CHUNKS = 2;

    private final Dialect dialect;
    private final TableName table;
    private final List<List<String>> steps;
    private volatile boolean current;

    Schema(Dialect dialect, TableName table) {
        this(dialect, table, List.of(dialect.tables(table), dialect.chunkTable(table)));
    }

    /** @param steps the statements that lead from each version to the next; the first ones make the tables */
    Schema(Dialect dialect, TableName table, List<List<String>> steps) {
        this.dialect = dialect;
        this.table = table;
        this.steps = steps;
    }

    /** Whether the tables are known to be there, in the newest version. */
    boolean isCurrent() {
        return current;
    }

    /** Looks anew next time: somebody has removed a table. */
    void forget() {
        current = false;
    }

    /**
     * Whether there are tables to read snapshots from; changes nothing.
     *
     * @throws SnapshotFormatTooNewException if newer code made them
     * @throws StoreUnavailableException if they are not ours, one of them is missing, or the server cannot hold snapshots as
     *     it is set
     */
    boolean isThere(Connection connection) throws SQLException {
        return has(WITH_SNAPSHOTS, connection);
    }

    /** The same for the table of chunks. */
    boolean hasChunks(Connection connection) throws SQLException {
        return has(WITH_CHUNKS, connection);
    }

    private boolean has(int wanted, Connection connection) throws SQLException {
        if (current) {
            return true;
        }
        int version = version(connection);
        if (version == steps.size()) {
            trust(connection);
        }
        return version >= wanted;
    }

    /** Makes the tables, or brings them to the newest version; two hosts may do so at once. */
    void bringUp(Connection connection, Deadline deadline) throws SQLException {
        // To prepare a database that is not ours would change it.
        int unused = version(connection);
        dialect.prepare(connection);
        connection.setAutoCommit(false);
        dialect.lockSchema(connection, table);
        try {
            int version = version(connection);
            if (version < steps.size()) {
                for (List<String> step : steps.subList(version, steps.size())) {
                    run(connection, step, deadline);
                }
                record(connection);
                connection.commit();
                tell(version);
            }
            trust(connection);
        } finally {
            dialect.unlockSchema(connection, table);
        }
    }

    private void tell(int from) {
        if (from == WITHOUT_TABLES) {
            log.info("Made table {} in {}", table, dialect);
        } else {
            log.info("Brought table {} in {} from version {} to {}", table, dialect, from, steps.size());
        }
    }

    private void trust(Connection connection) throws SQLException {
        requireFitting(connection);
        for (String warning : dialect.check(connection, table)) {
            log.warn("{}: {}", dialect, warning);
        }
        dialect.hasTables();
        current = true;
    }

    /** The table first, its marker second: they are made the other way round, perhaps in this very moment. */
    private int version(Connection connection) throws SQLException {
        Map<String, String> columns = dialect.columns(connection, table.schema(), table.name());
        if (dialect.columns(connection, table.schema(), table.schemaVersionName())
                .isEmpty()) {
            requireNoStranger(columns);
            dialect.hasNoTables();
            return WITHOUT_TABLES;
        }
        int version = recorded(connection).orElse(WITHOUT_TABLES);
        if (version > steps.size()) {
            throw new SnapshotFormatTooNewException("Table " + table + " in " + dialect + " has version " + version
                    + ", and this plugin knows " + steps.size() + " at most: take a newer plugin-jdbc");
        }
        return version;
    }

    private Optional<Integer> recorded(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select version from " + table.schemaVersion())) {
            return row.next() ? Optional.of(row.getInt(1)) : Optional.empty();
        }
    }

    private void requireNoStranger(Map<String, String> columns) {
        if (!columns.isEmpty()) {
            throw new StoreUnavailableException("Table " + table + " in " + dialect
                    + " is not one of Holdfast's: it has the columns " + String.join(", ", columns.keySet())
                    + " and no table " + table.schemaVersion() + " beside it; name another one by snapshot.jdbc.table");
        }
    }

    /** Tables may have been made by hand, or changed. */
    private void requireFitting(Connection connection) throws SQLException {
        Catalogue catalogue = dialect.catalogue();
        List<String> defects = new ArrayList<>();
        for (TableShape shape : dialect.shapes(table)) {
            Map<String, TableShape.Found> columns = catalogue.columns(connection, table.schema(), shape.name());
            List<String> makes = catalogue.create(shape);
            if (!columns.isEmpty()) {
                defects.addAll(shape.defects(
                        catalogue, columns, catalogue.uniqueKeys(connection, table.schema(), shape.name())));
            } else if (steps.stream().anyMatch(step -> step.containsAll(makes))) {
                // Not made here: an empty one would look as if nothing had been in it.
                defects.add(
                        "table " + shape.qualified() + " is not there, or the user may not see it: bring it back from a"
                                + " backup, or make it anew, empty: " + String.join("; ", makes));
            }
        }
        if (!defects.isEmpty()) {
            throw new StoreUnavailableException(
                    "The tables in " + dialect + " are not as plugin jdbc needs them: " + String.join("; ", defects));
        }
    }

    private static void run(Connection connection, List<String> statements, Deadline deadline) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                deadline.require();
                statement.execute(sql);
            }
        }
    }

    private void record(Connection connection) throws SQLException {
        boolean there = recorded(connection).isPresent();
        String sql = there
                ? "update " + table.schemaVersion() + " set version = ?"
                : "insert into " + table.schemaVersion() + " (id, version) values (1, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setInt(1, steps.size());
            statement.executeUpdate();
        }
    }
}
