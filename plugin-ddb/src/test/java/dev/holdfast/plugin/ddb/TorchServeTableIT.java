package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.testsupport.LogLines;
import java.time.Clock;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** A table that TorchServe's own plugin filled: no head, its keys, its attributes, its local time. */
class TorchServeTableIT {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS", Locale.ROOT);
    private static final DateTimeFormatter FILE = DateTimeFormatter.ofPattern("yyyyMMddHHmmssSSS", Locale.ROOT);

    private String table;

    @BeforeEach
    void aNewTable() {
        table = LocalDynamoDb.shared().manualsTable();
    }

    /** As TorchServe does it, in the time zone of its host; gives the name. */
    private String torchServeSaves(String time, String zone, String kind, int models) {
        Instant created = Instant.parse(time);
        var local = created.atZone(ZoneId.of(zone));
        String file = FILE.format(local) + "-" + kind + ".cfg";
        String name = file + "_" + created.toEpochMilli() + "_" + models;
        LocalDynamoDb.shared()
                .put(
                        table,
                        Map.of(
                                "snapshotName", AttributeValue.fromS(name),
                                "createdOn", AttributeValue.fromS(TIME.format(local)),
                                "createdOnMonth",
                                        AttributeValue.fromS(TIME.format(local).substring(0, 7)),
                                "snapshot",
                                        AttributeValue.fromS(TorchServeText.of(file, created.toEpochMilli(), models))));
        return name;
    }

    @ParameterizedTest
    @ValueSource(strings = {"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"})
    void theLastSnapshotIsFoundInEveryMonthOfTheYear(String month) {
        String name = torchServeSaves("2026-" + month + "-15T12:00:00Z", "UTC", "snapshot", 3);

        try (Store store = Store.open(table)) {
            Snapshot last = store.serializer().getLast().orElseThrow();
            assertThat(last.header().name()).isEqualTo(name);
            assertThat(last.header().kind()).isEqualTo(SnapshotKind.SNAPSHOT);
            assertThat(last.header().createdOn()).isEqualTo(Instant.parse("2026-" + month + "-15T12:00:00Z"));
            assertThat(last.header().modelCount()).isEqualTo(3);
            assertThat(last.header().revision()).isZero();
            assertThat(last.text()).startsWith("#snapshot").contains("model_snapshot");
        }
    }

    @Test
    void oneThatIsRemovedWhileTheNewestIsLookedForIsPassedOver() {
        String older = torchServeSaves("2026-11-01T00:00:00Z", "UTC", "startup", 0);
        String newest = torchServeSaves("2026-11-02T00:00:00Z", "UTC", "snapshot", 1);

        try (Store store = Store.open(table);
                Store other = Store.open(table)) {
            // It is in the index, and still there where that is looked up, and gone where its text is read.
            store.wire()
                    .fault(
                            "Query",
                            2,
                            (request, client) -> client.prepareRequest(request).call())
                    .fault("Query", 1, (request, client) -> {
                        other.serializer().delete(newest);
                        return client.prepareRequest(request).call();
                    });

            assertThat(store.serializer().getLast().orElseThrow().header().name())
                    .isEqualTo(older);
        }
        assertThat(LocalDynamoDb.shared().items(table))
                .noneMatch(item -> item.key().hash().equals(newest));
    }

    @Test
    void ofSeveralTheNewestIsTakenAndNotTheOneBeforeIt() {
        torchServeSaves("2026-11-01T00:00:00Z", "UTC", "startup", 0);
        torchServeSaves("2026-11-02T00:00:00Z", "UTC", "snapshot", 1);
        String newest = torchServeSaves("2026-11-03T00:00:00Z", "UTC", "snapshot", 2);

        try (Store store = Store.open(table)) {
            assertThat(store.serializer().getLast().orElseThrow().header().name())
                    .isEqualTo(newest);
        }
    }

