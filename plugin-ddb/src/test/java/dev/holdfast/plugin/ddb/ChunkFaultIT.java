package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/** What goes wrong with chunks between this host and DynamoDB, and in their table. */
class ChunkFaultIT {

    private static final Instant EVER = Instant.MAX;

    private final String table = LocalDynamoDb.newTableName();
    private final String chunkTable = table + "-chunks";
    private Store store;

    @BeforeEach
    void open() {
        store = Store.open(table, "create-table", "true");
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** The table is there, and nothing is noted yet. */
    private void madeTable() {
        store.chunks().put(Chunks.of(1, 10));
        store.wire().forget();
    }

    // What is left for later

    @Test
    void whatABatchLeavesIsPutLater() {
        madeTable();
        store.wire().fault("BatchWriteItem", 2, FaultyHttpClient.allItemsLeft());
        Map<String, byte[]> chunks = Chunks.of(30, 100);

        store.chunks().put(chunks);

        assertThat(store.wire().operations()).containsExactly(times(4, "BatchWriteItem"));
        assertThat(store.chunks().get(chunks.keySet()))
                .hasSize(30)
                .allSatisfy((id, content) -> assertThat(content).isEqualTo(chunks.get(id)));
    }

    @Test
    void whatABatchLeavesIsReadLater() {
        madeTable();
        Map<String, byte[]> chunks = Chunks.of(30, 100);
        store.chunks().put(chunks);
        store.wire().forget();
        store.wire().fault("BatchGetItem", 2, FaultyHttpClient.allKeysLeft());

        Map<String, byte[]> back = store.chunks().get(chunks.keySet());

        assertThat(store.wire().operations()).containsExactly(times(4, "BatchGetItem"));
        assertThat(back.keySet()).isEqualTo(chunks.keySet());
    }

    private static String[] times(int times, String operation) {
        return Collections.nCopies(times, operation).toArray(String[]::new);
    }

    @Test
    void aTableWithoutCapacityEndsTheCallInTimeAndIsSaidSo() {
        madeTable();
        try (Store hurried = Store.open(table, "attempt-timeout", "2s", "chunk-timeout", "3s")) {
            hurried.wire()
                    .fault("BatchWriteItem", 9999, FaultyHttpClient.allItemsLeft())
                    .fault("BatchGetItem", 9999, FaultyHttpClient.allKeysLeft());

            for (Consumer<ChunkStore> call : List.<Consumer<ChunkStore>>of(
                    chunks -> chunks.put(Chunks.of(30, 10)), chunks -> chunks.get(List.of(Chunks.id(0))))) {
                assertThatThrownBy(() -> call.accept(hurried.chunks()))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContainingAll(
                                chunkTable, "3000 ms (snapshot.ddb.chunk-timeout)", "for later", "on-demand");
            }
        }
    }

    // Throttled, down, refusing

    /** More often than the SDK itself tries. */
    @Test
    void throttlingIsWaitedOut() {
        madeTable();
        store.wire().fault("", 4, FaultyHttpClient.error(400, "ProvisionedThroughputExceededException"));

        store.chunks().put(Chunks.of(2, 10));

        assertThat(store.chunks().get(List.of(Chunks.id(1)))).hasSize(1);
    }

    @Test
    void aPutWhoseReplyIsLostIsMadeAgain() {
        madeTable();
        store.wire().fault("BatchWriteItem", 1, FaultyHttpClient.replyLost());

        store.chunks().put(Chunks.of(2, 10));

        assertThat(store.chunks().missing(Chunks.of(2, 10).keySet())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"400, AccessDeniedException, IAM policy", "503, ServiceUnavailable, HTTP status 503"})
    void whatTheServiceAnswersIsSaidWithItsCure(int status, String code, String cure) {
        madeTable();
        store.wire().fault("", 999, FaultyHttpClient.error(status, code));

        assertUnavailable(chunks -> chunks.put(Chunks.of(1, 10)), "could not be stored in " + chunkTable, cure);
        assertUnavailable(chunks -> chunks.get(List.of(Chunks.id(1))), "could not be read from " + chunkTable, cure);
        assertUnavailable(chunks -> chunks.missing(List.of(Chunks.id(1))), chunkTable + " could not be listed", cure);
        assertUnavailable(chunks -> chunks.list("", 1), chunkTable + " could not be listed", cure);
        assertUnavailable(chunks -> chunks.delete(List.of(Chunks.id(1)), EVER), "could not be removed", cure);
    }

    private void assertUnavailable(Consumer<ChunkStore> call, String... parts) {
        assertThatThrownBy(() -> call.accept(store.chunks()))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    // The table

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aHostWithoutLearningModelsNeedsNoTable(String create) {
        try (Store other = Store.open(table, "create-table", create)) {
            ChunkStore chunks = other.chunks();

            assertThat(chunks.list("", 1)).isEmpty();
            assertThat(chunks.missing(List.of(Chunks.id(1)))).isEqualTo(Set.of(Chunks.id(1)));
            assertThat(chunks.delete(List.of(Chunks.id(1)), EVER)).isZero();

            assertThat(other.wire().operations()).doesNotContain("CreateTable");
        }
        assertThatThrownBy(() -> LocalDynamoDb.shared().describe(chunkTable))
                .isInstanceOf(ResourceNotFoundException.class);
    }

    @Test
    void snapshotsAloneTouchNoTableOfChunks() {
        store.serializer().save(snapshot("default", 1));
        store.serializer().getLast();

        assertThat(store.wire().calls())
                .isNotEmpty()
                .allSatisfy(call -> assertThat(call.body()).doesNotContain(chunkTable));
    }

    @Test
    void aMissingTableIsSaidWithItsCommand() {
        try (Store strict = Store.open(table)) {
            for (Consumer<ChunkStore> call : List.<Consumer<ChunkStore>>of(
                    chunks -> chunks.put(Chunks.of(1, 10)), chunks -> chunks.get(List.of(Chunks.id(1))))) {
                assertThatThrownBy(() -> call.accept(strict.chunks()))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContainingAll(
                                "there is no table " + chunkTable,
                                "snapshot.ddb.create-table=true",
                                "aws dynamodb create-table --billing-mode PAY_PER_REQUEST --table-name " + chunkTable,
                                "--local-secondary-indexes");
            }
        }
    }

    @Test
    void theFirstPutMakesTheTableOnDemand() {
        assertThat(store.chunks().get(List.of(Chunks.id(0)))).isEmpty();

        store.chunks().put(Chunks.of(1, 10));

        var made = LocalDynamoDb.shared().describe(chunkTable);
        assertThat(made.billingModeSummary().billingMode()).isEqualTo(BillingMode.PAY_PER_REQUEST);
        assertThat(made.localSecondaryIndexes()).hasSize(1);
        assertThat(made.globalSecondaryIndexes()).isEmpty();
    }

    @Test
    void aTableWithoutTheIndexIsSaidSo() {
        String other = LocalDynamoDb.shared().tableWithoutIndex();
        try (Store wrong = Store.open(table, "chunk-table", other)) {
            assertThatThrownBy(() -> wrong.chunks().list("", 1))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContainingAll(
                            "table " + other + " has no index entry-index",
                            "cannot be added",
                            "aws dynamodb create-table");
        }
    }

    @Test
    void withTwoTablesThereIsAThird() {
        String latest = LocalDynamoDb.newTableName();
        try (Store two = Store.open(table, "layout", "two-tables", "latest-table", latest, "create-table", "true")) {
            two.serializer().save(snapshot("default", 1));
            two.chunks().put(Chunks.of(3, 1000));

            assertThat(two.chunks().list("", 10)).hasSize(3);
            assertThat(two.serializer().getLast()).isPresent();
            assertThat(LocalDynamoDb.shared().items(chunkTable)).hasSize(3);
        }
    }

    // The items

    @Test
    void anItemIsAsTheManualSays() {
        Instant now = Instant.parse("2026-11-21T13:49:54.253Z");
        try (Store store = Store.open(
                Store.config(table, "create-table", "true").group("team").build(), Clock.fixed(now, ZoneOffset.UTC))) {
            String id = Chunks.id(7);
            store.chunks().put(Map.of(id, new byte[] {1, 2, 3}));

            Item item = LocalDynamoDb.shared().items(chunkTable).get(0);
            assertThat(item.attributes()).containsOnlyKeys("chunkGroup", "chunkId", "entry", "put", "content");
            assertThat(item.string("chunkGroup")).contains("team#" + id.substring(0, 2));
            assertThat(item.string("chunkId")).contains(id);
            assertThat(item.string("entry")).contains(id);
            assertThat(item.number("put")).hasValue(now.toEpochMilli());

            assertThat(store.chunks().list("", 1)).containsEntry(id, now);
            assertThat(store.chunks().delete(List.of(id), now)).isZero();
            assertThat(store.chunks().delete(List.of(id), Instant.MIN)).isZero();
            assertThat(store.chunks().delete(List.of(id, id), now.plusMillis(1)))
                    .isOne();
        }
    }

    @Test
    void anItemWithoutContentIsNoChunk() {
        madeTable();
        String id = Chunks.id(1);
        LocalDynamoDb.shared().put(chunkTable, ChunkTable.key("default#" + id.substring(0, 2), id));

        assertThatThrownBy(() -> store.chunks().get(List.of(id)))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContainingAll(id, chunkTable, "no binary attribute content");
        assertThat(store.chunks().missing(List.of(id))).containsExactly(id);
        store.chunks().put(Map.of(id, new byte[] {1}));
        assertThat(store.chunks().get(List.of(id))).hasSize(1);
    }

    @Test
    void anItemWhosePutIsNoNumberIsNotListedAndDoesNotEndTheList() {
        madeTable();
        String id = Chunks.id(1);
        LocalDynamoDb.shared()
                .put(
                        chunkTable,
                        Map.of(
                                "chunkGroup",
                                        AttributeValue.fromS(
                                                "default#" + Chunks.id(0).substring(0, 2)),
                                "chunkId", AttributeValue.fromS("00" + "0".repeat(62)),
                                "entry", AttributeValue.fromS("00" + "-".repeat(62)),
                                "put", AttributeValue.fromS("yesterday")));
        store.chunks().put(Map.of(id, new byte[] {1}));

        assertThat(store.chunks().list("", 1)).hasSize(1);
        assertThat(store.chunks().list(Chunks.id(0), 10)).containsOnlyKeys(id);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10_001})
    void aLimitOutOfItsRangeIsRefused(int limit) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.chunks().list("", limit))
                .withMessageContaining("1 to 10000");
        assertThatIllegalArgumentException().isThrownBy(() -> store.chunks().list("x", 1));
    }
}
