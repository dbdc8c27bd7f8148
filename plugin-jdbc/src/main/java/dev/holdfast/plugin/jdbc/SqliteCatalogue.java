package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SQLite's. */
final class SqliteCatalogue extends Catalogue {

    @Override
    String type(TableShape.Column column) {
        return switch (column.kind()) {
            case TIME -> "text";
            case FIXED -> "char(" + column.length() + ")";
            case TEXT, KEY, ORDERED_KEY -> "varchar(" + column.length() + ")";
            case INTEGER, SIZE, LONG -> "integer";
            case BYTES -> "blob";
        };
    }

    /** What SQLite makes of a value by the declared type, by its own rules. Lengths mean nothing to it. */
    private enum Affinity {
        INTEGER,
        TEXT,
        NONE,
        REAL,
        NUMERIC;

        static Affinity of(String type) {
            if (type.contains("int")) {
                return INTEGER;
            }
            if (type.contains("char") || type.contains("clob") || type.contains("text")) {
                return TEXT;
            }
            if (type.contains("blob") || type.isEmpty() || type.equals("any")) {
                return NONE;
            }
            return type.contains("real") || type.contains("floa") || type.contains("doub") ? REAL : NUMERIC;
        }
    }

    @Override
    String wrong(TableShape.Column column, TableShape.Found found) {
        Affinity affinity = Affinity.of(found.type());
        boolean fits = switch (column.kind()) {
            // What looks like no number is kept as it is.
            case TIME -> affinity != Affinity.REAL && affinity != Affinity.INTEGER;
            case FIXED, TEXT, KEY, ORDERED_KEY -> affinity == Affinity.TEXT || affinity == Affinity.NONE;
            case INTEGER, SIZE, LONG -> affinity != Affinity.TEXT && affinity != Affinity.REAL;
            case BYTES -> true;
        };
        if (!fits) {
            return "makes other values of those that are stored, and " + mustBe(column);
        }
        boolean vague =
                found.collation().contains("nocase") || found.collation().contains("rtrim");
        return column.kind().isKey() && vague
                ? "takes texts for one that are not the same (collation " + found.collation() + ")"
                : "";
    }

    /** SQLite changes no column, so the table is made anew. */
    @Override
    String mend(TableShape shape, String alteration) {
        if (alteration.startsWith("add column ")) {
            return super.mend(shape, alteration);
        }
        String old = shape.name() + "_old";
        String columns = shape.columns().stream().map(TableShape.Column::name).collect(Collectors.joining(", "));
        return "with all hosts stopped, alter table " + shape.qualified() + " rename to " + old + "; "
                + shape.create(this) + "; insert into " + shape.qualified() + " (" + columns + ") select " + columns
                + " from " + old + "; drop table " + old + ";";
    }

    @Override
    String addUnique(TableShape shape, String key) {
        return "create unique index " + shape.name() + key.replaceAll("[^a-z_]+", "_") + "key on " + shape.qualified()
                + " " + key;
    }

    /** A collation is seen only where an index has the column, which all have by which rows are found. */
    @Override
    Map<String, TableShape.Found> columns(Connection connection, @Nullable String schema, String table)
            throws SQLException {
        return readColumns(
                connection,
                "select c.name, c.type, not c.\"notnull\","
                        + " c.dflt_value is not null, (select group_concat(distinct x.coll)"
                        + " from pragma_index_list(?1, coalesce(?2, 'main')) l, pragma_index_xinfo(l.name, coalesce(?2, 'main')) x"
                        + " where x.name = c.name and x.key)"
                        + " from pragma_table_info(?1, coalesce(?2, 'main')) c",
                table,
                schema);
    }

    @Override
    Set<Set<String>> uniqueKeys(Connection connection, @Nullable String schema, String table) throws SQLException {
        return readUniqueKeys(
                connection,
                "select l.name, x.name"
                        + " from pragma_index_list(?1, coalesce(?2, 'main')) l, pragma_index_info(l.name, coalesce(?2, 'main')) x"
                        + " where l.\"unique\" and not l.partial",
                table,
                schema);
    }
}