    @Test
    void theOnlyOneOfYearsAgoIsFoundWhateverTheClockSays() {
        String name = torchServeSaves("2020-10-31T23:59:59.999Z", "UTC", "shutdown", 1);

        try (Store store = Store.open(table)) {
            Snapshot last = store.serializer().getLast().orElseThrow();
            assertThat(last.header().name()).isEqualTo(name);
            assertThat(last.header().kind()).isEqualTo(SnapshotKind.SHUTDOWN);
        }
    }

    @Test
    void emptyMonthsBetweenCostNoQuery() {
        torchServeSaves("2020-10-05T00:00:00Z", "UTC", "startup", 0);
        torchServeSaves("2026-11-05T00:00:00Z", "UTC", "startup", 0);

        try (Store store = Store.open(table)) {
            store.serializer().save(snapshot("default", 1));
            store.wire().forget();

            assertThat(Listing.of(store, 10)).hasSize(3);

            assertThat(store.wire().operations()).containsExactly("GetItem", "Query", "Query", "Query");
        }
    }

    /** Others have so many in the table that one request does not tell TorchServe's months. */
    @Test
    void theMonthsOfALargeTableAreAskedForOneByOne() {
        String old = torchServeSaves("2020-10-05T00:00:00Z", "UTC", "startup", 0);
        String newer = torchServeSaves("2024-02-05T00:00:00Z", "UTC", "startup", 0);
        for (int i = 0; i < 1100; i += 25) {
            List<WriteRequest> batch = IntStream.range(i, i + 25)
                    .mapToObj(number -> Map.of(
                            "snapshotName", AttributeValue.fromS("others#" + number),
                            "createdOn", AttributeValue.fromS("2026-11-01T00:00:00.000Z#" + number),
                            "createdOnMonth", AttributeValue.fromS("others#" + number % 7)))
                    .map(item -> WriteRequest.builder()
                            .putRequest(put -> put.item(item))
                            .build())
                    .toList();
            LocalDynamoDb.shared().client().batchWriteItem(write -> write.requestItems(Map.of(table, batch)));
        }

        try (Store store = Store.open(table)) {
            assertThat(store.serializer().getLast().orElseThrow().header().name())
                    .isEqualTo(newer);
            store.wire().forget();
            store.serializer().save(snapshot("default", 1));

            assertThat(store.wire().operations()).hasSizeLessThan(95).containsOnlyOnce("Scan");
            assertThat(Listing.of(store, 10))
                    .extracting(SnapshotHeader::name)
                    .containsExactly(dev.holdfast.testkit.TestSnapshots.name(1), newer, old);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10})
    void whatItSavesAfterOursIsInNobodysWay(int limit) {
        String before = torchServeSaves("2026-10-31T09:00:00Z", "UTC", "snapshot", 1);
        try (Store store = Store.open(table)) {
            store.serializer().save(ours(1, "2026-11-19T10:00:00Z"));
            store.serializer().save(ours(2, "2026-11-20T11:00:00Z"));
            torchServeSaves("2026-11-20T11:30:00Z", "America/New_York", "snapshot", 2);
            String later = torchServeSaves("2026-11-21T09:30:00Z", "UTC", "snapshot", 3);
            torchServeSaves("2026-11-30T23:30:00Z", "Pacific/Auckland", "snapshot", 3);

            assertThat(Listing.of(store, limit))
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(2L, 1L, 0L);
            store.serializer().save(ours(3, "2026-12-01T11:00:00Z"));

            List<SnapshotHeader> listed = Listing.of(store, limit);
            assertThat(listed).extracting(SnapshotHeader::revision).containsExactly(3L, 2L, 1L, 0L);
            assertThat(listed.get(3).name()).isEqualTo(before);
            ListRequest since = ListRequest.firstPage(limit).from(Instant.parse("2026-11-21T12:00:00Z"));
            assertThat(Listing.of(store, since))
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(3L);
            assertThat(store.serializer().get(later).header().name()).isEqualTo(later);
        }
    }

