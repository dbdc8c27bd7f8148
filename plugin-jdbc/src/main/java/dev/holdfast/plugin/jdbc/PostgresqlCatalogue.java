package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's. */
final class PostgresqlCatalogue extends Catalogue {

    private static final int MILLISECONDS = 3;
    private static final String VAGUE = "~";
    private static final Set<String> BYTE_ORDER = Set.of("c", "c.utf8", "c.utf-8", "posix", "ucs_basic");

    /** What is compressed already is not worth trying again. */
    @Override
    List<String> create(TableShape shape) {
        boolean hasData = shape.columns().stream().anyMatch(column -> column.kind() == TableShape.Kind.BYTES);
        return hasData
                ? List.of(
                        shape.create(this),
                        "alter table " + shape.qualified() + " alter column data set storage external")
                : super.create(shape);
    }

    /** Ids of chunks are in the order of their bytes, which is that of the SDK, whatever the order of the database. */
    @Override
    String type(TableShape.Column column) {
        return switch (column.kind()) {
            case TIME -> "timestamptz";
            case FIXED -> "char(" + column.length() + ")";
            case TEXT, KEY -> "varchar(" + column.length() + ")";
            case ORDERED_KEY -> "varchar(" + column.length() + ") collate \"C\"";
            case INTEGER -> "integer";
            case SIZE, LONG -> "bigint";
            case BYTES -> "bytea";
        };
    }

    @Override
    String wrong(TableShape.Column column, TableShape.Found found) {
        TableShape.SqlType type = TableShape.SqlType.of(found.type());
        boolean fits = switch (column.kind()) {
            case TIME -> type.base().equals("timestamp with time zone") && type.number() >= MILLISECONDS;
            case FIXED -> isText(type) || (type.base().equals("character") && type.number() == column.length());
            case TEXT, KEY, ORDERED_KEY -> isText(type);
            case INTEGER, SIZE -> List.of("integer", "bigint").contains(type.base());
            case LONG -> type.base().equals("bigint");
            case BYTES -> type.base().equals("bytea");
        };
        if (!fits) {
            return mustBe(column);
        }
        if (column.kind() == TableShape.Kind.KEY && found.collation().startsWith(VAGUE)) {
            return "takes texts for one that are not the same (collation "
                    + found.collation().substring(VAGUE.length()) + "), and " + mustBe(column) + " collate \"C\"";
        }
        if (column.kind() == TableShape.Kind.ORDERED_KEY && !BYTE_ORDER.contains(found.collation())) {
            return "is not in the order of its bytes (collation "
                    + found.collation().replace(VAGUE, "") + "), and " + mustBe(column);
        }
        return isText(type) ? shorter(type, column) : "";
    }

    private static boolean isText(TableShape.SqlType type) {
        return type.base().equals("character varying") || type.base().equals("text");
    }

    @Override
    String retype(TableShape.Column column) {
        return super.retype(column)
                + switch (column.kind()) {
                    case KEY -> " collate \"C\"";
                    case TIME -> " using " + column.name() + " at time zone 'UTC'";
                    case INTEGER, SIZE, LONG, BYTES -> " using " + column.name() + "::" + type(column);
                    default -> "";
                };
    }

    /** A collation that takes different texts for one is marked, on servers that know such. */
    @Override
    Map<String, TableShape.Found> columns(Connection connection, @Nullable String schema, String table)
            throws SQLException {
        return readColumns(
                connection,
                "select a.attname,"
                        + " format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),"
                        + " case when t.typbasetype = 0 then a.atttypmod else t.typtypmod end),"
                        + " not (a.attnotnull or t.typnotnull), a.atthasdef or a.attidentity <> '' or t.typdefault is not null,"
                        + " case when to_jsonb(c) ->> 'collisdeterministic' = 'false' then '" + VAGUE
                        + "' else '' end ||"
                        + " case when c.collname = 'default' then (select datcollate from pg_database"
                        + " where datname = current_database()) else c.collname end"
                        + " from pg_attribute a join pg_type t on t.oid = a.atttypid"
                        + " left join pg_collation c on c.oid = a.attcollation"
                        + " where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped order by a.attnum",
                qualified(schema, table));
    }

    @Override
    Set<Set<String>> uniqueKeys(Connection connection, @Nullable String schema, String table) throws SQLException {
        return readUniqueKeys(
                connection,
                "select i.indexrelid::text, a.attname"
                        + " from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)"
                        + " where i.indrelid = to_regclass(?) and i.indisunique and i.indisvalid and i.indpred is null"
                        + " and i.indexprs is null",
                qualified(schema, table));
    }

    private static String qualified(@Nullable String schema, String table) {
        return schema == null ? table : schema + "." + table;
    }
}
