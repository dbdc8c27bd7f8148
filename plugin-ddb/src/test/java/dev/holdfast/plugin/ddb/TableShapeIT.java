package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.GlobalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.IndexStatus;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.LocalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.Projection;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/** Tables that are not as this plugin needs them: they are looked at before they are used, and refused with the cure. */
class TableShapeIT {

    private static final String KEY = "snapshotName createdOn";
    private static final String INDEX = "createdOnMonth-index";

    /**
     * Makes a table.
     *
     * @param key hash and range; an attribute ending with {@code :N} is a number
     * @param index the same of a global index named as ours; null for none
     */
    private static String table(String key, @Nullable String index) {
        return make(key, index, create -> {
            if (index != null) {
                create.globalSecondaryIndexes(GlobalSecondaryIndex.builder()
                        .indexName(INDEX)
                        .keySchema(schema(index))
                        .projection(Projection.builder()
                                .projectionType(ProjectionType.ALL)
                                .build())
                        .build());
            }
        });
    }

    private static String chunkTable(String key, String index, String name, @Nullable String included) {
        return make(
                key,
                index,
                create -> create.localSecondaryIndexes(LocalSecondaryIndex.builder()
                        .indexName(name)
                        .keySchema(schema(index))
                        .projection(projection(included))
                        .build()));
    }

    private static Projection projection(@Nullable String included) {
        if (included == null) {
            return Projection.builder().projectionType(ProjectionType.KEYS_ONLY).build();
        }
        return included.equals("ALL")
                ? Projection.builder().projectionType(ProjectionType.ALL).build()
                : Projection.builder()
                        .projectionType(ProjectionType.INCLUDE)
                        .nonKeyAttributes(included)
                        .build();
    }

    private static String make(String key, @Nullable String index, Consumer<CreateTableRequest.Builder> more) {
        String table = LocalDynamoDb.newTableName();
        Map<String, String> types = new TreeMap<>();
        Stream.of((key + " " + (index == null ? "" : index)).trim().split(" "))
                .forEach(part -> types.put(name(part), part.endsWith(":N") ? "N" : "S"));
        CreateTableRequest.Builder create = CreateTableRequest.builder()
                .tableName(table)
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .keySchema(schema(key))
                .attributeDefinitions(types.entrySet().stream()
                        .map(type -> AttributeDefinition.builder()
                                .attributeName(type.getKey())
                                .attributeType(type.getValue())
                                .build())
                        .toList());
        more.accept(create);
        LocalDynamoDb.shared().client().createTable(create.build());
        return table;
    }

    private static List<KeySchemaElement> schema(String key) {
        String[] parts = key.split(" ");
        Stream<KeySchemaElement> hash = Stream.of(element(parts[0], KeyType.HASH));
        return (parts.length == 1 ? hash : Stream.concat(hash, Stream.of(element(parts[1], KeyType.RANGE)))).toList();
    }

    private static KeySchemaElement element(String part, KeyType type) {
        return KeySchemaElement.builder()
                .attributeName(name(part))
                .keyType(type)
                .build();
    }

    private static String name(String part) {
        return part.replace(":N", "");
    }

    /** All calls of the host, none of which may go on with such a table. */
    private static List<Consumer<SnapshotSerializer>> calls(String group) {
        return List.of(
                SnapshotSerializer::getLast,
                store -> store.save(snapshot(group, 1)),
                store -> store.list(ListRequest.firstPage(10)),
                store -> store.get("x"),
                store -> store.delete("x"),
                SnapshotSerializer::count);
    }

