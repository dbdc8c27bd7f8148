package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.snapshot.SnapshotNames;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What loses by a decision is kept, and no name stands in the way of one. */
class OperatorDecisionTest {

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final Rig rig = new Rig(disk);
    private final Rig other = new Rig(disk);

    @AfterEach
    void end() {
        rig.close();
        other.close();
    }

    @Test
    void takeLocalIsPossibleWhereTheStoreHasAnotherSaveOfTheSameName() {
        rig.start();
        rig.storeDisk.put(States.snapshot(2, "before-upgrade", SnapshotKind.SAVE, "theirs"));
        rig.changed("a");
        rig.store.down = true;
        Rig.get(rig.keeper.save("of-its-own"));
        Rig.get(rig.keeper.save("before-upgrade"));
        rig.store.down = false;

        String done = rig.attach(Take.LOCAL);

        assertThat(done).contains("this host's are kept here: before-upgrade");
        assertThat(States.models(disk.newest())).containsExactly("a");
        assertThat(States.models(rig.store.get("before-upgrade"))).containsExactly("theirs");
        assertThat(States.models(rig.store.get("of-its-own"))).containsExactly("a");
        assertThat(States.models(rig.journal.aside("before-upgrade"))).containsExactly("a");
        assertThat(rig.keeper.status().aside()).containsExactly("before-upgrade");
        assertThat(rig.pending()).isEmpty();
    }

    @Test
    void takeStoreKeepsWhatModelsHaveLearnedHereAlsoWhereBothServeTheSame() {
        rig.start();
        rig.changed("a");
        other.start();
        Rig.get(rig.change(state -> States.learned(state, 1)));
        Rig.get(other.change(state -> States.learned(state, 2)));
        await().untilAsserted(() -> assertThat(other.keeper.status().notices())
                .singleElement()
                .asString()
                .startsWith("What these have learned here is not in store"));

        String done = other.attach(Take.STORE);

        assertThat(done).contains("What it served before is kept on this host as");
        assertThat(other.journal.aside())
                .singleElement()
                .satisfies(header -> assertThat(
                                ServingComparison.learned(HistoryPoint.of(other.journal.aside(header.name()))
                                        .state()))
                        .containsOnlyKeys(new ServingComparison.Key("a", "1.0"))
                        .containsValue(States.lesson(2)));
        assertThat(ServingComparison.learned(other.state.get())).containsValue(States.lesson(1));
    }

    @Test
    void whatAnotherHostHasLearnedIsNotUndoneByAHostThatHasSeenItInTheStoreAndDoesNotServeIt() {
        rig.start();
        rig.changed("a");
        other.start();
        Rig.get(rig.change(state -> States.learned(state, 1)));
        String seen = disk.newest().header().name();
        await().until(() ->
                other.keeper.base().filter(base -> base.name().equals(seen)).isPresent());

        Rig.get(other.change(state -> States.learned(state, 2)));

        assertThat(ServingComparison.learned(HistoryPoint.of(disk.newest()).state()))
                .containsValue(States.lesson(1));
        assertThat(other.keeper.status().notices())
                .singleElement()
                .asString()
                .startsWith("What these have learned here is not in store");
    }

    @Test
    void noMergeIsOfferedWhereTheStoreHasLostWhatThisHostGoesOnFrom() {
        rig.start();
        rig.changed("a");
        String lost = disk.newest().header().name();
        rig.changed("b");
        disk.snapshots.keySet().removeIf(name -> name.compareTo(lost) >= 0);

        await().until(() -> rig.keeper.status().mode() == StoreStatus.Mode.DETACHED);
        assertThat(rig.keeper.status().notices()).singleElement().asString().endsWith("attach --take store|local");

        rig.changed("c");
        rig.crash();
        assertThat(rig.restore().latest().start().notices())
                .singleElement()
                .asString()
                .endsWith("attach --take store|local");
    }

    @Test
    void nothingIsDecidedWhileTheJournalCannotTakeNoteOfItForTheNextStartWouldGoOnFromWhatWasBefore() {
        rig.start();
        rig.changed("a");
        rig.changed("b");
        disk.snapshots.remove(disk.newest().header().name());
        await().until(() -> rig.keeper.status().mode() == StoreStatus.Mode.DETACHED);
        rig.pendingDown(true);

        for (Take take : List.of(Take.STORE, Take.LOCAL)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> rig.attach(take))
                    .withMessageStartingWith(
                            "Nothing was decided, for the journal of this host cannot take note of it: ")
                    .withMessageContaining(rig.journalDirectory().toString())
                    .withMessageEndingWith("Mend that, and decide again");
        }
        assertThat(rig.state.get().models()).containsOnlyKeys("a", "b");