    /** What it saved in the month of our first one, and before that one, is behind all of ours. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10})
    void aMonthThatBeganWithItsSnapshotsIsListedInOrder(int limit) {
        torchServeSaves("2026-10-31T09:00:00Z", "UTC", "snapshot", 1);
        torchServeSaves("2026-11-03T09:00:00Z", "UTC", "snapshot", 2);
        torchServeSaves("2026-11-04T09:00:00Z", "UTC", "snapshot", 3);
        try (Store store = Store.open(table)) {
            store.serializer().save(ours(1, "2026-11-19T10:00:00Z"));
            store.serializer().save(ours(2, "2026-11-20T11:00:00Z"));
            // On the day of our first one, but later.
            torchServeSaves("2026-11-19T12:30:00Z", "UTC", "snapshot", 9);

            assertThat(Listing.of(store, limit))
                    .extracting(header -> header.revision() + " of " + header.modelCount())
                    .startsWith(
                            "2 of " + ours(2, "2026-11-20T11:00:00Z").header().modelCount())
                    .endsWith("0 of 3", "0 of 2", "0 of 1")
                    .hasSize(5);
        }
    }

    @Test
    void aHeadThatWasLostMakesNoMonthOfOursOneOfTorchServes() {
        try (Store store = Store.open(table)) {
            store.serializer().save(ours(1, "2026-11-19T10:00:00Z"));
        }
        LocalDynamoDb.shared()
                .client()
                .deleteItem(delete -> delete.tableName(table).key(new ItemKey("default##head", "head").attributes()));
        try (Store store = Store.open(table)) {
            store.serializer().save(ours(2, "2026-11-20T10:00:00Z"));
            store.wire().forget();

            assertThat(Listing.of(store, 10))
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(2L, 1L);

            assertThat(store.wire().operations()).containsExactly("GetItem", "Query");
        }
    }

    /** As an operator looks for them, and as the design has it. */
    @Test
    void oursStandInTheMonthOfTheIndexThatIsNamedLikeIt() {
        try (Store store = Store.open(table);
                Store other = Store.open(Store.config(table).group("blue").build())) {
            store.serializer().save(ours(1, "2026-11-19T10:00:00Z"));
            other.serializer().save(snapshot("blue", 1));

            assertThat(LocalDynamoDb.shared().items(table))
                    .extracting(item -> item.string("createdOnMonth").orElse(""))
                    .contains("2026-11")
                    .anyMatch(month -> month.startsWith("blue#20"));
        }
    }

    /** It goes on by itself from what it was told last; what TorchServe did meanwhile is an operator's to choose. */
    @ParameterizedTest
    @CsvSource({"2026-11-20T11:30:00Z, UTC", "2026-11-21T03:30:00Z, America/New_York", "2026-12-24T03:30:00Z, UTC"})
    void whatItSavedAfterOursIsNamedAtTheStart(String time, String zone) {
        torchServeSaves("2026-11-20T10:30:00Z", "Pacific/Auckland", "snapshot", 1);
        Snapshot ours = ours(1, "2026-11-20T11:00:00Z");
        try (Store store = Store.open(table)) {
            store.serializer().save(ours);
        }
        try (LogLines logs = LogLines.of(Level.INFO, NewerTorchServeSnapshot.class.getName());
                Store store = Store.open(Store.config(table).build(), clock())) {
            assertThat(store.serializer().getLast()).contains(ours);
            assertThat(logs.lines()).isEmpty();
        }
        String theirs = torchServeSaves(time, zone, "snapshot", 2);

        try (LogLines logs = LogLines.of(Level.INFO, NewerTorchServeSnapshot.class.getName());
                Store store = Store.open(Store.config(table).build(), clock())) {
            assertThat(store.serializer().getLast()).contains(ours);
            assertThat(store.serializer().getLast()).contains(ours);

            assertThat(logs.lines())
                    .containsExactly("WARN TorchServe saved " + theirs + " in " + table + " at " + time
                            + ", after Holdfast saved " + ours.header().name()
                            + ": that is not restored by itself. To start from it: --snapshot " + theirs);
            assertThat(store.serializer().get(theirs).header().modelCount()).isEqualTo(2);
        }
    }

