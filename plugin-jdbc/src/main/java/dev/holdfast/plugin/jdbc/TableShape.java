package dev.holdfast.plugin.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A table of ours: what it is made as, and what one that somebody else made must be like.
 *
 * @param name without the schema
 * @param qualified as SQL names it
 * @param keys the primary key first, then the other sets of columns that are unique
 */
record TableShape(String name, String qualified, List<Column> columns, List<List<String>> keys) {

    /** What a column holds. */
    enum Kind {
        TIME,
        /** A text of exactly so many characters. */
        FIXED,
        TEXT,
        /** A text by which rows are found: upper and lower case are two. */
        KEY,
        /** The same, in the order of its bytes. */
        ORDERED_KEY,
        INTEGER,
        /** An integer that is made as a number of 64 bits, and needs no more than 32. */
        SIZE,
        LONG,
        BYTES;

        boolean isKey() {
            return this == KEY || this == ORDERED_KEY;
        }
    }

    /**
     * A column of ours.
     *
     * @param length of a text, in characters; of bytes at least so many
     * @param optional whether it may be null
     */
    record Column(String name, Kind kind, int length, boolean optional) {

        private static Column of(String name, Kind kind) {
            return new Column(name, kind, 0, false);
        }

        private static Column of(String name, Kind kind, int length) {
            return new Column(name, kind, length, false);
        }
    }

    /**
     * A column that is there.
     *
     * @param type as the database says it, in lower case
     * @param nullable whether it may be null
     * @param filled whether the database gives it a value where an insert does not
     * @param collation in lower case; empty where there is none, or it cannot be told
     */
    record Found(String type, boolean nullable, boolean filled, String collation) {}

    /** A type with the number in its brackets: {@code timestamp with time zone}, 3 of {@code timestamp(3) with time zone}. */
    record SqlType(String base, int number) {

        /** A type without a number, which has no limit of its own. */
        private static final int UNLIMITED = Integer.MAX_VALUE;

        static SqlType of(String type) {
            int open = type.indexOf('(');
            int close = type.indexOf(')');
            if (open < 0 || close < open) {
                return new SqlType(type.strip(), UNLIMITED);
            }
            String number = type.substring(open + 1, close).replaceFirst("[^0-9].*", "");
            return new SqlType(
                    (type.substring(0, open) + type.substring(close + 1)).strip(),
                    number.isEmpty() || number.length() > 9 ? UNLIMITED : Integer.parseInt(number));
        }
    }

    static TableShape groups(TableName table) {
        return new TableShape(
                table.groupsName(),
                table.groups(),
                List.of(Column.of("workflow", Kind.KEY, 100)),
                List.of(List.of("workflow")));
    }

    static TableShape snapshots(TableName table) {
        return new TableShape(
                table.name(),
                table.snapshots(),
                List.of(
                        Column.of("timestamp", Kind.TIME),
                        Column.of("id", Kind.FIXED, 36),
                        Column.of("log_id", Kind.FIXED, 36),
                        Column.of("workflow", Kind.KEY, 100),
                        Column.of("name", Kind.KEY, 128),
                        Column.of("codec", Kind.TEXT, 10),
                        Column.of("revision", Kind.LONG),
                        Column.of("kind", Kind.TEXT, 10),
                        Column.of("host", Kind.TEXT, 255),
                        Column.of("model_count", Kind.INTEGER),
                        Column.of("size", Kind.SIZE),
                        Column.of("sha256", Kind.FIXED, 64),
                        Column.of("save_id", Kind.TEXT, 64),
                        Column.of("parts", Kind.INTEGER),
                        new Column("data", Kind.BYTES, Payload.LONGEST, true)),
                List.of(List.of("workflow", "revision"), List.of("workflow", "name")));
    }

    static TableShape parts(TableName table) {
        return new TableShape(
                table.partsName(),
                table.parts(),
                List.of(
                        Column.of("workflow", Kind.KEY, 100),
                        Column.of("revision", Kind.LONG),
                        Column.of("part", Kind.INTEGER),
                        Column.of("data", Kind.BYTES, Payload.LONGEST)),
                List.of(List.of("workflow", "revision", "part")));
    }

    static TableShape chunks(TableName table) {
        return new TableShape(
                table.chunksName(),
                table.chunks(),
                List.of(
                        Column.of("workflow", Kind.KEY, 100),
                        Column.of("id", Kind.ORDERED_KEY, 64),
                        Column.of("put_on", Kind.LONG),
                        Column.of("data", Kind.BYTES, Payload.LONGEST)),
                List.of(List.of("workflow", "id")));
    }

    /** The statement that makes it, unless it is there. */
    String create(Catalogue catalogue) {
        List<String> parts = new ArrayList<>();
        for (Column column : columns) {
            parts.add(column.name() + " " + catalogue.type(column) + (column.optional() ? "" : " not null"));
        }
        parts.add("primary key (" + String.join(", ", keys.get(0)) + ")");
        keys.stream().skip(1).forEach(key -> parts.add("unique (" + String.join(", ", key) + ")"));
        return "create table if not exists " + qualified + " (" + String.join(", ", parts) + ")"
                + catalogue.tableOptions();
    }

    /**
     * Why a table cannot hold what this plugin puts into it, each with its cure; empty if it can.
     *
     * @param unique the sets of columns that are unique there
     */
    List<String> defects(Catalogue catalogue, Map<String, Found> found, Set<Set<String>> unique) {
        List<String> defects = new ArrayList<>();
        for (Column column : columns) {
            Found there = found.get(column.name());
            if (there == null) {
                defects.add("table " + qualified + " has no column " + column.name() + ": "
                        + catalogue.mend(this, "add column " + column.name() + " " + catalogue.type(column)));
                continue;
            }
            String wrong = catalogue.wrong(column, there);
            if (!wrong.isEmpty()) {
                defects.add("column " + column.name() + " of table " + qualified + " is a " + there.type() + ", which "
                        + wrong + ": " + catalogue.mend(this, catalogue.retype(column)));
            } else if (column.optional() && !there.nullable()) {
                defects.add("column " + column.name() + " of table " + qualified
                        + " must be given a value, and a long text has none there: "
                        + catalogue.mend(this, catalogue.makeOptional(column.name(), catalogue.type(column))));
            }
        }
        found.forEach((name, there) -> {
            if (!there.nullable()
                    && !there.filled()
                    && columns.stream().noneMatch(column -> column.name().equals(name))) {
                defects.add("column " + name + " of table " + qualified
                        + " must be given a value, and Holdfast does not know it: "
                        + catalogue.mend(this, catalogue.makeOptional(name, there.type())));
            }
        });
        for (List<String> key : keys) {
            if (!unique.contains(Set.copyOf(key))) {
                String list = "(" + String.join(", ", key) + ")";
                defects.add("table " + qualified + " takes two rows with the same " + list + ": "
                        + catalogue.addUnique(this, list));
            }
        }
        return defects;
    }
}
