package dev.holdfast.host.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.keeper.Rig;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.serving.Durability.Kind;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.testsupport.LogLines;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class RestoreTest {

    private static final String FETCHING = "Fetching last snapshot from DDB...";
    private static final String FAILED =
            "Failed to get last snapshot from DDB. Holdfast will start with default or given configuration.";

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    Path directory;

    private final Rig rig = new Rig();

    @AfterEach
    void end() {
        rig.close();
    }

    @Test
    void emptyStoreIsAFirstStart() {
        Restore.Found found = rig.restore(true, true).latest();

        assertThat(found.content()).isEmpty();
        assertThat(found.start()).isEqualTo(StartPoint.of(Mode.ATTACHED));
        assertThat(log.info()).containsExactly(FETCHING, "No snapshot of the group is stored yet");
        assertThat(log.errors()).isEmpty();
    }

    /** The store was rolled back and has gone on from there; its newest cannot be read, and the one before says nothing. */
    @Test
    void ofAStoreThatLacksWhatThisHostHadAHigherRevisionIsNotServedEither() {
        rig.start();
        rig.changed("mine");
        String lost = rig.storeDisk.newest().header().name();
        rig.crash();
        rig.storeDisk.snapshots.remove(lost);
        rig.storeDisk.put(States.snapshot(2, "s2", SnapshotKind.SNAPSHOT, "theirs"));
        rig.storeDisk.put(States.snapshot(3, "s3", SnapshotKind.SNAPSHOT, "theirs"));
        rig.storeDisk.put(States.snapshot(4, "s4", SnapshotKind.SNAPSHOT, "theirs", "more"));

        rig.storeDisk.tooNew.add("s4");
        assertThat(models(rig.restore().latest())).containsExactly("mine");

        rig.storeDisk.tooNew.clear();
        rig.store.newestUnreadable = true;
        assertThat(models(rig.restore().latest())).containsExactly("mine");
    }

    @Test
    void lastSnapshotIsTheOneOfTheHighestRevisionWhateverItsName() {
        rig.storeDisk.put(States.snapshot(2, "zzz", SnapshotKind.SAVE, "b"));
        rig.storeDisk.put(States.snapshot(3, "aaa", SnapshotKind.SAVE, "c"));

        Restore.Found found = rig.restore().latest();

        assertThat(models(found)).containsExactly("c");
        assertThat(found.name()).isEqualTo("aaa");
        assertThat(found.start().least()).isEqualTo(4);
        assertThat(found.content().orElseThrow().config()).isEqualTo(States.CONFIG);
    }

    @Test
    void listThatLagsBehindDoesNotMakeTheRevisionOld() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.storeDisk.put(States.snapshot(2, "b"));
        rig.store.listLags = true;

        rig.start();

        assertThat(rig.changed("c").kind()).isEqualTo(Kind.STORED);
        assertThat(rig.storeDisk.newest().header().revision()).isEqualTo(3);
    }

    @Test
    void damagedNewestIsNamedLeftAndTheOneBeforeItTaken() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.storeDisk.put(States.snapshot(2, "b"));
        rig.storeDisk.put(States.snapshot(3, "c"));
        String three = damageNewest();
        rig.storeDisk.damaged.add("20261121080200000-snapshot.cfg");

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(found.start().least()).isEqualTo(4);
        assertThat(found.start().notices())
                .singleElement()
                .asString()
                .contains(three)
                .contains("was restored instead");
        assertThat(log.errors()).contains("Snapshot " + three + " is damaged");
        assertThat(log.errors()).anyMatch(line -> line.startsWith("Restoring the older snapshot 20261121080100000"));
        rig.changed("d");
        assertThat(rig.storeDisk.names()).hasSize(4).contains(three);
        assertThat(rig.storeDisk.newest().header().revision()).isEqualTo(4);
    }

    @Test
    void damagedNewestThatIsNotListedHasTakenTheNextRevision() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.storeDisk.put(States.snapshot(2, "b"));
        rig.storeDisk.unlisted.add(damageNewest());

        rig.start();

        assertThat(rig.changed("d").kind()).isEqualTo(Kind.STORED);
        assertThat(rig.storeDisk.newest().header().revision()).isEqualTo(3);
    }

    @Test
    void storeThatListsAndHasNoLastOneIsNotTakenForEmpty() {
        rig.storeDisk.put(States.snapshot(4, "a"));
        rig.store.lastLies = true;

        Restore.Found found = rig.restore().latest();

        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().least()).isGreaterThan(4);
        assertThat(found.start().notices()).hasSize(1);
    }

    @Test
    void storeThatIsEmptyWhereACopySaysOtherwiseIsNotTakenForAFirstStart() {
        rig.start();
        rig.changed("a");
        rig.stop();
        rig.storeDisk.snapshots.clear();

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.SPOOLED);
        assertThat(rig.storeDisk.names()).isEmpty();
    }

    @Test
    void newerFormatIsNotSupersededByAnOlderState() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.storeDisk.put(States.snapshot(2, "b"));
        String newest = rig.storeDisk.newest().header().name();
        rig.storeDisk.tooNew.add(newest);

        Restore.Found found = rig.start();
        rig.changed("c");

        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(found.start().notices()).singleElement().asString().contains("Start a newer Holdfast");
        assertThat(rig.storeDisk.newest().header().name()).isEqualTo(newest);
    }

    @Test
    void whatWaitsIsNotSentWhereTheNewestIsOfANewerFormat() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.storeDisk.tooNew.add(rig.storeDisk.newest().header().name());
        rig.putPending(States.snapshot(2, "two", SnapshotKind.SNAPSHOT, "mine"));

        Restore.Found found = rig.restore().latest();

        assertThat(models(found)).containsExactly("mine");
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(found.start().notices())
                .anySatisfy(notice -> assertThat(notice).contains("Start a newer Holdfast"))
                .noneSatisfy(notice -> assertThat(notice).contains("written again"));
    }

    @Test
    void damagedNewestOfWhichThisHostHasACopyIsServedAndWrittenAgain() {
        rig.start();
        rig.changed("a");
        rig.changed("b");
        rig.crash();
        rig.storeDisk.damaged.addAll(rig.storeDisk.names());
        List<String> damaged = rig.storeDisk.names();

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a", "b");
        assertThat(found.start().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(found.start().notices()).singleElement().asString().contains("is written again");
        await().untilAsserted(
                        () -> assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "b"));
        await().until(() ->
                !rig.storeDisk.damaged.contains(rig.storeDisk.newest().header().name()));
        assertThat(rig.storeDisk.names()).containsAll(damaged);
        assertThat(rig.changed("c").kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void allDamagedWithoutACopyStartsEmptyAndDetached() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        damageNewest();

        Restore.Found found = rig.start();

        assertThat(found.content()).isEmpty();
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(found.start().empty()).isTrue();
        assertThat(found.start().notices().get(0))
                .contains("until you decide with")
                .doesNotContain("by itself");
        assertThat(log.errors()).contains(FAILED);
        assertThat(rig.storeDisk.names()).hasSize(1);
    }

    @Test
    void unreachableStoreFallsBackToTheCopyAndAttachesByItself() {
        rig.start();
        rig.changed("a");
        rig.crash();
        rig.store.down = true;

        Restore.Found found = rig.start();
        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(log.info()).contains(FETCHING);
        assertThat(log.errors()).startsWith(FAILED, "store is down for getLast");
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.SPOOLED);
        rig.store.down = false;

        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "b");
    }

    @Test
    void unreachableStoreWithoutCopiesFallsBackToFs() {
        rig.fsDisk.put(States.snapshot(9, "local"));
        rig.store.down = true;

        Restore.Found found = rig.restore().latest();

        assertThat(models(found)).containsExactly("local");
        assertThat(found.start().base()).as("of another store").isEmpty();
        assertThat(log.errors()).contains("Restoring snapshot " + found.name() + " from serializer fs instead");
    }

    @Test
    void damagedNewestOfFsGivesWayToTheOneBeforeIt() {
        rig.fsDisk.put(States.snapshot(8, "whole"));
        rig.fsDisk.put(States.snapshot(9, "local"));
        String newest = rig.fsDisk.newest().header().name();
        rig.fsDisk.damaged.add(newest);
        rig.store.down = true;

        Restore.Found found = rig.restore().latest();

        assertThat(models(found)).containsExactly("whole");
        assertThat(log.errors()).contains("Snapshot " + newest + " is damaged; taking the one before it");
    }

    @Test
    void whatNobodyAskedForNeverFollowsAHistoryThatWasNotReadAndGivesWayToIt() {
        rig.storeDisk.put(States.snapshot(5, "theirs"));
        rig.store.down = true;
        Restore.Found found = rig.start();
        assertThat(found.content()).isEmpty();
        assertThat(found.start().empty()).isTrue();
        Rig.get(rig.keeper.take(SnapshotKind.STARTUP));
        assertThat(rig.pending()).as("a start without a change is none").isEmpty();

        rig.store.down = false;

        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        assertThat(rig.state.get().models()).containsOnlyKeys("theirs");
        assertThat(rig.keeper.status().isCurrent()).isTrue();
        assertThat(rig.storeDisk.names()).hasSize(1);
    }

    @Test
    void whatWasAcknowledgedWhileAHistoryCouldNotBeReadWaitsForTheOperator() {
        rig.storeDisk.put(States.snapshot(5, "theirs"));
        rig.store.down = true;
        rig.start();
        assertThat(rig.changed("new").kind()).isEqualTo(Kind.SPOOLED);

        rig.store.down = false;

        await().until(() -> rig.keeper.status().divergence().isPresent());
        assertThat(rig.storeDisk.names()).hasSize(1);
        rig.crash();
        assertThat(models(rig.start())).as("waiting is safe").containsExactly("new");
    }

    @Test
    void whatNobodyAskedForGivesWayToAHistoryOfTorchServeToo() {
        rig.storeDisk.put(States.snapshot(0, "torchserve"));
        rig.store.down = true;
        rig.start();
        Rig.get(rig.keeper.take(SnapshotKind.STARTUP));

        rig.store.down = false;

        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        assertThat(rig.state.get().models()).containsOnlyKeys("torchserve");
        rig.stop();
        assertThat(models(rig.start())).containsExactly("torchserve");
        assertThat(rig.changed("a").kind()).isEqualTo(Kind.STORED);
        assertThat(rig.pending()).isEmpty();
    }

    @Test
    void firstStartWithAnUnreachableEmptyStoreAttachesByItself() {
        rig.store.down = true;
        rig.start();
        rig.changed("a");

        rig.store.down = false;

        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a");
    }

    @Test
    void strictAndRequiredForbidEveryFallBack() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.storeDisk.put(States.snapshot(2, "b"));
        rig.store.down = true;
        assertThatThrownBy(() -> rig.restore(true, false).latest())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--restore strict");
        assertThatThrownBy(() -> rig.restore(false, true).latest())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--snapshot-store-required");
        assertThatThrownBy(() -> rig.restore(false, true).nothing()).isInstanceOf(ConfigException.class);
        rig.store.down = false;
        damageNewest();
        assertThatThrownBy(() -> rig.restore(true, false).latest())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("forbids to take an older snapshot");
        assertThat(models(rig.restore(false, true).latest()))
                .as("it was reached")
                .containsExactly("a");
    }

    @Test
    void spoolThatGoesOnFromTheStoreIsNewer() {
        rig.start();
        rig.changed("a");
        rig.store.down = true;
        rig.changed("b");
        rig.crash();
        rig.store.down = false;

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a", "b");
        assertThat(found.start().mode()).isEqualTo(Mode.SPOOLING);
        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(rig.storeDisk.newest().header().revision()).isEqualTo(2);
    }

    @Test
    void whatWaitsGoesOnFromTheStoreWhereTheBoundDroppedTheFirstOfIt() {
        rig.start();
        rig.changed("a");
        rig.store.down = true;
        rig.changed("b");
        rig.changed("c");
        rig.crash();
        rig.restore();
        rig.journal.refused(rig.journal.pending().get(0));
        rig.store.down = false;

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a", "b", "c");
        assertThat(found.start().mode()).isEqualTo(Mode.SPOOLING);
        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "b", "c");
    }

    @Test
    void whatWaitsIsServedWhateverTheStoresRevisionIs() {
        rig.storeDisk.put(States.snapshot(7, "theirs"));
        rig.putPending(States.snapshot(5, "five", SnapshotKind.SNAPSHOT, "mine"));

        Restore.Found found = rig.restore().latest();
        assertThat(models(found)).containsExactly("mine");
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(found.start().notices())
                .singleElement()
                .asString()
                .contains("five", "attach --take store|local|merge");
        assertThat(models(rig.restore().chosen("five"))).containsExactly("mine");

        rig.putPending(States.snapshot(8, "eight", SnapshotKind.SNAPSHOT, "mine", "too"));
        Restore.Found newer = rig.restore().latest();
        assertThat(models(newer)).containsExactly("mine", "too");
        assertThat(newer.start().mode()).isEqualTo(Mode.DETACHED);
    }

    @Test
    void olderStateOfTheStoreIsNeverTakenSilentlyWhereThisHostKnowsBetter() {
        rig.start();
        rig.changed("a");
        rig.changed("b");
        String newest = rig.storeDisk.newest().header().name();
        rig.crash();
        rig.storeDisk.snapshots.remove(newest);

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a", "b");
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(found.start().notices()).singleElement().asString().contains("it lacks snapshot " + newest);
        assertThat(rig.copies()).extracting(SnapshotHeader::name).contains(newest);
    }

    @Test
    void whatRetentionRemovedOnPurposeIsNoLoss() {
        rig.start();
        rig.changed("a");
        rig.crash();
        String ours = rig.storeDisk.newest().header().name();
        SnapshotHeader base = HistoryPoint.of(rig.storeDisk.newest()).header();
        rig.storeDisk.put(SnapshotText.write(
                States.header(2, "theirs", SnapshotKind.SNAPSHOT)
                        .follows(base.saveId())
                        .history(base.history().orElseThrow())
                        .trimmed(1),
                States.CONFIG,
                States.of("a", "theirs")));
        rig.storeDisk.snapshots.remove(ours);

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a", "theirs");
        assertThat(found.start().mode()).isEqualTo(Mode.ATTACHED);
    }

    @Test
    void newestThatCannotBeReadNowGivesWayToTheNextOlderOneAndIsTriedAgain() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.storeDisk.put(States.snapshot(2, "a", "b"));
        rig.store.newestUnreadable = true;

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().mode()).isEqualTo(Mode.DETACHED);
        assertThat(rig.keeper.status().isCurrent())
                .as("it knows of a newer one")
                .isFalse();
        rig.store.newestUnreadable = false;
        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        assertThat(rig.state.get().models()).containsOnlyKeys("a", "b");
        assertThat(rig.keeper.status().isCurrent()).isTrue();
    }

    @Test
    void aHostKeepsItsOwnConfiguration() {
        rig.config(Map.of("job_queue_size", "9"));
        rig.start();
        rig.changed("a");
        rig.crash();
        rig.storeDisk.put(States.snapshot(2, "a", "theirs"));

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("a", "theirs");
        assertThat(found.content().orElseThrow().config()).isEqualTo(Map.of("job_queue_size", "9"));
        assertThat(found.own()).isTrue();
    }

    /** What another host's opens is not the word of this host's operator. */
    @Test
    void whoseConfigurationItIsIsKnown() throws Exception {
        rig.storeDisk.put(States.snapshot(1, "theirs"));
        Path file = Files.writeString(
                directory.resolve("kept.cfg"), States.snapshot(1, "theirs").text());

        assertThat(rig.restore().latest().own()).as("the store's newest").isFalse();
        assertThat(rig.restore().chosen("latest").own()).isFalse();
        assertThat(rig.restore().chosen(file.toString()).own()).isFalse();
        assertThat(rig.restore().given("a URL", States.snapshot(1, "theirs")).own())
                .isFalse();

        rig.start();
        rig.changed("a");
        String own = rig.storeDisk.snapshots.values().stream()
                .map(snapshot -> snapshot.header().name())
                .reduce((first, last) -> last)
                .orElseThrow();
        assertThat(rig.restore().chosen(own).own()).as(own).isTrue();
    }

    @Test
    void spooledSnapshotThatIsInTheStoreUnderNewerOnesIsNoConflict() {
        Snapshot sent = States.snapshot(5, "five", SnapshotKind.SNAPSHOT, "mine");
        rig.putPending(sent);
        rig.storeDisk.put(sent);
        rig.storeDisk.put(States.snapshot(6, "mine", "theirs"));

        Restore.Found found = rig.start();

        assertThat(models(found)).containsExactly("mine", "theirs");
        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED);
        await().until(() -> rig.pending().isEmpty());
        rig.crash();
        rig.store.down = true;
        assertThat(models(rig.start())).as("a copy was made first").containsExactly("mine", "theirs");
    }

    @Test
    void damageInTheSpoolIsToldAndForbiddenByStrict() {
        rig.storeDisk.put(States.snapshot(1, "a"));
        rig.putPending(States.snapshot(2, "two", SnapshotKind.SNAPSHOT, "a", "b"));
        rig.damagePending("two");

        Restore.Found found = rig.restore().latest();

        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().notices()).isNotEmpty();
        assertThatThrownBy(() -> rig.restore(true, false).latest()).isInstanceOf(ConfigException.class);
    }

    @Test
    void foreignTextIsAcceptedUnverifiedAndTheLogSaysSo() throws Exception {
        String text =
                "#Saving snapshot\nmodel_snapshot={\"modelCount\":1,\"models\":{\"noop\":{\"1.11\":{\"marName\":\"noop.mar\"}}}}\n";
        rig.storeDisk.put(Snapshot.create(
                States.header(0, "20200424145237000-startup.cfg", SnapshotKind.STARTUP),
                text.getBytes(StandardCharsets.UTF_8)));

        assertThat(models(rig.restore().latest())).containsExactly("noop");
        Path file = directory.resolve("kept.cfg");
        Files.writeString(file, text);
        assertThat(models(rig.restore().chosen(file.toString()))).containsExactly("noop");

        assertThat(log.warnings()).hasSize(2).allMatch(line -> line.endsWith("accepted, unverified"));
    }

    @Test
    void chosenSnapshotThatIsMissingOrDamagedStopsTheStart() {
        rig.storeDisk.put(States.snapshot(1, "one", SnapshotKind.SAVE, "a"));
        rig.storeDisk.put(States.snapshot(2, "b"));

        Restore.Found found = rig.restore().chosen("one");
        assertThat(models(found)).containsExactly("a");
        assertThat(found.start().least()).isEqualTo(3);
        assertThatThrownBy(() -> rig.restore().chosen("none"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "--snapshot none cannot be restored from store ddb: no snapshot none; the nearest: one; to see all:"
                                + " holdfast snapshots list");
        assertThatThrownBy(() -> rig.restore().chosen("production"))
                .hasMessageEndingWith("no snapshot production; to see all: holdfast snapshots list");
        rig.storeDisk.damaged.add("one");
        assertThatThrownBy(() -> rig.restore().chosen("one")).hasMessageContaining("is damaged");
        assertThatThrownBy(() -> rig.restore().chosen("./gone.cfg"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("not found");
        rig.storeDisk.snapshots.clear();
        assertThatThrownBy(() -> rig.restore().chosen("latest")).hasMessageContaining("has no snapshot of the group");
        rig.store.down = true;
        assertThatThrownBy(() -> rig.restore().chosen("latest"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("cannot be read");
    }

    @Test
    void wrongConfigurationOfTheStoreIsAnErrorOfTheOperators() {
        rig.store.failure = new IllegalArgumentException("snapshot.ddb.region 'x' must be a region");

        assertThatThrownBy(() -> rig.restore().latest())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("snapshot.ddb.region");
    }

    private String damageNewest() {
        String name = rig.storeDisk.newest().header().name();
        rig.storeDisk.damaged.add(name);
        return name;
    }

    private static Set<String> models(Restore.Found found) {
        return found.content().orElseThrow().state().models().keySet();
    }
}
