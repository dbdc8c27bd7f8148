package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.SnapshotSerializerContract;
import dev.holdfast.testsupport.LogLines;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The contract in TorchServe's older two tables, and what TorchServe left there. */
class TwoTablesIT extends SnapshotSerializerContract {

    /** New ones for each test: the first save of a group reads the whole table. */
    private final String table = LocalDynamoDb.newTableName();

    private final String latest = LocalDynamoDb.newTableName();

    @Override
    protected SnapshotSerializerFactory factory() {
        return new DdbSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return config(table, latest).group(group).build();
    }

    private static SerializerConfig.Builder config(String table, String latest) {
        return Store.config(table, "layout", "two-tables", "latest-table", latest, "create-table", "true");
    }

    @Override
    protected void damage(String group, String name) {
        Damage.text(table, latest, group, name);
    }

    @Test
    void whatTorchServeLeftIsRestoredListedChosenByNameAndContinued() {
        try (Store store = Store.open(config(table, latest).build())) {
            assertThat(store.serializer().getLast()).isEmpty();
            put(table, "20200901120000000-startup.cfg_1598961600000_0", "2020-09-01 14:00:00,000", 0);
            put(table, "20200930235900000-snapshot.cfg_1601510340000_2", "2020-10-01 01:59:00,000", 2);
            String text = TorchServeText.of("20200930235900000-snapshot.cfg", 1601510340000L, 2);
            LocalDynamoDb.shared()
                    .put(
                            latest,
                            Map.of(
                                    "snapshotName", AttributeValue.fromS("latestSnapshot"),
                                    "snapshot", AttributeValue.fromS(text)));

            Snapshot last = store.serializer().getLast().orElseThrow();
            assertThat(last.text()).isEqualTo(text);
            assertThat(last.header().name()).isEqualTo("20200930235900000-snapshot.cfg_1601510340000_2");
            assertThat(last.header().kind()).isEqualTo(SnapshotKind.SNAPSHOT);
            assertThat(last.header().createdOn()).isEqualTo(Instant.ofEpochMilli(1601510340000L));
            assertThat(last.header().revision()).isZero();
            assertThat(last.header().modelCount()).isEqualTo(2);
            String older = "20200901120000000-startup.cfg_1598961600000_0";
            assertThat(store.serializer().get(older).header().kind()).isEqualTo(SnapshotKind.STARTUP);
            assertThat(names(store, 10)).containsExactly(last.header().name(), older);

            Snapshot ours = snapshot("default", 1);
            store.serializer().save(ours);

            assertThat(store.serializer().getLast()).contains(ours);
            assertThat(names(store, 10))
                    .containsExactly(ours.header().name(), last.header().name(), older);
            assertThat(names(store, 1))
                    .containsExactly(ours.header().name(), last.header().name(), older);
            assertThat(store.serializer().get(older).header().name()).isEqualTo(older);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withoutALatestOneTheNewestOfTorchServesIsTakenAndSaid(boolean emptyItem) {
        try (Store store = Store.open(config(table, latest).build())) {
            assertThat(store.serializer().getLast()).isEmpty();
        }
        String newest = "20200930235900000-snapshot.cfg_1601510340000_2";
        for (int i = 10; i < 30; i++) {
            put(table, "202009010000000" + i + "-snapshot.cfg_15989616000" + i + "_1", "2020-09-" + i, 1);
        }
        put(table, newest, "2020-10-01 01:59:00,000", 2);
        if (emptyItem) {
            LocalDynamoDb.shared().put(latest, Map.of("snapshotName", AttributeValue.fromS(TorchServeItem.LATEST)));
        }

        try (LogLines logs = LogLines.of(Level.INFO, SnapshotReader.class.getName());
                Store store = Store.open(config(table, latest).build())) {
            assertThat(store.serializer().getLast().orElseThrow().header().name())
                    .isEqualTo(newest);
            store.serializer().getLast();
            assertThat(logs.lines())
                    .containsExactly("WARN Table " + latest
                            + " has no snapshot under latestSnapshot, although TorchServe saved"
                            + " snapshots in " + table + ": the newest of those by createdOn is taken, " + newest
                            + ". To start from another one: --snapshot NAME");
            store.serializer().save(snapshot("default", 1));
            assertThat(names(store, 100))
                    .hasSize(22)
                    .startsWith(snapshot("default", 1).header().name(), newest);
        }
    }

    @Test
    void aTableThatCannotBeReadIsNotTakenForAnEmptyOne() {
        try (Store store = Store.open(config(table, latest).build())) {
            store.wire().fault("Scan", 99, FaultyHttpClient.error(400, "AccessDeniedException"));

            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> store.serializer().getLast())
                    .withMessageContaining("AccessDeniedException");
        }
    }

    /** Nothing is found by reading the whole table, but what TorchServe saved, where a list comes to it. */
    @Test
    void aFirstSaveAndAReadOfTheLastDoNotScan() {
        try (Store store = Store.open(config(table, latest).build())) {
            Snapshot ours = snapshot("default", 1);
            store.serializer().save(ours);
            assertThat(store.wire().operations())
                    .as("that TorchServe left nothing is proved once")
                    .containsOnlyOnce("Scan");
            store.wire().forget();
            assertThat(names(store, 10)).containsExactly(ours.header().name());

            LocalDynamoDb.shared()
                    .client()
                    .deleteItem(delete -> delete.tableName(latest).key(new ItemKey("default##head", "").attributes()));

            assertThat(store.serializer().getLast()).contains(ours);
            assertThat(names(store, 10)).containsExactly(ours.header().name());
            store.serializer().save(snapshot("default", 2));
            assertThat(names(store, 1)).hasSize(2);
            assertThat(store.wire().operations()).doesNotContain("Scan");
        }
    }

    @Test
    void whatTorchServeSavedAfterOursIsNamedAtTheStart() {
        Snapshot ours = snapshot("default", 1);
        try (Store store = Store.open(config(table, latest).build())) {
            store.serializer().save(ours);
        }
        long later = ours.header().createdOn().toEpochMilli() + 1000;
        put(latest, TorchServeItem.LATEST, later);

        try (LogLines logs = LogLines.of(Level.INFO, NewerTorchServeSnapshot.class.getName());
                Store store = Store.open(config(table, latest).build())) {
            assertThat(store.serializer().getLast()).contains(ours);

            assertThat(logs.lines())
                    .singleElement()
                    .asString()
                    .contains("TorchServe saved a.cfg_" + later + "_1 in ", "--snapshot a.cfg_" + later + "_1");
        }
    }

    private static void put(String table, String name, long created) {
        LocalDynamoDb.shared()
                .put(
                        table,
                        Map.of(
                                "snapshotName", AttributeValue.fromS(name),
                                "snapshot", AttributeValue.fromS(TorchServeText.of("a.cfg", created, 1))));
    }

    private static void put(String table, String name, String createdOn, int models) {
        LocalDynamoDb.shared()
                .put(
                        table,
                        Map.of(
                                "snapshotName", AttributeValue.fromS(name),
                                "createdOn", AttributeValue.fromS(createdOn),
                                "snapshot", AttributeValue.fromS(TorchServeText.of(name, 0, models))));
    }

    private static List<String> names(Store store, int limit) {
        return Listing.of(store, limit).stream().map(SnapshotHeader::name).toList();
    }
}
