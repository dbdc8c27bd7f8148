package dev.holdfast.plugin.ddb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConsumedCapacity;
import software.amazon.awssdk.services.dynamodb.model.ReturnConsumedCapacity;

/** What chunks cost: the requests as they were sent, and the units as DynamoDB Local counts them. */
class ChunkCostIT {

    private static final Path MANUAL = Path.of("../docs/serializer-ddb.md");
    private static final int PIECE = 256 * 1024;

    private final String table = LocalDynamoDb.newTableName();
    private Store store;

    @BeforeEach
    void open() {
        store = Store.open(table, "create-table", "true");
        store.chunks().put(Chunks.of(1, 10));
        store.wire().forget();
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void fourMebibytesAreOneRequest() {
        Map<String, byte[]> chunks = Chunks.of(16, PIECE);

        store.chunks().put(chunks);
        store.chunks().get(chunks.keySet());

        assertThat(store.wire().operations()).containsExactly("BatchWriteItem", "BatchGetItem");
    }

    @Test
    void listingAndLookingForChunksReadTheIndexAloneAndNoContent() {
        Map<String, byte[]> chunks = Chunks.of(16, PIECE);
        store.chunks().put(chunks);
        store.wire().forget();

        assertThat(store.chunks().missing(chunks.keySet())).isEmpty();
        assertThat(store.wire().operations()).hasSizeLessThanOrEqualTo(16).containsOnly("Query");
        store.wire().forget();
        assertThat(store.chunks().list("", 1000)).hasSize(16);

        assertThat(store.wire().operations()).hasSize(256).containsOnly("Query");
        assertThat(store.wire().calls()).allSatisfy(call -> {
            assertThat(call.body()).contains("\"IndexName\":\"entry-index\"", "\"ConsistentRead\":true");
            assertThat(call.reply().length()).isLessThan(2000);
        });
    }

    @Test
    void theUnitsAreThoseOfTheManual() {
        DynamoDbClient client = LocalDynamoDb.shared().client();
        String name = table + "-chunks";
        store.chunks().put(Chunks.of(1, PIECE));
        Item item = LocalDynamoDb.shared().items(name).get(0);
        Map<String, AttributeValue> key = ChunkTable.key(
                item.string(ChunkTable.GROUP).orElseThrow(),
                item.string(ChunkTable.ID).orElseThrow());

        Map<String, AttributeValue> again = new HashMap<>(item.attributes());
        again.put(ChunkTable.PUT, AttributeValue.fromN("1795253400123"));

        ConsumedCapacity put = client.putItem(request ->
                        request.tableName(name).item(again).returnConsumedCapacity(ReturnConsumedCapacity.TOTAL))
                .consumedCapacity();
        ConsumedCapacity get = client.getItem(request -> request.tableName(name)
                        .key(key)
                        .consistentRead(true)
                        .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL))
                .consumedCapacity();
        ConsumedCapacity listed = listed(name, item.string(ChunkTable.GROUP).orElseThrow());
        ConsumedCapacity removed = client.deleteItem(request ->
                        request.tableName(name).key(key).returnConsumedCapacity(ReturnConsumedCapacity.TOTAL))
                .consumedCapacity();

        assertThat(List.of(put, get, listed, removed))
                .extracting(ConsumedCapacity::capacityUnits)
                .containsExactly(258.0, 65.0, 1.0, 258.0);
        assertThat(MANUAL).content().contains("| 258 | 65 | 1 for each of 256 parts | 258 |");
    }

    private static ConsumedCapacity listed(String name, String hash) {
        return LocalDynamoDb.shared()
                .client()
                .query(request -> request.tableName(name)
                        .indexName(ChunkTable.INDEX)
                        .consistentRead(true)
                        .keyConditionExpression("chunkGroup = :hash")
                        .expressionAttributeValues(Map.of(":hash", AttributeValue.fromS(hash)))
                        .returnConsumedCapacity(ReturnConsumedCapacity.TOTAL))
                .consumedCapacity();
    }

    @Test
    void aLargeStoreIsListedAtAUnitForMoreThanTwentyChunks() {
        Map<String, byte[]> chunks = new TreeMap<>();
        for (int number = 0; number < 200; number++) {
            chunks.put(String.format(Locale.ROOT, "ab%062x", number), new byte[1000]);
        }
        store.chunks().put(chunks);

        assertThat(listed(table + "-chunks", "default#ab").capacityUnits()).isBetween(7.0, 10.0);
        assertThat(MANUAL).content().contains("for each 20 chunks");
    }

    @Test
    void theManualHasTheCommandThatMakesTheTable() {
        DdbOptions defaults = DdbOptions.of(Store.config("Snapshots2").build());
        String command = Tables.chunkCommand(defaults);

        assertThat(MANUAL)
                .content()
                .satisfies(
                        manual -> assertThat(manual.replaceAll("\\\\\n +", "").replaceAll(" +", " "))
                                .contains(command));
        assertThat(command).contains("--table-name Snapshots2-chunks ");
        assertThat(Set.of("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"))
                .allSatisfy(action -> assertThat(MANUAL).content().contains(action));
    }
}
