package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** MariaDB's and MySQL's. The tables are ASCII with binary order: the usual collations take {@code model.cfg} and
 * {@code MODEL.cfg} for one name. */
final class MariadbCatalogue extends Catalogue {

    private static final String TABLE = " engine=InnoDB default charset=ascii collate=ascii_bin";

    @Override
    String tableOptions() {
        return TABLE;
    }

    @Override
    String type(TableShape.Column column) {
        return switch (column.kind()) {
            case TIME -> "datetime(6)";
            case FIXED -> "char(" + column.length() + ")";
            case TEXT, KEY, ORDERED_KEY -> "varchar(" + column.length() + ")";
            case INTEGER -> "integer";
            case SIZE, LONG -> "bigint";
            case BYTES -> column.optional() ? "longblob" : "mediumblob";
        };
    }

    @Override
    String wrong(TableShape.Column column, TableShape.Found found) {
        TableShape.SqlType type =
                TableShape.SqlType.of(found.type().replace(" unsigned", "").replace(" zerofill", ""));
        boolean isText = List.of("varchar", "char").contains(type.base());
        boolean fits = switch (column.kind()) {
            case TIME -> type.base().equals("datetime") && type.number() >= 3 && type.number() <= 6;
            case FIXED, KEY, ORDERED_KEY -> isText;
            case TEXT -> isText || List.of("text", "mediumtext", "longtext").contains(type.base());
            case INTEGER, SIZE -> List.of("int", "bigint").contains(type.base());
            case LONG -> type.base().equals("bigint");
            case BYTES -> type.base().endsWith("blob");
        };
        if (!fits) {
            return mustBe(column);
        }
        if (List.of("blob", "tinyblob").contains(type.base())) {
            return "is too short";
        }
        String collation = found.collation();
        boolean exact = collation.endsWith("_bin") || collation.contains("_cs") || collation.equals("binary");
        if (column.kind().isKey() && !exact) {
            return "takes upper and lower case for one (collation " + collation + ")";
        }
        return isText ? shorter(type, column) : "";
    }

    @Override
    String retype(TableShape.Column column) {
        return "modify " + column.name() + " " + type(column)
                + (column.kind().isKey() ? " character set ascii collate ascii_bin" : "")
                + (column.optional() ? "" : " not null");
    }

    @Override
    String makeOptional(String column, String type) {
        return "modify " + column + " " + type + " null";
    }

    @Override
    Map<String, TableShape.Found> columns(Connection connection, @Nullable String schema, String table)
            throws SQLException {
        return readColumns(
                connection,
                "select column_name, column_type,"
                        + " is_nullable = 'YES', column_default is not null or extra <> '', collation_name"
                        + " from information_schema.columns"
                        + " where table_schema = coalesce(?, database()) and table_name = ? order by ordinal_position",
                schema,
                table);
    }

    @Override
    Set<Set<String>> uniqueKeys(Connection connection, @Nullable String schema, String table) throws SQLException {
        return readUniqueKeys(
                connection,
                "select index_name, column_name"
                        + " from information_schema.statistics where table_schema = coalesce(?, database())"
                        + " and table_name = ? and non_unique = 0 and sub_part is null",
                schema,
                table);
    }
}
