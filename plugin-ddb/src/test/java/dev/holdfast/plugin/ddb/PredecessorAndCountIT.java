package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.header;
import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.testkit.TestSnapshots;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** What the head item knows of the newest snapshot and of the number of all, and what is done where it does not. */
class PredecessorAndCountIT {

    private static final ItemKey HEAD = new ItemKey("default##head", "head");

    private final String table = LocalDynamoDb.shared().manualsTable();

    private static Snapshot following(String saveId, long revision) {
        return Snapshot.create(
                header("default", revision).name("follows-" + revision).follows(saveId), TestSnapshots.text(revision));
    }

    private Item head() {
        return LocalDynamoDb.shared().items(table).stream()
                .filter(item -> item.key().equals(HEAD))
                .findFirst()
                .orElseThrow();
    }

    private void changeHead(String attribute, AttributeValue value) {
        Map<String, AttributeValue> changed = new LinkedHashMap<>(head().attributes());
        if (value == null) {
            changed.remove(attribute);
        } else {
            changed.put(attribute, value);
        }
        changed.put("stamp", AttributeValue.fromS("another"));
        LocalDynamoDb.shared().put(table, changed);
    }

    @Test
    void aSaveThatSaysWhatItFollowsCostsNoRequestMore() {
        try (Store store = Store.open(table)) {
            Snapshot first = snapshot("default", 1);
            store.serializer().save(first);
            store.wire().forget();

            store.serializer().save(following(first.header().saveId(), 2));

            assertThat(store.wire().operations()).containsExactly("Query", "TransactWriteItems");
            store.wire().forget();
            assertThat(store.serializer().count()).hasValue(2);
            assertThat(store.wire().operations()).containsExactly("GetItem");
        }
    }

    @Test
    void aSaveAfterARemovalReadsTheHeadAndMeetsNoConflictOfItsOwn() {
        try (Store store = Store.open(table)) {
            for (int revision = 1; revision <= 4; revision++) {
                store.serializer().save(snapshot("default", revision));
            }
            store.serializer().delete(snapshot("default", 1).header().name());
            store.wire().forget();

            store.serializer().save(snapshot("default", 5));

            assertThat(store.wire().operations()).containsExactly("GetItem", "Query", "TransactWriteItems");
            assertThat(store.serializer().count()).hasValue(4);
        }
    }

    @Test
    void theRefusalNamesTheSnapshotWhatItFollowsAndTheNewest() {
        try (Store store = Store.open(table)) {
            Snapshot newest = snapshot("default", 8);
            store.serializer().save(newest);

            assertThatThrownBy(() -> store.serializer().save(following("id-of-ten", 11)))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContaining("Snapshot follows-11 follows save-id id-of-ten")
                    .hasMessageContaining("save-id " + newest.header().saveId() + " ("
                            + newest.header().name() + ", revision 8");
        }
    }

