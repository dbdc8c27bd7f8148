package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.ConfigurationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of the table of snapshots, and the names of those beside it. Parts of SQL text, since no database binds an
 * identifier as a parameter; so the rule lets nothing through but one word, or two with a dot between.
 *
 * @param schema what stands before the dot; null for the schema that the connection begins with
 */
record TableName(@Nullable String schema, String name) {

    /** Short enough that PostgreSQL, which cuts identifiers after 63 characters, leaves the longest name below whole. */
    private static final String WORD = "[A-Za-z_][A-Za-z0-9_]{0,49}";

    private static final Pattern RULE = Pattern.compile("(?:(" + WORD + ")\\.)?(" + WORD + ")");

    static TableName parse(String value) {
        Matcher parts = RULE.matcher(value);
        if (!parts.matches()) {
            throw new ConfigurationException("snapshot.jdbc.table '" + Text.printable(value) + "' must match " + WORD
                    + ", if need be with a schema of the same form and a dot before it");
        }
        return new TableName(parts.group(1), parts.group(2));
    }

    /** One row for each snapshot. */
    String snapshots() {
        return qualified(name);
    }

    /** The texts that are too long for one row, in pieces. */
    String parts() {
        return qualified(partsName());
    }

    String partsName() {
        return name + "_parts";
    }

    /** One row for each piece of what models have learned. */
    String chunks() {
        return qualified(chunksName());
    }

    String chunksName() {
        return name + "_chunks";
    }

    /** One row for each group, to be locked by whoever saves. */
    String groups() {
        return qualified(groupsName());
    }

    String groupsName() {
        return name + "_groups";
    }

    /** One row with the version of these tables. */
    String schemaVersion() {
        return qualified(schemaVersionName());
    }

    String schemaVersionName() {
        return name + "_schema";
    }

    private String qualified(String table) {
        return schema == null ? table : schema + "." + table;
    }

    @Override
    public String toString() {
        return snapshots();
    }
}