    private static void assertRefused(SerializerConfig config, String... words) {
        for (Consumer<SnapshotSerializer> call : calls(config.group())) {
            try (Store store = Store.open(config)) {
                assertThatExceptionOfType(StoreUnavailableException.class)
                        .isThrownBy(() -> call.accept(store.serializer()))
                        .withMessageContainingAll(words)
                        .withMessageNotContaining("\n");
                assertThat(store.wire().operations()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "name createdOn, does not have the hash key snapshotName",
        "snapshotName, does not have the range key createdOn",
        "snapshotName created, does not have the range key createdOn",
        "snapshotName createdOn:N, does not have the range key createdOn",
        "snapshotName:N createdOn, does not have the hash key snapshotName",
        "createdOn snapshotName, does not have the hash key snapshotName and the range key createdOn"
    })
    void aTableWithOtherKeysIsRefusedAtEveryCallWithTheCommandThatMakesOne(String key, String said) {
        String table = table(key, null);

        assertRefused(
                Store.config(table).build(),
                "table " + table + " " + said,
                "the key of a table cannot be changed",
                "snapshot.ddb.table",
                "aws dynamodb create-table");
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "b"})
    void aMissingIndexIsNoticedAtOnceInEveryGroup(String group) {
        String table = table(KEY, null);

        assertRefused(
                Store.config(table).group(group).build(),
                "table " + table + " has no index createdOnMonth-index",
                "aws dynamodb update-table --table-name " + table,
                "\"ProjectionType\":\"ALL\"");
    }

    @ParameterizedTest
    @CsvSource({
        "createdOnMonth, does not have the range key createdOn",
        "month createdOn, does not have the hash key createdOnMonth",
        "createdOnMonth:N createdOn, does not have the hash key createdOnMonth",
        "createdOnMonth created, does not have the range key createdOn"
    })
    void anIndexWithOtherKeysIsRefusedWithTheCommandsThatMakeItAnew(String key, String said) {
        String table = table(KEY, key);

        assertRefused(
                Store.config(table).group("b").build(),
                "index createdOnMonth-index of table " + table + " " + said,
                "\"Delete\":{\"IndexName\":\"createdOnMonth-index\"}",
                "and, when it is gone: aws dynamodb update-table");
    }

    @Test
    void aTableThatWasMendedIsTakenWithoutARestart() {
        String table = LocalDynamoDb.shared().tableWithoutIndex();
        try (Store store = Store.open(table)) {
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> store.serializer().getLast())
                    .withMessageContaining("\"ProvisionedThroughput\":{\"ReadCapacityUnits\":");
            addIndex(table);

            store.serializer().save(snapshot("default", 1));

            assertThat(store.serializer().getLast()).isPresent();
        }
    }

    private static void addIndex(String table) {
        LocalDynamoDb.shared()
                .client()
                .updateTable(update -> update.tableName(table)
                        .attributeDefinitions(
                                it -> it.attributeName("createdOnMonth").attributeType(ScalarAttributeType.S),
                                it -> it.attributeName("createdOn").attributeType(ScalarAttributeType.S))
                        .globalSecondaryIndexUpdates(one -> one.create(index -> index.indexName(INDEX)
                                .keySchema(schema("createdOnMonth createdOn"))
                                .projection(projection("ALL"))
                                .provisionedThroughput(capacity ->
                                        capacity.readCapacityUnits(1L).writeCapacityUnits(1L)))));
        await().until(() -> LocalDynamoDb.shared().describe(table).globalSecondaryIndexes().stream()
                .allMatch(index -> index.indexStatus() == IndexStatus.ACTIVE));
    }

    @Test
    void theTablesAreLookedAtOnce() {
        try (Store store = Store.open(LocalDynamoDb.shared().manualsTable())) {
            store.serializer().getLast();
            store.serializer().save(snapshot("default", 1));
            store.serializer().getLast();

            assertThat(store.wire().looks()).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"AccessDeniedException", "UnknownOperationException"})
    void whoMayNotLookIsToldOnceWhatIsNotChecked(String code) {
        String table = LocalDynamoDb.shared().manualsTable();
        try (LogLines logs = LogLines.of(Level.INFO, ShapeCheck.class.getName());
                Store store = Store.open(table)) {
            store.wire().fault("DescribeTable", 99, FaultyHttpClient.error(400, code));

            store.serializer().save(snapshot("default", 1));
            assertThat(store.serializer().getLast()).isPresent();

            assertThat(logs.lines())
                    .singleElement()
                    .asString()
                    .startsWith("WARN Not checked: that table " + table
                            + " has the hash key snapshotName and the range key createdOn, and an index"
                            + " createdOnMonth-index by createdOnMonth and createdOn with the projection ALL, since ")
                    .contains(code, "dynamodb:DescribeTable");
            assertThat(store.wire().looks()).isOne();
        }
    }

