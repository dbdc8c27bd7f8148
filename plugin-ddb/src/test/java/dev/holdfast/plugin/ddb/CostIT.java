package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** What each call costs: the requests as they were sent, and the units that DynamoDB's rules make of their sizes. */
class CostIT {

    private static final Path MANUAL = Path.of("../docs/serializer-ddb.md");

    private String table;
    private Store store;
    private String before;

    @BeforeEach
    void open() {
        table = LocalDynamoDb.shared().manualsTable();
        store = Store.open(table);
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** The snapshot of a host with this many models: all fields of a real one's header, in its text too, which compresses as one. */
    private Snapshot ofModels(int models, long revision) {
        Random random = new Random(models + revision);
        byte[] state = new byte[32];
        random.nextBytes(state);
        SnapshotHeader.Builder header = TestSnapshots.header("default", revision)
                .name("of-" + models + "-" + revision)
                .host("ip-10-20-30-40.eu-central-1.compute.internal")
                .modelCount(models)
                .saveId(new UUID(random.nextLong(), random.nextLong()).toString())
                .follows(before)
                .history("5f0c7c5e-8c4b-4d0a-9d3e-0a1b2c3d4e5f")
                .state(HexFormat.of().formatHex(state));
        String line = header.size(0).sha256("0".repeat(64)).build().toLine();
        byte[] text = ServingTexts.text(models, revision, line.replaceFirst(" size=0 sha256=0+", ""));
        Snapshot snapshot = Snapshot.create(header, text);
        before = snapshot.header().saveId();
        return snapshot;
    }

    /** The table of the manual. A transaction's writes count twice, in the table and, for what has a month, in the index. */
    @ParameterizedTest
    @CsvSource({"3, 10, 1", "10, 12, 1", "100, 28, 2", "300, 66, 4"})
    void aSaveIsOneReadOfTheNameAndOneWrite(int models, int writeUnits, int readUnitsOfTheLast) {
        store.serializer().save(ofModels(models, 1));
        store.wire().forget();

        store.serializer().save(ofModels(models, 2));

        assertThat(store.wire().operations()).containsExactly("Query", "TransactWriteItems");
        Item head = item("default##head", "head");
        assertThat(writeUnits("of-" + models + "-2", head)).isEqualTo(writeUnits);
        assertThat((kilobytes(head) + 3) / 4).isEqualTo(readUnitsOfTheLast);
        assertThat(MANUAL)
                .content()
                .contains("| " + models + " | " + writeUnits + " | 1 | " + readUnitsOfTheLast + " | 2 |");
    }

    @ParameterizedTest
    @CsvSource({"1000, 53, 3", "10000, 471, 4"})
    void aLongTextIsWrittenOnceInPartsOfItsOwn(int models, int writeUnits, int requests) {
        store.serializer().save(ofModels(models, 1));
        store.wire().forget();
        store.serializer().save(ofModels(models, 2));
        assertThat(store.wire().operations()).hasSize(requests);

        int units = writeUnits("of-" + models + "-2", item("default##head", "head"));

        assertThat(units).isEqualTo(writeUnits);
        assertThat(MANUAL).content().contains("| " + models + " | " + writeUnits + " | 1 |");
    }

    @Test
    void theFirstSaveLooksForWhatTorchServeLeft() {
        store.serializer().save(ofModels(10, 1));

        assertThat(store.wire().operations())
                .containsExactly("GetItem", "Scan", "GetItem", "Query", "TransactWriteItems");
    }

    @Test
    void theFirstSaveOfAnotherGroupLooksForNothingOfOthers() {
        try (Store other = Store.open(Store.config(table).group("b").build())) {
            assertThat(other.serializer().getLast()).isEmpty();
            assertThat(other.wire().operations()).containsExactly("GetItem", "GetItem");
            other.wire().forget();

            other.serializer().save(snapshot("b", 1));

            assertThat(other.wire().operations()).containsExactly("GetItem", "GetItem", "Query", "TransactWriteItems");
        }
    }

    /** The index is asked once whether TorchServe saved after us, in the group that it belongs to. */
    @ParameterizedTest
    @CsvSource({"default, true", "b, false"})
    void theFirstReadOfTheLastSnapshotIsOneStronglyConsistentRead(String group, boolean looksForTorchServes) {
        try (Store other = Store.open(Store.config(table).group(group).build())) {
            other.serializer().save(snapshot(group, 1));
            other.wire().forget();

            assertThat(other.serializer().getLast()).isPresent();
            assertThat(other.serializer().getLast()).isPresent();

            assertThat(other.wire().operations())
                    .isEqualTo(
                            looksForTorchServes
                                    ? List.of("GetItem", "Query", "GetItem")
                                    : List.of("GetItem", "GetItem"));
            assertThat(other.wire().calls())
                    .filteredOn(call -> call.operation().equals("Query"))
                    .noneMatch(call -> call.body().contains("ConsistentRead"));
        }
    }

    @Test
    void theLastSnapshotIsOneRead() {
        store.serializer().save(ofModels(10, 1));
        assertThat(store.serializer().getLast()).isPresent();
        store.wire().forget();

        assertThat(store.serializer().getLast()).isPresent();

        assertThat(store.wire().operations()).containsExactly("GetItem");
    }

    @Test
    void theCostOfTheLastSnapshotAndOfAPageDoesNotGrowWithTheirNumber() {
        for (int revision = 1; revision <= 60; revision++) {
            store.serializer().save(ofModels(3, revision));
        }
        assertThat(store.serializer().getLast()).isPresent();
        store.wire().forget();

        assertThat(store.serializer().getLast()).isPresent();
        assertThat(store.serializer().list(ListRequest.firstPage(20)).headers()).hasSize(20);

        assertThat(store.wire().operations()).containsExactly("GetItem", "GetItem", "Query");
    }

    @Test
    void aSnapshotByItsNameIsOneQueryWithItsText() {
        store.serializer().save(ofModels(10, 1));
        store.wire().forget();

        store.serializer().get("of-10-1");

        assertThat(store.wire().operations()).containsExactly("Query");
    }

    @Test
    void aPageOfAListReadsNoText() {
        store.serializer().save(ofModels(2000, 1));
        store.wire().forget();

        store.serializer().list(ListRequest.firstPage(10));

        assertThat(store.wire().calls())
                .allSatisfy(call -> assertThat(call.reply().length()).isLessThan(4_000));
    }

    @Test
    void tenThousandModelsAreSavedAndRestoredWhateverTheLimitOfAnItem() {
        Snapshot saved = ofModels(10_000, 1);
        assertThat(saved.header().size()).isGreaterThan(4_000_000);

        store.serializer().save(saved);

        Snapshot restored = store.serializer().getLast().orElseThrow();
        assertThat(restored.header()).isEqualTo(saved.header());
        assertThat(restored.toBytes()).isEqualTo(saved.toBytes());
        assertThat(store.wire().operations().stream().filter("PutItem"::equals)).hasSizeGreaterThan(1);
    }

    private int writeUnits(String name, Item head) {
        int units = 2 * kilobytes(head);
        List<Item> items = LocalDynamoDb.shared().items(table).stream()
                .filter(item -> item.key().hash().equals(name))
                .toList();
        boolean inTransaction = head.has("text");
        for (Item item : items) {
            boolean part = PackedText.isPart(item);
            units += (part && !inTransaction ? 1 : 2) * kilobytes(item);
            units += item.has(Item.MONTH) ? 2 * kilobytes(item) : 0;
        }
        return units;
    }

    private Item item(String hash, String range) {
        return LocalDynamoDb.shared().items(table).stream()
                .filter(item -> item.key().equals(new ItemKey(hash, range)))
                .findFirst()
                .orElseThrow();
    }

    private static int kilobytes(Item item) {
        int bytes = 0;
        for (Map.Entry<String, AttributeValue> attribute : item.attributes().entrySet()) {
            AttributeValue value = attribute.getValue();
            bytes += attribute.getKey().length();
            bytes += value.s() != null ? value.s().getBytes(StandardCharsets.UTF_8).length : 0;
            bytes += value.n() != null ? value.n().length() / 2 + 2 : 0;
            bytes += value.b() != null ? value.b().asByteArray().length : 0;
            bytes +=
                    value.hasSs() ? value.ss().stream().mapToInt(String::length).sum() : 0;
        }
        return (bytes + 1023) / 1024;
    }
}
