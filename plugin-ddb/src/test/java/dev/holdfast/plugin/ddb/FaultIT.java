package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** What goes wrong between this host and DynamoDB, and in the table. */
class FaultIT {

    private String table;
    private Store store;

    @BeforeEach
    void open() {
        table = LocalDynamoDb.shared().manualsTable();
        store = Store.open(table);
        store.serializer().save(snapshot("default", 1));
        store.wire().forget();
    }

    @AfterEach
    void close() {
        store.close();
    }

    private List<Long> revisions() {
        return Listing.of(store, 100).stream().map(SnapshotHeader::revision).toList();
    }

    // The reply that never comes

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aSaveWhoseReplyIsLostHasSucceeded(int times) {
        store.wire().fault("TransactWriteItems", times, FaultyHttpClient.replyLost());
        Snapshot second = snapshot("default", 2);

        store.serializer().save(second);

        assertThat(store.serializer().getLast()).contains(second);
        store.serializer().save(snapshot("default", 3));
        assertThat(revisions()).containsExactly(3L, 2L, 1L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void withoutTransactionsToo(int times) {
        try (Store other = Store.open(table, "transactions", "false")) {
            Snapshot second = snapshot("default", 2);
            other.wire()
                    .fault(
                            "PutItem",
                            1,
                            (request, client) -> client.prepareRequest(request).call())
                    .fault("PutItem", times, FaultyHttpClient.replyLost());

            other.serializer().save(second);

            assertThat(store.serializer().getLast()).contains(second);
            assertThat(revisions()).containsExactly(2L, 1L);
        }
    }

    @Test
    void aSaveOfWhichNobodyCanTellIsToldByTheNextOne() {
        store.wire()
                .fault("TransactWriteItems", 1, FaultyHttpClient.replyLost())
                .fault("TransactWriteItems", 9, FaultyHttpClient.refused())
                .fault("GetItem", 99, FaultyHttpClient.refused());
        Snapshot second = snapshot("default", 2);
        assertThatThrownBy(() -> store.serializer().save(second))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("Whether it was saved is unknown");
        store.wire().mend();

        store.serializer().save(second);

        assertThat(revisions()).containsExactly(2L, 1L);
    }

    // Down, slow, refusing

    @Test
    void aStoreThatRefusesConnectionsIsUnavailableAndNothingChanges() {
        store.wire().fault("", 999, FaultyHttpClient.refused());

        assertUnavailable(one -> one.serializer().save(snapshot("default", 2)), "Connection refused", "Is it running");
        assertUnavailable(one -> one.serializer().getLast(), "The last snapshot could not be read", "127.0.0.1");
        assertUnavailable(one -> one.serializer().list(ListRequest.firstPage(1)), "could not be listed");
        assertUnavailable(one -> one.serializer().get("x"), "Snapshot x could not be read");
        assertUnavailable(one -> one.serializer().delete(TestSnapshots.name(1)), "could not be removed");

        store.wire().mend();
        store.serializer().save(snapshot("default", 2));
        assertThat(revisions()).containsExactly(2L, 1L);
    }

    private void assertUnavailable(Consumer<Store> call, String... parts) {
        assertThatThrownBy(() -> call.accept(store))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void aStoreThatAcceptsAndSaysNothingHoldsACallForTheTotalTimeAtMost() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Store hanging = Store.open(
                        table,
                        "endpoint",
                        "http://127.0.0.1:" + silent.getLocalPort(),
                        "attempt-timeout",
                        "200ms",
                        "total-timeout",
                        "800ms")) {
            for (Consumer<Store> call : List.<Consumer<Store>>of(
                    one -> one.serializer().getLast(),
                    one -> one.serializer().save(snapshot("default", 2)),
                    one -> one.serializer().list(ListRequest.firstPage(1)))) {
                long begin = System.nanoTime();
                assertThatThrownBy(() -> call.accept(hanging))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("did not answer in time");
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "400, ProvisionedThroughputExceededException, on-demand",
        "400, ThrottlingException, on-demand",
        "500, InternalServerError, HTTP status 500",
        "503, ServiceUnavailable, HTTP status 503",
        "400, ExpiredTokenException, have expired: renew them",
        "400, UnrecognizedClientException, not valid for this account",
        "400, InvalidSignatureException, not valid for this account",
        "400, AccessDeniedException, IAM policy"
    })
    void whatTheServiceAnswersIsSaidWithItsCure(int status, String code, String cure) {
        store.wire().fault("", 999, FaultyHttpClient.error(status, code));

        assertUnavailable(one -> one.serializer().save(snapshot("default", 2)), code, cure);
        assertUnavailable(one -> one.serializer().getLast(), code, cure);

        store.wire().mend();
        assertThat(revisions()).containsExactly(1L);
    }

    @ParameterizedTest
    @CsvSource({"400, ProvisionedThroughputExceededException", "500, InternalServerError"})
    void whatPassesIsWaitedOut(int status, String code) {
        store.wire().fault("", 2, FaultyHttpClient.error(status, code));

        store.serializer().save(snapshot("default", 2));

        assertThat(revisions()).containsExactly(2L, 1L);
    }

    @Test
    void aTransactionThatMeetsAnotherIsTriedAgain() {
        store.wire()
                .fault("TransactWriteItems", 1, FaultyHttpClient.cancelled("TransactionConflict", "None", "None"))
                .fault("TransactWriteItems", 1, FaultyHttpClient.error(400, "TransactionInProgressException"));

        store.serializer().save(snapshot("default", 2));

        assertThat(revisions()).containsExactly(2L, 1L);
    }

    /** Not that it did not answer: it did, and said what is wrong. */
    @ParameterizedTest
    @CsvSource({
        "TransactionConflict, Other writes of this group were in the way",
        "ProvisionedThroughputExceeded, capacity is used up: raise it"
    })
    void aWriteThatIsRefusedWithoutEndEndsInTimeWithWhatTheServiceSaid(String reason, String cure) {
        try (Store busy = Store.open(table, "attempt-timeout", "1s", "total-timeout", "2500ms")) {
            busy.wire().fault("TransactWriteItems", 9999, FaultyHttpClient.cancelled(reason, "None", "None"));

            for (Consumer<Store> call : List.<Consumer<Store>>of(
                    one -> one.serializer().save(snapshot("default", 2)),
                    one -> one.serializer().delete(TestSnapshots.name(1)))) {
                long begin = System.nanoTime();

                assertThatThrownBy(() -> call.accept(busy))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContainingAll("TransactionCanceledException", "said the test", cure)
                        .hasCauseInstanceOf(TransactionCanceledException.class);

                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
            }
        }
    }

    /** Long texts are in the table before it is known who wins. */
    @Test
    void theOneThatLosesTakesItsLongTextBack() {
        Snapshot ours = snapshot("default", 2, "ours", TestSnapshots.noise(300_000, 3));
        store.wire().fault("TransactWriteItems", 1, (request, client) -> {
            try (Store other = Store.open(table)) {
                other.serializer().save(snapshot("default", 2, "theirs"));
            }
            return client.prepareRequest(request).call();
        });

        assertThatThrownBy(() -> store.serializer().save(ours)).isInstanceOf(SnapshotConflictException.class);

        assertThat(LocalDynamoDb.shared().items(table))
                .noneMatch(item -> item.key().hash().equals("ours"));
        assertThat(revisions()).containsExactly(2L, 1L);
    }

    // The table

    @Test
    void aMissingTableIsNamedWithTheCommandThatMakesIt() {
        try (Store none = Store.open("No-Such-Table")) {
            for (Consumer<Store> call : List.<Consumer<Store>>of(
                    one -> one.serializer().getLast(), one -> one.serializer().save(snapshot("default", 1)))) {
                assertThatThrownBy(() -> call.accept(none))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContainingAll(
                                "there is no table No-Such-Table",
                                "snapshot.ddb.create-table=true",
                                "aws dynamodb create-table",
                                "--table-name No-Such-Table",
                                "createdOnMonth-index");
            }
        }
    }

    @Test
    void aTableThatGoesWhileAHostServesIsSaidSo() {
        LocalDynamoDb.shared().client().deleteTable(delete -> delete.tableName(table));

        assertUnavailable(one -> one.serializer().save(snapshot("default", 2)), "there is no table");
    }

    @Test
    void aMissingIndexIsNamedWithTheCommandThatAddsIt() {
        String bare = LocalDynamoDb.shared().tableWithoutIndex();
        try (Store none = Store.open(bare)) {
            assertThatThrownBy(() -> none.serializer().getLast())
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContainingAll("has no index createdOnMonth-index", "aws dynamodb update-table");
        }
    }

    @Test
    void anIndexWithoutItsRangeKeyIsRefused() {
        String unordered = LocalDynamoDb.shared().tableWhoseIndexHasNoOrder();
        LocalDynamoDb.shared()
                .put(
                        unordered,
                        Map.of(
                                "snapshotName", AttributeValue.fromS("x_1_1"),
                                "createdOn", AttributeValue.fromS("2026-11-01 00:00:00,000"),
                                "createdOnMonth", AttributeValue.fromS("2026-11"),
                                "snapshot", AttributeValue.fromS("a=b")));
        try (Store none = Store.open(unordered)) {
            assertThatThrownBy(() -> none.serializer().getLast())
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("does not have the range key createdOn");
        }
    }

    @Test
    void theTableIsMadeWhereThatIsAllowedAndIsTheSame() {
        String made = LocalDynamoDb.newTableName();
        try (Store maker = Store.open(made, "create-table", "true")) {
            assertThat(maker.serializer().getLast()).isEmpty();
            maker.serializer().save(snapshot("default", 1));
        }
        var mine = LocalDynamoDb.shared().describe(made);
        var manuals = LocalDynamoDb.shared().describe(table);
        assertThat(mine.keySchema()).isEqualTo(manuals.keySchema());
        assertThat(mine.attributeDefinitions()).containsExactlyInAnyOrderElementsOf(manuals.attributeDefinitions());
        assertThat(mine.globalSecondaryIndexes().get(0).keySchema())
                .isEqualTo(manuals.globalSecondaryIndexes().get(0).keySchema());
        assertThat(mine.globalSecondaryIndexes().get(0).projection())
                .isEqualTo(manuals.globalSecondaryIndexes().get(0).projection());
        assertThat(mine.billingModeSummary().billingModeAsString()).isEqualTo("PAY_PER_REQUEST");
    }

    /** A table of the real service takes longer than a call may. */
    @Test
    void theTimeThatATableTakesToBeMadeIsNotThatOfTheCall() {
        String made = LocalDynamoDb.newTableName();
        try (Store maker = Store.open(
                made,
                "create-table",
                "true",
                "attempt-timeout",
                "2s",
                "total-timeout",
                "3s",
                "create-timeout",
                "30s")) {
            maker.wire().fault("DescribeTable", 16, FaultyHttpClient.error(400, "ResourceNotFoundException"));

            maker.serializer().save(snapshot("default", 1));

            assertThat(maker.serializer().getLast()).isPresent();
        }
    }

    @Test
    void aTableThatDoesNotBecomeActiveEndsTheCall() {
        String made = LocalDynamoDb.newTableName();
        try (Store maker = Store.open(made, "create-table", "true", "create-timeout", "600ms")) {
            maker.wire().fault("DescribeTable", 9999, FaultyHttpClient.error(400, "ResourceNotFoundException"));

            assertThatThrownBy(() -> maker.serializer().getLast())
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessage("Table " + made + " was not active within 600 ms (snapshot.ddb.create-timeout)");
        }
    }

    // Damage

    private void change(String hash, String range, Consumer<Map<String, AttributeValue>> change) {
        Item item = LocalDynamoDb.shared().items(table).stream()
                .filter(one ->
                        one.key().hash().equals(hash) && one.key().range().startsWith(range))
                .findFirst()
                .orElseThrow();
        Map<String, AttributeValue> attributes = new LinkedHashMap<>(item.attributes());
        change.accept(attributes);
        LocalDynamoDb.shared().put(table, attributes);
    }

    @Test
    void aDamagedCopyInTheHeadIsMadeGoodByTheSnapshotsOwnItems() {
        change(
                "default##head",
                "head",
                head -> head.put(
                        "text", AttributeValue.fromB(software.amazon.awssdk.core.SdkBytes.fromUtf8String("x"))));

        assertThat(store.serializer().getLast().orElseThrow().header().revision())
                .isEqualTo(1);

        change("default##head", "head", head -> head.put("header", AttributeValue.fromS("name=?")));
        assertThat(store.serializer().getLast().orElseThrow().header().revision())
                .isEqualTo(1);
    }

    @Test
    void aDamagedHeadIsNamedAndTheSnapshotsAreStillListed() {
        Snapshot second = snapshot("default", 2);
        store.serializer().save(second);
        change("default##head", "head", head -> head.remove("revision"));

        try (Store other = Store.open(table)) {
            assertThatThrownBy(() -> other.serializer().getLast())
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessageContainingAll("default##head", "revision", "delete that item");
            assertThat(Listing.of(other, 10))
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(2L, 1L);
            assertThatThrownBy(() -> other.serializer().save(snapshot("default", 3)))
                    .isInstanceOf(SnapshotCorruptException.class);

            removeTheHead();

            assertThat(other.serializer().getLast()).contains(second);
            assertThatThrownBy(() -> other.serializer().save(snapshot("default", 2, "again")))
                    .isInstanceOf(SnapshotConflictException.class);
            other.serializer().save(snapshot("default", 3));
            assertThat(Listing.of(other, 10))
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(3L, 2L, 1L);
        }
    }

    /** What the place says of the revision is whole, where the header is not. */
    @ParameterizedTest
    @ValueSource(strings = {"name=other", "kind=checkpoint"})
    void aLostHeadFreesNoRevisionThoughTheNewestHeaderCannotBeRead(String header) {
        store.serializer().save(snapshot("default", 2));
        change(TestSnapshots.name(2), "2026", item -> item.put("header", AttributeValue.fromS(header)));
        removeTheHead();

        try (Store other = Store.open(table)) {
            assertThatThrownBy(() -> other.serializer().save(snapshot("default", 2, "again")))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContaining("revision 2 already");
            other.serializer().save(snapshot("default", 3));
            assertThat(revisions()).containsExactly(3L, 1L);
        }
    }

    private void removeTheHead() {
        LocalDynamoDb.shared()
                .client()
                .deleteItem(delete -> delete.tableName(table).key(new ItemKey("default##head", "head").attributes()));
    }

    @Test
    void aMissingPartIsDamage() {
        Snapshot big = snapshot("default", 2, "big", TestSnapshots.noise(700_000, 5));
        store.serializer().save(big);
        assertThat(store.serializer().getLast()).contains(big);
        Item part = LocalDynamoDb.shared().items(table).stream()
                .filter(item ->
                        item.key().hash().equals("big") && item.key().range().endsWith("#00001"))
                .findFirst()
                .orElseThrow();

        LocalDynamoDb.shared()
                .client()
                .deleteItem(delete -> delete.tableName(table).key(part.key().attributes()));

        assertThatThrownBy(() -> store.serializer().getLast())
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContainingAll("big", "part of its text is missing");
        assertThat(revisions()).containsExactly(2L, 1L);
    }

    @Test
    void aSnapshotThatIsRemovedWhileItIsReadIsGoneAndNotDamaged() {
        Snapshot big = snapshot("default", 2, "big", TestSnapshots.noise(1_500_000, 5));
        store.serializer().save(big);
        try (Store other = Store.open(table)) {
            // More than the megabyte that one answer has: the rest of it is asked for in another request.
            store.wire()
                    .fault(
                            "Query",
                            1,
                            (request, client) -> client.prepareRequest(request).call())
                    .fault("Query", 1, (request, client) -> {
                        assertThat(other.serializer().delete("big")).isTrue();
                        return client.prepareRequest(request).call();
                    });

            assertThatThrownBy(() -> store.serializer().get("big")).isInstanceOf(SnapshotNotFoundException.class);
        }
        assertThat(revisions()).containsExactly(1L);
    }

    @Test
    void aDamagedHeaderIsDamageAndIsNotListed() {
        store.serializer().save(snapshot("default", 2));
        change(TestSnapshots.name(1), "2026", item -> item.put("header", AttributeValue.fromS("name=other")));

        assertThatThrownBy(() -> store.serializer().get(TestSnapshots.name(1)))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContaining(TestSnapshots.name(1));
        assertThat(revisions()).containsExactly(2L);
    }

    @Test
    void aNewerFormatIsSaidSo() {
        change("default##head", "head", head -> head.put("format", AttributeValue.fromN("2")));

        assertThatThrownBy(() -> store.serializer().getLast())
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessageContaining("newer plugin-ddb");
    }

    /** A host takes an older snapshot for a damaged one; for a newer one it detaches, so that nothing is lost. */
    @Test
    void aKindOfANewerVersionIsNoDamage() {
        Snapshot second = snapshot("default", 2);
        store.serializer().save(second);
        Consumer<Map<String, AttributeValue>> newer = item -> item.put(
                "header", AttributeValue.fromS(item.get("header").s().replace("kind=snapshot", "kind=checkpoint")));
        change("default##head", "head", newer);
        change(second.header().name(), "2026", newer);

        assertThatThrownBy(() -> store.serializer().getLast())
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessageContainingAll("checkpoint", second.header().name());
        assertThatThrownBy(() -> store.serializer().get(second.header().name()))
                .isInstanceOf(SnapshotFormatTooNewException.class);
        assertThatThrownBy(() -> store.serializer().save(snapshot("default", 2, "ours")))
                .isInstanceOf(SnapshotConflictException.class)
                .hasMessageContaining("whose header cannot be read");
        assertThat(revisions()).containsExactly(1L);
    }

    @Test
    void aCodecThatThisHostDoesNotHaveIsSaidSo() {
        change("default##head", "head", head -> head.put("codec", AttributeValue.fromS("zpaq")));

        assertThatThrownBy(() -> store.serializer().getLast())
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessageContaining("zpaq");
    }

    @Test
    void partsOfASaveThatNeverCameToItsEndAreInNobodysWay() {
        Snapshot given = snapshot("default", 2, "big", TestSnapshots.noise(300_000, 1));
        store.wire()
                .fault("TransactWriteItems", 99, FaultyHttpClient.refused())
                .fault("GetItem", 99, FaultyHttpClient.refused());
        assertThatThrownBy(() -> store.serializer().save(given)).isInstanceOf(StoreUnavailableException.class);
        store.wire().mend();
        assertThatThrownBy(() -> store.serializer().get("big")).hasMessageContaining("There is no snapshot 'big'");
        assertThat(revisions()).containsExactly(1L);

        Snapshot other = snapshot("default", 2, "big", TestSnapshots.noise(300_000, 2));
        store.serializer().save(other);

        assertThat(store.serializer().get("big")).isEqualTo(other);
        assertThat(store.serializer().delete("big")).isTrue();
        assertThat(LocalDynamoDb.shared().items(table))
                .noneMatch(item -> item.key().hash().equals("big"));
    }

    // Two hosts

    @Test
    void ofTwoHostsThatWriteAtOnceOneGetsTheConflictAndKnowsWhoWon() {
        try (Store other = Store.open(Store.config(table).host("other").build())) {
            other.serializer().save(snapshot("default", 2, "theirs"));

            assertThatThrownBy(() -> store.serializer().save(snapshot("default", 2, "ours")))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContainingAll("revision 2 already", "theirs", "by host test-host");

            assertThat(revisions()).containsExactly(2L, 1L);
        }
    }

    @Test
    void twoGroupsSaveTheSameNameInTheSameMillisecond() {
        try (Store other = Store.open(Store.config(table).group("b").build())) {
            Snapshot ours = snapshot("default", 2, "same");
            Snapshot theirs = snapshot("b", 2, "same");
            store.serializer().save(ours);
            other.serializer().save(theirs);

            assertThat(store.serializer().get("same")).isEqualTo(ours);
            assertThat(other.serializer().get("same")).isEqualTo(theirs);
        }
    }

    @Test
    void aClockThatStepsBackChangesNoOrder() {
        for (String time : List.of("2027-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z")) {
            long revision = store.serializer().getLast().orElseThrow().header().revision() + 1;
            store.serializer()
                    .save(Snapshot.create(
                            TestSnapshots.header("default", revision)
                                    .name("r" + revision)
                                    .createdOn(Instant.parse(time)),
                            TestSnapshots.text(revision)));
        }

        assertThat(revisions()).containsExactly(4L, 3L, 2L, 1L);
        assertThat(Listing.of(store, 1)).extracting(SnapshotHeader::revision).containsExactly(4L, 3L, 2L, 1L);
    }

    /** The index is always a moment behind; here it still has what was removed. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10})
    void aSnapshotThatWasRemovedIsNotListedThoughTheIndexLagsBehind(int limit) {
        store.serializer().save(snapshot("default", 2));
        store.serializer().save(snapshot("default", 3));
        Item third = own(TestSnapshots.name(3));
        store.serializer().delete(TestSnapshots.name(3));
        LocalDynamoDb.shared().put(table, third.attributes());

        assertThat(Listing.of(store, limit))
                .extracting(SnapshotHeader::revision)
                .containsExactly(2L, 1L);
    }

    /** The index does not show the second yet, which is the last one after the two behind it were removed. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRemovalLeavesNoGapInWhichOneNamesTheOneBeforeIt(boolean transactions) {
        for (int revision = 2; revision <= 5; revision++) {
            store.serializer().save(snapshot("default", revision));
        }
        change(TestSnapshots.name(2), "2026", item -> item.remove("createdOnMonth"));
        change(TestSnapshots.name(3), "2026", item -> item.remove("createdOnMonth"));

        try (Store other = Store.open(table, "transactions", transactions ? "auto" : "false")) {
            other.serializer().delete(TestSnapshots.name(4));
            other.serializer().delete(TestSnapshots.name(5));
            assertThat(last()).isEqualTo(3);
            other.serializer().delete(TestSnapshots.name(2));
            other.serializer().save(snapshot("default", 6));
            assertThat(last()).isEqualTo(6);
            other.serializer().delete(TestSnapshots.name(6));
            assertThat(last()).isEqualTo(3);
            other.serializer().delete(TestSnapshots.name(3));
            assertThat(last()).isEqualTo(1);
        }
    }

    private long last() {
        return store.serializer().getLast().orElseThrow().header().revision();
    }

    private Item own(String name) {
        return LocalDynamoDb.shared().items(table).stream()
                .filter(item -> item.key().hash().equals(name) && !PackedText.isPart(item))
                .findFirst()
                .orElseThrow();
    }

    /** The index is always a moment behind; here it has not heard of the last snapshot at all. */
    @Test
    void theLastSnapshotIsListedThoughTheIndexLagsBehind() {
        Snapshot second = snapshot("default", 2);
        store.serializer().save(second);
        change(second.header().name(), "2026", item -> item.remove("createdOnMonth"));

        assertThat(revisions()).containsExactly(2L, 1L);
        assertThat(Listing.of(store, 1)).extracting(SnapshotHeader::revision).containsExactly(2L, 1L);
        store.serializer().delete(second.header().name());
        assertThat(store.serializer().getLast().orElseThrow().header().revision())
                .isEqualTo(1);
    }
}