        rig.pendingDown(false);
        rig.attach(Take.STORE);
        rig.changed("c");
        rig.crash();
        assertThat(rig.restore().latest().content().orElseThrow().state().models())
                .containsOnlyKeys("a", "c");
    }

    @Test
    void aMergeTakesAnotherNameWhereAnotherHostUsesTheOneThatItWouldGive() {
        bothChange();
        Instant last = disk.newest().header().createdOn();
        for (int i = 1; i <= 3; i++) {
            inUse(last.plusMillis(i));
            inUse(rig.clock.instant().plusMillis(i));
        }

        String done = rig.attach(Take.MERGE);

        assertThat(done).contains("is merged into snapshot");
        assertThat(States.models(disk.newest())).containsExactly("a", "b", "c");
        assertThat(rig.state.get().models()).containsOnlyKeys("a", "b", "c");
        assertThat(rig.pending()).isEmpty();
    }

    @Test
    void aMergeTakesInWhatAnotherHostChangesMeanwhile() {
        bothChange();
        rig.store.onSave = () -> {
            rig.store.onSave = () -> {};
            other.changed("d");
        };

        rig.attach(Take.MERGE);

        assertThat(States.models(disk.newest())).containsExactly("a", "b", "c", "d");
        assertThat(rig.state.get().models()).containsOnlyKeys("a", "b", "c", "d");
    }

    @Test
    void takeStoreKeepsTheNamedSavesThatWaitedOnThisHost() {
        bothChange();
        Rig.get(rig.keeper.save("mine"));
        rig.changed("d");

        rig.attach(Take.STORE);

        assertThat(rig.pending()).isEmpty();
        assertThat(rig.state.get().models()).containsOnlyKeys("a", "c");
        assertThat(States.models(rig.journal.aside("mine"))).containsExactly("a", "b");
        assertThat(rig.keeper.status().aside())
                .hasSize(2)
                .contains("mine")
                .anySatisfy(name ->
                        assertThat(States.models(rig.journal.aside(name))).containsExactly("a", "b", "d"));
    }

    @Test
    void whatLosesIsKeptWhereItsNameIsThatOfAnotherSave() {
        bothChange();
        String loser = disk.newest().header().name();
        disk.put(States.snapshot(0, "kept-" + loser, SnapshotKind.SAVE, "something", "else"));

        String done = rig.attach(Take.LOCAL);

        assertThat(States.models(disk.newest())).containsExactly("a", "b");
        assertThat(disk.newestFirst())
                .filteredOn(header -> header.kind() == SnapshotKind.SAVE && done.contains(header.name()))
                .singleElement()
                .satisfies(kept -> assertThat(States.models(disk.snapshots.get(kept.name())))
                        .containsExactly("a", "c"));
    }

    private void inUse(Instant time) {
        String name = SnapshotNames.name(time, SnapshotKind.SNAPSHOT);
        disk.put(States.snapshot(0, name, SnapshotKind.SNAPSHOT, "something", "else"));
    }

    /** The one has changed b, the other one c, while the store was away from the first. */
    private void bothChange() {
        rig.start();
        rig.changed("a");
        other.clock.set(other.clock.instant().plus(Duration.ofHours(1)));
        other.start();
        rig.store.down = true;
        rig.changed("b");
        other.changed("c");
        rig.store.down = false;
        await().until(() -> rig.keeper.status().mode() == StoreStatus.Mode.DETACHED);
    }

    /** Nobody has decided against it: the divergence was with what the store has lost. */
    @Test
    void whatTheStoreHasLostOfADivergenceIsKeptWithTheNameThatItHadThere() {
        rig.start();
        rig.changed("a");
        other.clock.set(other.clock.instant().plus(Duration.ofHours(1)));
        other.start();
        other.store.down = true;
        other.changed("b");
        rig.changed("c");
        String lost = disk.newest().header().name();
        other.store.down = false;
        await().until(() -> other.keeper.status().mode() == StoreStatus.Mode.DETACHED);

        disk.snapshots.remove(lost);

        await().until(() -> other.keeper.status().mode() == StoreStatus.Mode.ATTACHED);
        await().until(() -> other.keeper.status().aside().contains(lost));
        assertThat(States.models(other.journal.aside(lost))).containsExactly("a", "c");
        assertThat(States.models(disk.newest())).containsExactly("a", "b");
    }

    @Test
    void takeStoreAsksTheStoreWhetherTheHostIsBehindAndDoesNotWaitForTheRegularLook() {
        other.look = Duration.ofHours(1);
        other.start();
        rig.start();
        rig.changed("a");
        assertThat(other.keeper.status().behind()).isEmpty();

        String done = other.attach(Take.STORE);

        assertThat(done).startsWith("Attached to store ddb; the host serves its snapshot");
        assertThat(other.journal.aside()).as("it had changed nothing").isEmpty();
        assertThat(other.state.get().models()).containsOnlyKeys("a");
        assertThatIllegalStateException()
                .isThrownBy(() -> other.attach(Take.STORE))
                .withMessage("There is nothing to decide: the host is attached to its store ddb");
    }

    @Test
    void takeStoreDoesNotTakeAnAttachedHostBackToWhatAStoreWasRolledBackTo() {
        rig.look = Duration.ofHours(1);
        rig.start();
        rig.changed("a");
        String lost = disk.newest().header().name();
        disk.snapshots.remove(lost);

        assertThatIllegalStateException().isThrownBy(() -> rig.attach(Take.STORE));

        assertThat(rig.state.get().models()).containsOnlyKeys("a");
    }

    @Test
    void ofAHostThatIsBehindNothingLosesSoThereIsNothingToDecideForIt() {
        other.start();
        rig.start();
        rig.changed("a");
        String newest = disk.newest().header().name();

        for (Take take : new Take[] {Take.LOCAL, Take.MERGE}) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> other.attach(take))
                    .withMessage("There is nothing to decide: the host is attached to its store ddb, and behind;"
                            + " --take store lets it go over");
        }

        assertThat(disk.newest().header().name()).isEqualTo(newest);
    }

    @Test
    void whatWaitsStaysWhereTheHostCannotServeWhatTheStoreHas() {
        bothChange();
        List<String> waits = rig.pending();
        rig.whileGoingOver = () -> {
            throw new IllegalStateException("c.mar is not there");
        };

        assertThatIllegalStateException()
                .isThrownBy(() -> rig.attach(Take.STORE))
                .withMessage("c.mar is not there");

        assertThat(rig.pending()).isEqualTo(waits).isNotEmpty();
        assertThat(rig.keeper.status().mode()).isEqualTo(StoreStatus.Mode.DETACHED);
        rig.whileGoingOver = () -> {};
        rig.attach(Take.STORE);
        assertThat(rig.pending()).isEmpty();
    }

    @Test
    void takeLocalWritesNothingOverWhatCannotBeReadForNow() {
        bothChange();
        List<String> before = disk.names();
        List<String> waits = rig.pending();
        rig.store.newestUnreadable = true;

        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> rig.attach(Take.LOCAL));

        assertThat(disk.names()).isEqualTo(before);
        assertThat(rig.pending()).isEqualTo(waits).isNotEmpty();
    }

    @Test
    void takeLocalGoesOnAfterADamagedSnapshot() {
        bothChange();
        // Or it would write again what is damaged.
        other.stop();
        disk.damaged.add(disk.newest().header().name());

        try {
            rig.attach(Take.LOCAL);
        } catch (IllegalStateException e) {
            // The host has seen first that the store has lost the other side, and has gone on by itself.
            assertThat(e).hasMessageStartingWith("There is nothing to decide");
        }

        assertThat(States.models(disk.newest())).containsExactly("a", "b");
        assertThat(rig.pending()).isEmpty();
        assertThat(rig.keeper.status().mode()).isEqualTo(StoreStatus.Mode.ATTACHED);
    }

    /** The winner finds its place taken again and again, by the loser that was kept just now as well. */
    @Test
    void whatLosesIsKeptOnceHoweverOftenTheStoreRefusesTheWinner() {
        bothChange();
        SnapshotHeader loser = disk.newest().header();
        AtomicInteger saves = new AtomicInteger();
        rig.store.onSave = () -> {
            int save = saves.incrementAndGet();
            if (save > 1 && save < 5) {
                throw new SnapshotConflictException("the revision is taken");
            }
        };

        String done = rig.attach(Take.LOCAL);

        assertThat(done).endsWith("What lost is kept in the store as kept-" + loser.name());
        assertThat(disk.newestFirst())
                .filteredOn(header -> header.kind() == SnapshotKind.SAVE)
                .hasSize(1);
        assertThat(States.models(disk.newest())).containsExactly("a", "b");
        assertThat(disk.newest().header().revision())
                .as("one after the loser that is kept, and three that were refused")
                .isEqualTo(loser.revision() + 1 + 3 + 1);
    }

    @Test
    void whatWaitsStaysUntilTheStoreHasTheWinnerAndThenTheJournalHasACopyOfIt() {
        bothChange();
        List<String> waits = rig.pending();
        AtomicInteger saves = new AtomicInteger();
        rig.store.onSave = () -> {
            if (saves.incrementAndGet() == 2) {
                throw new StoreUnavailableException("gone while it was decided");
            }
        };

        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> rig.attach(Take.LOCAL));

        assertThat(rig.pending()).isEqualTo(waits).isNotEmpty();
        rig.attach(Take.LOCAL);
        assertThat(rig.pending()).isEmpty();
        assertThat(rig.copies()).contains(disk.newest().header());
    }

    @Test
    void whatThisHostGoesOnFromDoesNotLose() {
        rig.retry = Duration.ofHours(1);
        rig.start();
        rig.changed("a");
        rig.store.down = true;
        rig.changed("b");
        rig.store.down = false;

        rig.attach(Take.LOCAL);

        assertThat(disk.newestFirst()).noneMatch(header -> header.kind() == SnapshotKind.SAVE);
        assertThat(States.models(disk.newest())).containsExactly("a", "b");
    }

    @Test
    void aDamagedSaveHasItsNameStill() {
        rig.start();
        rig.storeDisk.put(States.snapshot(2, "before-upgrade", SnapshotKind.SAVE, "theirs"));
        rig.changed("a");
        rig.store.down = true;
        Rig.get(rig.keeper.save("before-upgrade"));
        disk.damaged.add("before-upgrade");
        rig.store.down = false;

        String done = rig.attach(Take.LOCAL);

        assertThat(done).contains("this host's are kept here: before-upgrade");
        assertThat(States.models(rig.journal.aside("before-upgrade"))).containsExactly("a");
        assertThat(disk.snapshots.get("before-upgrade").header().revision()).isEqualTo(2);
    }

    @Test
    void theStoreHasWhatModelsLearnedHereBeforeTheWinnerThatNeedsIt() {
        bothChange();
        Rig.get(rig.change(state -> States.learned(state, 2)));
        List<List<String>> inStore = new ArrayList<>();
        rig.bringChunks = needed -> {
            if (needed.contains(States.lesson(2))) {
                inStore.add(
                        disk.newest().header().kind() == SnapshotKind.SAVE
                                ? States.models(disk.newest()).stream().toList()
                                : List.of());
            }
        };

        rig.attach(Take.LOCAL);

        assertThat(inStore).as("what the store had last when the chunks came").containsExactly(List.of("a", "c"));
        assertThat(States.models(disk.newest())).containsExactly("a", "b");
    }

    @Test
    void aMergeIsRefusedWhereTheStoreHasLostWhatThisHostGoesOnFrom() {
        rig.start();
        rig.changed("a");
        String lost = disk.newest().header().name();
        rig.changed("b");
        disk.snapshots.keySet().removeIf(name -> name.compareTo(lost) > 0);
        await().until(() -> rig.keeper.status().mode() == StoreStatus.Mode.DETACHED);

        assertThatIllegalStateException()
                .isThrownBy(() -> rig.attach(Take.MERGE))
                .withMessageStartingWith("No merge is possible: store ddb lacks what this host goes on from");

        assertThat(rig.state.get().models()).containsOnlyKeys("a", "b");
    }

    @Test
    void aMergeThatCannotBeLoadedChangesNothing() {
        bothChange();
        String newest = disk.newest().header().name();
        rig.failures.add("model c: its archive is not there");

        assertThatIllegalStateException()
                .isThrownBy(() -> rig.attach(Take.MERGE))
                .withMessage(
                        "Nothing was merged, for the result could not be loaded: model c: its archive is not there");

        assertThat(rig.state.get().models()).containsOnlyKeys("a", "b");
        assertThat(disk.newest().header().name()).isEqualTo(newest);
        assertThat(rig.pending()).isNotEmpty();
    }

    @Test
    void aModelThatFailedBeforeStandsInTheWayOfNoMerge() {
        bothChange();
        rig.failures.add("model a: it failed at the start");
        rig.failuresBefore.add("model a: it failed at the start");

        rig.attach(Take.MERGE);

        assertThat(States.models(disk.newest())).containsExactly("a", "b", "c");
    }
}
