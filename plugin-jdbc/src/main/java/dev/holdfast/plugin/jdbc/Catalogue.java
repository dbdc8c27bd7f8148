package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How a kind of database calls our columns, what it says of those that are there, and how they are mended. */
abstract class Catalogue {

    static Catalogue of(Database database) {
        return switch (database) {
            case SQLITE -> new SqliteCatalogue();
            case POSTGRESQL -> new PostgresqlCatalogue();
            case MARIADB, MYSQL -> new MariadbCatalogue();
            case H2 -> new H2Catalogue();
        };
    }

    /** The statements that make a table, unless it is there; each may be run again. */
    List<String> create(TableShape shape) {
        return List.of(shape.create(this));
    }

    /** What a column is made as, without whether it may be null. */
    abstract String type(TableShape.Column column);

    /** What stands behind the brackets where a table is made. */
    String tableOptions() {
        return "";
    }

    /** Why a column that is there cannot hold what the column of ours does; empty if it can. */
    abstract String wrong(TableShape.Column column, TableShape.Found found);

    /** Statements that mend a table, on one line. */
    String mend(TableShape shape, String alteration) {
        return "alter table " + shape.qualified() + " " + alteration;
    }

    /** What stands behind {@code alter table} to make a column what it should be. */
    String retype(TableShape.Column column) {
        return "alter column " + column.name() + " type " + type(column);
    }

    /** The same, to let a column be null. */
    String makeOptional(String column, String type) {
        return "alter column " + column + " drop not null";
    }

    /** @param key columns in brackets */
    String addUnique(TableShape shape, String key) {
        return "alter table " + shape.qualified() + " add unique " + key;
    }

    /** Why a text in a type of variable length does not do; empty if it does. */
    static String shorter(TableShape.SqlType type, TableShape.Column column) {
        return type.number() < column.length() ? "is too short for " + column.length() + " characters" : "";
    }

    final String mustBe(TableShape.Column column) {
        return "must be " + type(column);
    }

    /** The columns of a table by their names in lower case; empty if there is no such table. */
    abstract Map<String, TableShape.Found> columns(Connection connection, @Nullable String schema, String table)
            throws SQLException;

    /** The columns that a query gives as name, type, whether they may be null, whether they have a default, and collation. */
    static Map<String, TableShape.Found> readColumns(Connection connection, String query, @Nullable String... arguments)
            throws SQLException {
        Map<String, TableShape.Found> columns = new LinkedHashMap<>();
        each(
                connection,
                query,
                arguments,
                row -> columns.put(
                        lower(row.getString(1)),
                        new TableShape.Found(
                                lower(row.getString(2)),
                                row.getBoolean(3),
                                row.getBoolean(4),
                                lower(row.getString(5)))));
        return columns;
    }

    /** The sets of columns of a table of which no two rows may be alike. */
    abstract Set<Set<String>> uniqueKeys(Connection connection, @Nullable String schema, String table)
            throws SQLException;

    /** The sets that a query gives as the name of an index and a column of it. */
    static Set<Set<String>> readUniqueKeys(Connection connection, String query, @Nullable String... arguments)
            throws SQLException {
        Map<String, Set<String>> indexes = new HashMap<>();
        each(
                connection,
                query,
                arguments,
                row -> indexes.computeIfAbsent(row.getString(1), name -> new HashSet<>())
                        .add(lower(row.getString(2))));
        return Set.copyOf(indexes.values());
    }

    private interface Row {
        void take(ResultSet row) throws SQLException;
    }

    private static void each(Connection connection, String query, @Nullable String[] arguments, Row taker)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setString(i + 1, arguments[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    taker.take(row);
                }
            }
        }
    }

    private static String lower(@Nullable String text) {
        return text == null ? "" : text.toLowerCase(Locale.ROOT);
    }
}
