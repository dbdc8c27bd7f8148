package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.testsupport.LogLines;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Tables whose index was made with another projection than ALL: nothing is missing from a list, and it is told once. */
class IndexProjectionIT {

    @ParameterizedTest
    @ValueSource(strings = {"", "header", "snapshot", "format revision"})
    void everySnapshotIsListedWhateverTheIndexHasOfIt(String included) {
        String[] attributes = included.isEmpty() ? new String[0] : included.split(" ");
        String table = LocalDynamoDb.shared().tableWhoseIndexHasOnly(attributes);
        for (String group : List.of("default", "b")) {
            try (Store store = Store.open(Store.config(table).group(group).build())) {
                List<SnapshotHeader> saved = new ArrayList<>();
                for (int revision = 1; revision <= 6; revision++) {
                    Snapshot snapshot = snapshot(group, revision);
                    store.serializer().save(snapshot);
                    saved.add(0, snapshot.header());
                }

                assertThat(Listing.of(store, 10)).isEqualTo(saved);
                assertThat(Listing.of(store, 2)).isEqualTo(saved);
                assertThat(store.serializer().count()).hasValue(6);
            }
        }
    }

    @Test
    void moreThanAnAnswerHoldsIsAskedForInParts() {
        String table = LocalDynamoDb.shared().tableWhoseIndexHasOnly();
        try (Store store = Store.open(Store.config(table).group("b").build())) {
            for (int revision = 1; revision <= 120; revision++) {
                store.serializer().save(snapshot("b", revision));
            }

            assertThat(store.serializer().list(ListRequest.firstPage(200)).headers())
                    .hasSize(120);
        }
    }

    @Test
    void theIndexAndTheCureAreNamedOnce() {
        String table = LocalDynamoDb.shared().tableWhoseIndexHasOnly();
        try (LogLines logs = LogLines.of(Level.INFO, Requests.class.getName());
                Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));
            store.serializer().save(snapshot("default", 2));
            store.serializer().list(ListRequest.firstPage(10));
            store.serializer().list(ListRequest.firstPage(10));

            assertThat(logs.lines())
                    .singleElement()
                    .asString()
                    .contains(
                            "Index createdOnMonth-index of table " + table,
                            "its projection must be ALL",
                            "\"Delete\":{\"IndexName\":\"createdOnMonth-index\"}",
                            "\"ProjectionType\":\"ALL\"");
        }
    }

    /** What TorchServe left there is seen too, and what it saves later is told. */
    @Test
    void torchServesAreListedToo() {
        String table = LocalDynamoDb.shared().tableWhoseIndexHasOnly();
        String name = "20200930235900000-snapshot.cfg_1601510340000_2";
        LocalDynamoDb.shared()
                .put(
                        table,
                        Map.of(
                                "snapshotName", AttributeValue.fromS(name),
                                "createdOn", AttributeValue.fromS("2020-10-01 01:59:00,000"),
                                "createdOnMonth", AttributeValue.fromS("2020-10"),
                                "snapshot", AttributeValue.fromS(TorchServeText.of(name, 0, 2))));
        try (Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));

            assertThat(Listing.of(store, 10))
                    .extracting(SnapshotHeader::name)
                    .containsExactly(snapshot("default", 1).header().name(), name);
            assertThat(store.serializer().count()).hasValue(2);
        }
    }

    @Test
    void anIndexWithAllAttributesCostsNothingMore() {
        String table = LocalDynamoDb.shared().manualsTable();
        try (LogLines logs = LogLines.of(Level.INFO, Requests.class.getName());
                Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));
            store.serializer().save(snapshot("default", 2));
            store.wire().forget();

            store.serializer().list(ListRequest.firstPage(10));

            assertThat(store.wire().operations()).containsExactly("GetItem", "Query");
            assertThat(logs.lines()).isEmpty();
        }
    }
}