    @Test
    void whereTheHeaderInTheHeadIsDamagedTheRevisionAloneDecides() {
        try (Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));
        }
        changeHead("header", AttributeValue.fromS("no header at all"));
        try (Store store = Store.open(table)) {
            assertThatThrownBy(() -> store.serializer().save(following("whatever", 1)))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContaining("has revision 1 already");
            store.serializer().save(following("whatever", 2));

            assertThat(store.serializer().getLast().orElseThrow().header().revision())
                    .isEqualTo(2);
        }
    }

    @Test
    void aHeadThatWasLostIsNoReasonToTakeWhatFollowsAnother() {
        Snapshot newest = snapshot("default", 4);
        try (Store store = Store.open(table)) {
            store.serializer().save(newest);
        }
        LocalDynamoDb.shared()
                .client()
                .deleteItem(delete -> delete.tableName(table).key(HEAD.attributes()));
        try (Store store = Store.open(table)) {
            assertThatThrownBy(() -> store.serializer().save(following("another", 5)))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContaining(newest.header().name());

            store.serializer().save(following(newest.header().saveId(), 5));
            assertThat(store.serializer().count()).hasValue(2);
        }
    }

    @Test
    void aSnapshotOfTorchServeIsFollowedByTheSaveIdThatItsReaderGot() {
        putTorchServes();
        try (Store store = Store.open(table)) {
            Snapshot last = store.serializer().getLast().orElseThrow();
            assertThatThrownBy(() -> store.serializer().save(following("another", 1)))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContaining(last.header().name());

            store.serializer().save(following(last.header().saveId(), 1));

            assertThat(store.serializer().getLast().orElseThrow().header().revision())
                    .isEqualTo(1);
            assertThat(store.serializer().count())
                    .as("with TorchServe's, as a list has them")
                    .hasValue(2);
            assertThat(Listing.of(store, 10)).hasSize(2);
        }
    }

    private void putTorchServes() {
        String name = "20200930235900000-snapshot.cfg_1601510340000_2";
        LocalDynamoDb.shared()
                .put(
                        table,
                        Map.of(
                                "snapshotName", AttributeValue.fromS(name),
                                "createdOn", AttributeValue.fromS("2020-10-01 01:59:00,000"),
                                "createdOnMonth", AttributeValue.fromS("2020-10"),
                                "snapshot", AttributeValue.fromS(TorchServeText.of(name, 0, 2))));
    }

    @Test
    void whatAnOlderVersionSavedIsCountedInTheTableAndThenKeptInTheHeadAgain() {
        try (Store store = Store.open(table)) {
            for (int revision = 1; revision <= 3; revision++) {
                store.serializer().save(snapshot("default", revision));
            }
            assertThat(head().number("count")).hasValue(3);
        }
        try (Store other = Store.open(Store.config(table).group("other").build())) {
            other.serializer().save(snapshot("other", 1));
        }
        changeHead("count", null);
        try (Store store = Store.open(table)) {
            assertThat(store.serializer().count()).hasValue(3);
            assertThat(store.wire().operations()).containsExactly("GetItem", "Scan", "GetItem");

            store.serializer().save(snapshot("default", 4));

            assertThat(head().number("count")).hasValue(4);
            store.wire().forget();
            assertThat(store.serializer().count()).hasValue(4);
            assertThat(store.wire().operations()).containsExactly("GetItem");
        }
    }

    @Test
    void whatWasCountedBesideAnotherHeadIsNotKept() {
        try (Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));
            store.serializer().save(snapshot("default", 2));
            changeHead("count", null);
            assertThat(store.serializer().count()).hasValue(2);
            changeHead("count", null);
            LocalDynamoDb.shared().put(table, Map.copyOf(withStamp(head().attributes(), "a third")));

            store.serializer().save(snapshot("default", 3));

            assertThat(head().number("count")).isEmpty();
            assertThat(store.serializer().count()).hasValue(3);
        }
    }

    private static Map<String, AttributeValue> withStamp(Map<String, AttributeValue> head, String stamp) {
        Map<String, AttributeValue> changed = new LinkedHashMap<>(head);
        changed.put("stamp", AttributeValue.fromS(stamp));
        return changed;
    }

    @Test
    void withoutTransactionsTheHeadHasNoNumberAndTheTableIsCounted() {
        try (Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));
            store.serializer().save(snapshot("default", 2));
        }
        try (Store store = Store.open(table, "transactions", "false")) {
            assertThat(store.serializer().count()).hasValue(2);
            store.serializer().delete(snapshot("default", 1).header().name());
            assertThat(head().number("count")).isEmpty();
            assertThat(store.serializer().count()).hasValue(1);

            store.serializer().save(snapshot("default", 3));

            assertThat(head().number("count")).isEmpty();
            assertThat(store.serializer().count()).hasValue(2);
        }
    }

    @Test
    void ofAGroupThatWasEmptiedNothingStays() {
        try (Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));
            store.serializer().removeEmptyGroup();
            assertThat(store.serializer().getLast()).isPresent();
            store.serializer().delete(snapshot("default", 1).header().name());
            assertThat(LocalDynamoDb.shared().items(table)).isNotEmpty();

            store.serializer().removeEmptyGroup();
        }

        assertThat(LocalDynamoDb.shared().items(table)).isEmpty();
    }
}
