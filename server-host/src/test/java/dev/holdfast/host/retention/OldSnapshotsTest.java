package dev.holdfast.host.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class OldSnapshotsTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:30:00Z");
    private static final RetentionRule TWO = new RetentionRule(2, Duration.ZERO, 0);

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private final MemoryStore store = new MemoryStore();
    private final Set<String> pinned = new HashSet<>();

    private SnapshotHeader save(String name, String time) {
        return store.put(name, SnapshotKind.SNAPSHOT, Instant.parse(time), ServingState.EMPTY);
    }

    private void saveMany(int from, int to) {
        for (int i = from; i <= to; i++) {
            store.put("s" + i, SnapshotKind.SNAPSHOT, NOW.minus(Duration.ofDays(60 - i)), ServingState.EMPTY);
        }
    }

    private OldSnapshots old(RetentionRule rule, FirstRound first) {
        return new OldSnapshots("ddb", store, rule, first, () -> pinned, this::trim, Clock.fixed(NOW, ZoneOffset.UTC));
    }

    /** As the keeper does it. */
    private void trim(long revision) {
        store.calls.add("trimmed " + revision);
        store.put("t" + revision, SnapshotKind.SNAPSHOT, NOW, ServingState.EMPTY);
    }

    private boolean remove(RetentionRule rule) {
        return old(rule, FirstRound.ofAskedRule()).remove();
    }

    @Test
    void beyondTheNewestTheLastOfEachDayStays() {
        save("too-old", "2026-11-17T23:59:59Z");
        save("18th-a", "2026-11-18T00:00:00Z");
        save("18th-b", "2026-11-18T23:59:59.999Z");
        save("19th-a", "2026-11-19T10:00:00Z");
        save("19th-b", "2026-11-19T09:00:00Z");
        save("20th", "2026-11-20T10:00:00Z");
        save("21st-a", "2026-11-21T08:00:00Z");
        save("21st-b", "2026-11-21T09:00:00Z");

        remove(new RetentionRule(1, Duration.ZERO, 3));

        assertThat(store.names())
                .as("19th-b is of the higher revision, and today's last is among the newest")
                .containsExactly("18th-b", "19th-b", "20th", "21st-b", "t7");
    }

    @Test
    void aSaveIsNotTheLastOfItsDayForItCanBeDeleted() {
        save("18th", "2026-11-18T10:00:00Z");
        store.put("named", SnapshotKind.SAVE, Instant.parse("2026-11-18T11:00:00Z"), ServingState.EMPTY);
        save("21st", "2026-11-21T08:00:00Z");

        remove(new RetentionRule(1, Duration.ZERO, 30));

        assertThat(store.names()).containsExactly("18th", "named", "21st");
    }

    @Test
    void pinnedOnesStayByNameAndBySaveId() {
        saveMany(1, 3);
        pinned.add(save("base", "2026-10-01T00:00:00Z").saveId());
        pinned.add("s2");
        saveMany(4, 5);

        remove(TWO);

        assertThat(store.names()).containsExactly("s2", "base", "s4", "s5", "t3");
    }

    @Test
    void whatIsPinnedWhileTheTrimmingIsMadeKnownStays() {
        saveMany(1, 4);
        OldSnapshots old = new OldSnapshots(
                "ddb",
                store,
                TWO,
                FirstRound.ofAskedRule(),
                () -> pinned,
                revision -> pinned.add("s2"),
                Clock.fixed(NOW, ZoneOffset.UTC));

        old.remove();

        assertThat(store.names()).containsExactly("s2", "s3", "s4");
    }

    @Test
    void whatIsSavedWhileItLooksStaysWhateverItsHostsClockSays() {
        save("a", "2026-11-20T00:00:00Z");
        save("b", "2026-11-20T01:00:00Z");
        // Of a host whose clock is a month behind.
        store.afterLast = () -> save("c", "2026-10-20T01:00:00Z");

        remove(new RetentionRule(0, Duration.ofDays(7), 0));

        assertThat(store.names()).containsExactly("a", "b", "c");
    }

    @Test
    void whatIsRemovedIsMadeKnownBeforeAnythingGoes() {
        saveMany(1, 5);

        remove(TWO);

        assertThat(store.calls).containsExactly("trimmed 3", "delete s1", "delete s2", "delete s3");
        assertThat(log.info()).containsExactly("Removed 3 old snapshots");
    }

    @Test
    void whereItCannotBeMadeKnownNothingGoes() {
        saveMany(1, 5);
        OldSnapshots old = new OldSnapshots(
                "ddb",
                store,
                TWO,
                FirstRound.ofAskedRule(),
                () -> pinned,
                revision -> {
                    throw new StoreUnavailableException("the store is down");
                },
                Clock.fixed(NOW, ZoneOffset.UTC));

        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(old::remove);

        assertThat(store.names()).hasSize(5);
    }

    @Test
    void aHostAtWhichNothingChangesDoesNotWriteInEveryRound() {
        saveMany(1, 3);
        OldSnapshots old = old(TWO, FirstRound.ofAskedRule());

        old.remove();
        old.remove();
        old.remove();
        assertThat(store.calls).containsExactly("trimmed 1", "delete s1");

        saveMany(4, 4);
        old.remove();
        assertThat(store.calls).containsExactly("trimmed 1", "delete s1", "trimmed 3", "delete s2", "delete s3");
    }

    @Test
    void aRoundRemovesAThousandAndTheNextOneGoesOn() {
        RetentionRule one = new RetentionRule(1, Duration.ZERO, 0);
        for (int i = 0; i < 1500; i++) {
            store.put("s" + i, SnapshotKind.SNAPSHOT, NOW, ServingState.EMPTY);
        }
        OldSnapshots old = old(one, FirstRound.ofAskedRule());

        old.remove();
        assertThat(store.calls).startsWith("trimmed 1000", "delete s0").endsWith("delete s999");
        old.remove();

        assertThat(store.names()).containsExactly("t1000", "t1500");
    }

    @Test
    void aStoreThatRemovesNothingIsAskedOnceAndTold() {
        saveMany(1, 5);
        store.deletes = false;
        OldSnapshots old = old(TWO, FirstRound.ofAskedRule());

        assertThat(old.remove()).isTrue();
        assertThat(old.remove()).isTrue();

        assertThat(store.calls).isEmpty();
        assertThat(log.warnings())
                .containsExactly(
                        "Old snapshots stay in store ddb, whose serializer removes none: remove them there by its"
                                + " own means, or set snapshot_keep=0");
    }

    @Test
    void theFirstRoundByDefaultOnlyTellsWhatTheNextOneRemoves() throws Exception {
        Path marker = logs.resolve("spool/ddb/retention-default");
        saveMany(1, 5);
        RetentionRule byDefault = new RetentionRule(2, Duration.ZERO, 30);

        assertThat(old(byDefault, FirstRound.markedBy(marker)).remove()).isFalse();

        assertThat(store.calls).isEmpty();
        assertThat(log.info())
                .containsExactly(
                        "From the next round on, within about an hour, old snapshots are removed from store ddb:"
                                + " 3 snapshots, of 2026-09-23 to 2026-09-25. What stays by default: the newest 2, the last of"
                                + " each day for 30 days, and what was saved under a name. To keep others, set snapshot_keep"
                                + " (0 for all), snapshot_keep_days or snapshot_keep_daily");
        assertThat(Files.readString(marker)).contains("3 snapshots");

        assertThat(old(byDefault, FirstRound.markedBy(marker)).remove()).isTrue();
        assertThat(store.names()).containsExactly("s4", "s5", "t3");
    }

    @Test
    void whereNothingIsToBeRemovedNothingIsToldThenOrLater() {
        Path marker = logs.resolve("spool/ddb/retention-default");
        saveMany(1, 2);
        OldSnapshots old = old(TWO, FirstRound.markedBy(marker));

        assertThat(old.remove()).isTrue();
        saveMany(3, 4);
        old.remove();

        assertThat(store.names()).containsExactly("s3", "s4", "t2");
        assertThat(log.info()).containsExactly("Removed 2 old snapshots");
    }

    @Test
    void nothingGoesWhereItCannotBeNotedThatItWasTold() throws Exception {
        Path file = Files.createFile(logs.resolve("spool"));
        saveMany(1, 5);
        OldSnapshots old = old(TWO, FirstRound.markedBy(file.resolve("retention-default")));

        for (int round = 0; round < 2; round++) {
            assertThatExceptionOfType(UncheckedIOException.class)
                    .isThrownBy(old::remove)
                    .withMessageStartingWith("No old snapshot is removed, because it cannot be noted in " + file);
        }

        assertThat(store.names()).hasSize(5);
    }
}
