package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** H2's. */
final class H2Catalogue extends Catalogue {

    @Override
    String type(TableShape.Column column) {
        return switch (column.kind()) {
            case TIME -> "timestamp(3) with time zone";
            case FIXED -> "char(" + column.length() + ")";
            case TEXT, KEY, ORDERED_KEY -> "varchar(" + column.length() + ")";
            case INTEGER -> "integer";
            case SIZE, LONG -> "bigint";
            case BYTES -> "blob";
        };
    }

    @Override
    String wrong(TableShape.Column column, TableShape.Found found) {
        TableShape.SqlType type = TableShape.SqlType.of(found.type());
        boolean isText = type.base().equals("character varying");
        boolean isBytes = List.of("binary large object", "binary varying").contains(type.base());
        boolean fits = switch (column.kind()) {
            case TIME -> type.base().equals("timestamp with time zone") && type.number() >= 3;
            case FIXED -> isText || (type.base().equals("character") && type.number() == column.length());
            case TEXT, KEY, ORDERED_KEY -> isText;
            case INTEGER, SIZE -> List.of("integer", "bigint").contains(type.base());
            case LONG -> type.base().equals("bigint");
            case BYTES -> isBytes;
        };
        if (!fits) {
            return mustBe(column);
        }
        if (isBytes && type.number() < column.length()) {
            return "is too short";
        }
        return isText ? shorter(type, column) : "";
    }

    @Override
    String retype(TableShape.Column column) {
        return "alter column " + column.name() + " set data type " + type(column);
    }

    @Override
    Map<String, TableShape.Found> columns(Connection connection, @Nullable String schema, String table)
            throws SQLException {
        return readColumns(
                connection,
                "select column_name, data_type || coalesce('('"
                        + " || coalesce(character_maximum_length, cast(datetime_precision as bigint)) || ')', ''),"
                        + " is_nullable = 'YES', column_default is not null or is_identity = 'YES', ''"
                        + " from information_schema.columns"
                        + " where table_schema = coalesce(upper(cast(? as varchar)), current_schema)"
                        + " and table_name = upper(cast(? as varchar)) order by ordinal_position",
                schema,
                table);
    }

    @Override
    Set<Set<String>> uniqueKeys(Connection connection, @Nullable String schema, String table) throws SQLException {
        return readUniqueKeys(
                connection,
                "select index_name, column_name"
                        + " from information_schema.index_columns"
                        + " where table_schema = coalesce(upper(cast(? as varchar)), current_schema)"
                        + " and table_name = upper(cast(? as varchar)) and is_unique",
                schema,
                table);
    }
}
