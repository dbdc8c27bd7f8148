package dev.holdfast.plugin.ddb;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.GlobalSecondaryIndexDescription;
import software.amazon.awssdk.services.dynamodb.model.IndexStatus;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.Projection;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;

/**
 * What a table has to look like.
 *
 * @param hash the attribute by which the table is divided; a text, as all keys are
 * @param range the attribute that orders what has the same hash; empty for none
 * @param index empty for none
 * @param another how to come to a table with other keys: they cannot be changed
 */
record TableShape(String table, String hash, String range, Optional<Index> index, String another) {

    /** What is said of an index that has not all attributes, before the commands that mend it. */
    static final String NOT_ALL = " does not have all attributes (its projection must be ALL): every list reads the"
            + " snapshots from the table besides, which costs more. Make it anew: ";

    /** @param needed an attribute beside the keys that the index must have; empty for all of them */
    record Index(String name, String hash, String range, String needed, boolean local) {}

    /** The tables of snapshots. */
    static List<TableShape> ofSnapshots(DdbOptions options) {
        String another =
                "Make another table and set snapshot.ddb.%s, or delete this one, if nothing in it is needed, and"
                        + " make it anew: " + Tables.command(options);
        boolean indexed = options.layout() == Layout.ONE_TABLE;
        TableShape snapshots = new TableShape(
                options.table(),
                Item.NAME,
                Item.CREATED_ON,
                indexed
                        ? Optional.of(new Index(Tables.INDEX, Item.MONTH, Item.CREATED_ON, "", false))
                        : Optional.empty(),
                another.replace("%s", "table"));
        return indexed
                ? List.of(snapshots)
                : List.of(
                        new TableShape(
                                options.latestTable(),
                                Item.NAME,
                                "",
                                Optional.empty(),
                                another.replace("%s", "latest-table")),
                        snapshots);
    }

    /** The table of what models have learned. */
    static TableShape ofChunks(DdbOptions options) {
        return new TableShape(
                options.chunkTable(),
                ChunkTable.GROUP,
                ChunkTable.ID,
                Optional.of(new Index(ChunkTable.INDEX, ChunkTable.GROUP, ChunkTable.ENTRY, ChunkTable.PUT, true)),
                "Make another table and set snapshot.ddb.chunk-table, or delete this one, if it is empty, and make it"
                        + " anew: " + Tables.chunkCommand(options));
    }

    /** What is checked here, for those who cannot have it checked. */
    String said() {
        return "table " + table + " has the " + String.join(" and the ", key(hash, range))
                + index.map(one -> ", and an index " + one.name() + " by " + one.hash() + " and " + one.range()
                                + (one.needed().isEmpty() ? " with the projection ALL" : " that has " + one.needed()))
                        .orElse("");
    }

    /**
     * What is not as it should be.
     *
     * @param defects why the table cannot be used as it is, with the command that mends it; empty if it can be used
     * @param warning what is no obstacle; empty for nothing
     */
    record Finding(String defects, String warning) {

        private static Finding defect(String text) {
            return new Finding(text, "");
        }
    }

    Finding compare(TableDescription description) {
        List<String> defects = new ArrayList<>();
        List<String> is = key(description.keySchema(), description.attributeDefinitions());
        if (!is.equals(key(hash, range))) {
            defects.add(
                    "table " + table + difference(is, key(hash, range)) + ", and the key of a table cannot be changed");
        }
        index.filter(one -> one.local() && !hasLocal(one, description))
                .ifPresent(one -> defects.add("table " + table + " has no index " + one.name() + " by " + one.hash()
                        + " and " + one.range() + " that has " + one.needed()
                        + ", and an index of this kind cannot be added"));
        if (!defects.isEmpty()) {
            return Finding.defect(String.join("; ", defects) + ". " + another);
        }
        return index.filter(one -> !one.local())
                .map(one -> compareGlobal(one, description))
                .orElse(new Finding("", ""));
    }

    private static boolean hasLocal(Index wanted, TableDescription description) {
        return description.localSecondaryIndexes().stream()
                .anyMatch(index -> index.indexName().equals(wanted.name())
                        && key(index.keySchema(), description.attributeDefinitions())
                                .equals(key(wanted.hash(), wanted.range()))
                        && has(index.projection(), wanted.needed()));
    }

    private Finding compareGlobal(Index wanted, TableDescription description) {
        Optional<GlobalSecondaryIndexDescription> found = description.globalSecondaryIndexes().stream()
                .filter(one -> one.indexName().equals(wanted.name()))
                .findFirst();
        if (found.isEmpty()) {
            return Finding.defect("table " + table + " has no index " + wanted.name()
                    + ", by which snapshots are listed. Add it: " + Tables.indexCommand(description));
        }
        GlobalSecondaryIndexDescription index = found.get();
        String named = "index " + wanted.name() + " of table " + table;
        List<String> is = key(index.keySchema(), description.attributeDefinitions());
        if (index.indexStatus() == IndexStatus.DELETING) {
            return Finding.defect(
                    named + " is being deleted. When it is gone, add it: " + Tables.indexCommand(description));
        }
        if (!is.equals(key(wanted.hash(), wanted.range()))) {
            return Finding.defect(named + difference(is, key(wanted.hash(), wanted.range())) + ". Make it anew: "
                    + Tables.indexAnewCommands(description));
        }
        if (index.indexStatus() == IndexStatus.CREATING) {
            return Finding.defect(
                    named + " is being made, and does not show yet all that is in the table. It is used by"
                            + " itself when it is ACTIVE");
        }
        return new Finding(
                "",
                has(index.projection(), wanted.needed())
                        ? ""
                        : "I" + named.substring(1) + NOT_ALL + Tables.indexAnewCommands(description));
    }

    private static String difference(List<String> is, List<String> wanted) {
        List<String> missing = new ArrayList<>(wanted);
        missing.removeAll(is);
        List<String> more = new ArrayList<>(is);
        more.removeAll(wanted);
        return missing.isEmpty()
                ? " has also the " + String.join(" and the ", more) + ", which it must not have"
                : " does not have the " + String.join(" and the ", missing) + " (a key of type S; it has the "
                        + String.join(" and the ", is) + ")";
    }

    private static boolean has(Projection projection, String needed) {
        return projection.projectionType() == ProjectionType.ALL
                || (!needed.isEmpty() && projection.nonKeyAttributes().contains(needed));
    }

    private static List<String> key(String hash, String range) {
        return range.isEmpty() ? List.of("hash key " + hash) : List.of("hash key " + hash, "range key " + range);
    }

    /** A type other than S is said with the key, so that such a key is another one. */
    private static List<String> key(List<KeySchemaElement> key, List<AttributeDefinition> attributes) {
        return Stream.of(KeyType.HASH, KeyType.RANGE)
                .flatMap(type -> key.stream().filter(part -> part.keyType() == type))
                .map(part -> (part.keyType() == KeyType.HASH ? "hash key " : "range key ")
                        + part.attributeName()
                        + attributes.stream()
                                .filter(one -> one.attributeName().equals(part.attributeName()))
                                .filter(one -> one.attributeType() != ScalarAttributeType.S)
                                .map(one -> " of type " + one.attributeTypeAsString())
                                .collect(Collectors.joining()))
                .toList();
    }
}