    @Test
    void aFailureToLookForThatIsNoObstacle() {
        Snapshot ours = ours(1, "2026-11-20T11:00:00Z");
        try (LogLines logs = LogLines.of(Level.INFO, NewerTorchServeSnapshot.class.getName());
                Store store = Store.open(table)) {
            store.serializer().save(ours);
            store.wire().fault("Query", 99, FaultyHttpClient.error(400, "AccessDeniedException"));

            assertThat(store.serializer().getLast()).contains(ours);

            assertThat(logs.lines())
                    .singleElement()
                    .asString()
                    .startsWith("WARN Whether TorchServe saved anything after Holdfast saved "
                            + ours.header().name() + " is not known: ")
                    .contains("AccessDeniedException");
        }
    }

    private static Clock clock() {
        return Clock.fixed(Instant.parse("2026-12-25T00:00:00Z"), ZoneOffset.UTC);
    }

    @Test
    void anEmptyTableIsAFirstStart() {
        try (Store store = Store.open(table)) {
            assertThat(store.serializer().getLast()).isEmpty();
        }
    }

    @Test
    void hostsInManyTimeZonesAndTheHourThatComesTwiceRestoreAndContinueInOrder() {
        torchServeSaves("2026-11-01T05:30:00Z", "America/New_York", "startup", 1);
        torchServeSaves("2026-11-01T06:15:00Z", "America/New_York", "snapshot", 2);
        torchServeSaves("2026-11-30T20:00:00Z", "Pacific/Auckland", "snapshot", 3);

        try (Store store = Store.open(table)) {
            assertThat(store.serializer().getLast()).isPresent();
            // By its own clock the first save comes before what Auckland called December.
            Snapshot first = ours(1, "2026-11-30T20:00:01Z");
            Snapshot second = ours(2, "2026-11-30T20:00:02Z");
            store.serializer().save(first);
            store.serializer().save(second);

            assertThat(store.serializer().getLast()).contains(second);
            List<SnapshotHeader> listed = Listing.of(store, 2);
            assertThat(listed).extracting(SnapshotHeader::revision).containsExactly(2L, 1L, 0L, 0L, 0L);
        }
    }

    private static Snapshot ours(long revision, String time) {
        return Snapshot.create(
                dev.holdfast.testkit.TestSnapshots.header("default", revision).createdOn(Instant.parse(time)),
                dev.holdfast.testkit.TestSnapshots.text(revision));
    }

    @Test
    void oneOfItsSnapshotsIsChosenByNameAndRemovedByName() {
        String older = torchServeSaves("2026-09-01T00:00:00Z", "UTC", "startup", 0);
        String newer = torchServeSaves("2026-10-01T00:00:00Z", "UTC", "snapshot", 1);

        try (Store store = Store.open(table)) {
            assertThat(store.serializer().get(older).header().name()).isEqualTo(older);
            assertThat(store.serializer().delete(newer)).isTrue();
            assertThat(store.serializer().getLast().orElseThrow().header().name())
                    .isEqualTo(older);
        }
    }

    @Test
    void whenOursAreRemovedItsLastOneIsTheLastAgain() {
        String theirs = torchServeSaves("2026-10-01T00:00:00Z", "UTC", "snapshot", 1);
        Snapshot ours = snapshot("default", 1);

        try (Store store = Store.open(table)) {
            store.serializer().save(ours);
            assertThat(store.serializer().getLast()).contains(ours);
            assertThat(store.serializer().delete(ours.header().name())).isTrue();

            assertThat(store.serializer().getLast().orElseThrow().header().name())
                    .isEqualTo(theirs);
        }
    }