    @Test
    void whoMayNotLookIsToldWhatIsWrongWithTheKeysAllTheSame() {
        String table = table("name createdOn", null);
        try (Store store = Store.open(table)) {
            store.wire().fault("DescribeTable", 99, FaultyHttpClient.error(400, "AccessDeniedException"));

            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> store.serializer().getLast())
                    .withMessageContainingAll(
                            "it must be so that table " + table + " has the hash key snapshotName",
                            "aws dynamodb create-table");
        }
    }

    @Test
    void aLookThatFailsIsNoObstacleAndIsTriedAgain() {
        try (Store store = Store.open(LocalDynamoDb.shared().manualsTable())) {
            store.wire().fault("DescribeTable", 9, FaultyHttpClient.error(500, "InternalServerError"));
            assertThat(store.serializer().getLast()).isEmpty();
            store.wire().mend();
            store.wire().forget();

            store.serializer().getLast();
            store.serializer().getLast();

            assertThat(store.wire().looks()).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "header"})
    void anIndexWithoutAllAttributesIsToldAtTheStart(String included) {
        String table = LocalDynamoDb.shared()
                .tableWhoseIndexHasOnly(included.isEmpty() ? new String[0] : new String[] {included});
        try (LogLines logs = LogLines.of(Level.INFO, Requests.class.getName());
                Store store = Store.open(Store.config(table).group("b").build())) {
            assertThat(store.serializer().getLast()).isEmpty();

            assertThat(logs.lines())
                    .singleElement()
                    .asString()
                    .startsWith("WARN Index createdOnMonth-index of table " + table + " does not have all attributes")
                    .contains("\"ProvisionedThroughput\"");
        }
    }

    @Test
    void bothOfTwoTablesAreLookedAt() {
        String latest = table("snapshotName createdOn", null);
        String table = table("snapshotName", null);
        String good = table("snapshotName", null);
        String goodSecond = table(KEY, null);

        assertRefused(
                twoTables(goodSecond, latest),
                "table " + latest + " has also the range key createdOn, which it must not have",
                "snapshot.ddb.latest-table");
        assertRefused(
                twoTables(table, good),
                "table " + table + " does not have the range key createdOn",
                "snapshot.ddb.table");
        try (Store store = Store.open(twoTables(goodSecond, good))) {
            assertThat(store.serializer().getLast()).isEmpty();
        }
    }

    private static SerializerConfig twoTables(String table, String latest) {
        return Store.config(table, "layout", "two-tables", "latest-table", latest)
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        "chunkGroup chunkId, chunkGroup entry, entry-index, put, ''",
        "chunkGroup chunkId, chunkGroup entry, entry-index, ALL, ''",
        "chunkGroup chunkId, chunkGroup entry, entry-index, , has no index entry-index by chunkGroup and entry that has put",
        "chunkGroup chunkId, chunkGroup entry, entry-index, content, has no index entry-index",
        "chunkGroup chunkId, chunkGroup entry, other-index, put, has no index entry-index",
        "chunkGroup chunkId, chunkGroup entry:N, entry-index, put, has no index entry-index",
        "chunkGroup id, chunkGroup entry, entry-index, put, does not have the range key chunkId",
        "group chunkId, group entry, entry-index, put, does not have the hash key chunkGroup"
    })
    void theTableOfChunksIsLookedAtWhereChunksAre(
            String key, String index, String name, @Nullable String included, String said) {
        String chunks = chunkTable(key, index, name, included);
        SerializerConfig config = Store.config(LocalDynamoDb.shared().manualsTable(), "chunk-table", chunks)
                .build();
        String id = "ab".repeat(32);
        try (Store store = Store.open(config)) {
            assertThat(store.serializer().getLast()).isEmpty();
            if (said.isEmpty()) {
                assertThat(store.chunks().missing(Set.of(id))).containsExactly(id);
                return;
            }
            List<Consumer<Store>> calls = List.of(
                    one -> one.chunks().put(Map.of(id, new byte[1])),
                    one -> one.chunks().get(Set.of(id)),
                    one -> one.chunks().missing(Set.of(id)),
                    one -> one.chunks().list("", 10));
            for (Consumer<Store> call : calls) {
                assertThatExceptionOfType(StoreUnavailableException.class)
                        .isThrownBy(() -> call.accept(store))
                        .withMessageContainingAll("table " + chunks + " ", said, "aws dynamodb create-table");
            }
        }
    }
}