    @Test
    void anotherGroupDoesNotSeeThem() {
        torchServeSaves("2026-10-01T00:00:00Z", "UTC", "snapshot", 1);

        try (Store store = Store.open(Store.config(table).group("fleet-2").build())) {
            assertThat(store.serializer().getLast()).isEmpty();
            assertThat(Listing.of(store, 10)).isEmpty();
        }
    }

    @Test
    void aListIsFilteredByTimeAndKind() {
        String startup = torchServeSaves("2026-09-01T00:00:00Z", "UTC", "startup", 0);
        torchServeSaves("2026-10-01T00:00:00Z", "UTC", "snapshot", 1);

        try (Store store = Store.open(table)) {
            ListRequest request = ListRequest.firstPage(1);
            assertThat(Listing.of(store, request.kind(SnapshotKind.STARTUP)))
                    .extracting(SnapshotHeader::name)
                    .containsExactly(startup);
            assertThat(Listing.of(store, request.until(Instant.parse("2026-09-30T00:00:00Z"))))
                    .extracting(SnapshotHeader::name)
                    .containsExactly(startup);
            assertThat(Listing.of(store, request.from(Instant.parse("2026-10-15T00:00:00Z"))))
                    .isEmpty();
        }
    }

    @Test
    void itemsOfOthersInTheTableArePassedOver() {
        String name = torchServeSaves("2026-10-01T00:00:00Z", "UTC", "snapshot", 1);
        LocalDynamoDb.shared()
                .put(
                        table,
                        Map.of(
                                "snapshotName", AttributeValue.fromS("something else"),
                                "createdOn", AttributeValue.fromS("9999"),
                                "createdOnMonth", AttributeValue.fromS("2026-12")));

        try (Store store = Store.open(table)) {
            assertThat(store.serializer().getLast().orElseThrow().header().name())
                    .isEqualTo(name);
            assertThat(Listing.of(store, 5)).hasSize(1);
            store.serializer().save(snapshot("default", 1));
            assertThat(Listing.of(store, 5)).hasSize(2);
        }
    }

    @Test
    void aPlaceSaysItsRevision() {
        assertThat(Place.revision(Place.next(Instant.EPOCH, 42, ""))).hasValue(42);
        assertThat(Place.revision("2026-03-01T00:00:00.000Z#x")).isEmpty();
        assertThat(Place.revision("2026-03-01 00:00:00,000")).isEmpty();
    }

    @Test
    void theMonthIsThatOfUtcWithTwoDigits() {
        assertThat(Place.month(Place.next(Instant.parse("2026-02-28T23:59:59.999Z"), 7, "")))
                .isEqualTo("2026-02");
        assertThat(Place.next(Instant.parse("2026-03-01T00:00:00Z"), 7, ""))
                .isEqualTo("2026-03-01T00:00:00.000Z#0000000000000000007");
    }

    @Test
    void aPlaceIsNeverBeforeTheOneBeforeIt() {
        String before = Place.next(Instant.parse("2030-01-01T00:00:00Z"), 1, "");

        String after = Place.next(Instant.parse("2026-01-01T00:00:00Z"), 2, before);

        assertThat(after).isGreaterThan(before).startsWith("2030-01-01T00:00:00.000Z#");
        assertThat(Place.next(Instant.EPOCH, 1, "2026-12-01 09:00:00,000")).isGreaterThan("2026-12-01 09:00:00,000");
        assertThat(Place.next(Instant.EPOCH, 1, "2026-12-xx")).isGreaterThan("2026-12-31 23:59:59,999");
        assertThat(Place.time("?")).isEqualTo(Place.LATEST);
        assertThat(YearMonth.parse(Place.month(Place.next(Place.LATEST, 1, ""))))
                .isEqualTo(YearMonth.of(9999, 12));
    }
}
