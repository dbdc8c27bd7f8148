package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.Durability.Kind;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SnapshotKeeperTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private final Rig rig = new Rig();

    @AfterEach
    void end() {
        rig.close();
    }

    @Test
    void changeIsInTheStoreWhenItIsAcknowledged() {
        rig.start();

        Durability durability = rig.changed("a");

        assertThat(durability.kind()).isEqualTo(Kind.STORED);
        assertThat(durability.notice()).isEmpty();
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a");
        assertThat(durability.snapshot())
                .contains(rig.storeDisk.newest().header().name());
        assertThat(rig.keeper.status())
                .usingRecursiveComparison()
                .ignoringFields("journal")
                .isEqualTo(new StoreStatus("ddb", "default", Mode.ATTACHED, durability.snapshot(), 1, 0, List.of()));
    }

    @Test
    void savedStateIsReadAfterTheChangeWasQueued() throws Exception {
        rig.start();
        rig.store.hang();
        CompletableFuture<Durability> first = rig.change("a");
        rig.store.hanging.await();

        CompletableFuture<Durability> second = rig.change("b");
        rig.store.hangs.countDown();

        assertThat(Rig.get(first).snapshot()).isNotEqualTo(Rig.get(second).snapshot());
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "b");
    }

    @Test
    void aJournalThatIsRemovedUnderTheHostIsMadeAgainWithWhatWaitedInIt() throws IOException {
        rig.start();
        rig.changed("a");
        rig.store.down = true;
        rig.changed("b");

        rig.removeJournal();
        Path pending = rig.journalDirectory().resolve("pending");
        await().until(() -> Files.isDirectory(pending) && !rig.pending().isEmpty());

        assertThat(States.models(rig.pending(0))).containsExactly("a", "b");
        rig.crash();
        assertThat(rig.restore().latest().content().orElseThrow().state().models())
                .containsOnlyKeys("a", "b");
    }

    @Test
    void afterARestartWhileTheStoreIsAwayTheStatusNamesWhatWaits() {
        rig.start();
        rig.changed("a");
        rig.store.down = true;
        Durability b = rig.changed("b");

        rig.crash();
        rig.start();

        await().untilAsserted(
                        () -> assertThat(rig.keeper.status().lastSnapshot()).isEqualTo(b.snapshot()));
    }

    @Test
    void storeThatIsDownSendsChangesToTheSpoolAndGetsThemInOrderWhenItIsBack() {
        rig.start();
        rig.changed("a");
        rig.store.down = true;

        Durability b = rig.changed("b");
        Durability c = rig.changed("c");

        assertThat(b.kind()).isEqualTo(Kind.SPOOLED);
        assertThat(c.notice())
                .first()
                .isEqualTo("Kept in the journal of this host as " + c.snapshot().orElseThrow() + ".");
        assertThat(c.notice()).last().asString().contains("ddb did not take the snapshot: store is down");
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.SPOOLING);
        assertThat(rig.keeper.status().spooled()).isEqualTo(2);

        rig.store.down = false;
        awaitMode(Mode.ATTACHED);

        assertThat(rig.storeDisk.writes()).extracting(SnapshotHeader::revision).containsExactly(1L, 2L, 3L);
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(rig.keeper.status().spooled()).isZero();
        assertThat(rig.pending()).isEmpty();
        assertThat(rig.changed("d").kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void whereTheDiskDoesNotLastAChangeIsNotAcknowledgedBeforeTheStoreHasIt() {
        rig.storeOnly = true;
        rig.start();
        rig.store.down = true;

        Durability durability = rig.changed("a");

        assertThat(durability.kind()).isEqualTo(Kind.LOST_ON_RESTART);
        assertThat(durability.notice()).last().asString().contains("durable_in=store");
        assertThat(rig.pending()).as("it is kept all the same").hasSize(1);
        rig.store.down = false;
        awaitMode(Mode.ATTACHED);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a");
    }

    @Test
    void busyHostLooksForItsStoreToo() {
        rig.retry = Duration.ofMillis(20);
        rig.start();
        rig.store.down = true;
        rig.changed("a");
        rig.store.down = false;

        // Never idle for as long as the interval: a change follows a change.
        await().until(() -> rig.changed("a").kind() == Kind.STORED);

        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
    }

    @Test
    void storeThatHangsHoldsNoChangeWhileItIsOnlyAskedWhetherItIsBack() throws Exception {
        rig.start();
        rig.store.down = true;
        rig.changed("a");
        rig.store.hang();
        rig.store.hanging.await();

        assertThat(rig.changed("b").kind()).isEqualTo(Kind.SPOOLED);

        rig.store.down = false;
        rig.store.hangs.countDown();
        awaitMode(Mode.ATTACHED);
    }

    @Test
    void anErrorOfTheStoreGoesToTheSpoolLikeAnyOtherFailure() {
        rig.start();
        rig.store.failure = new NoClassDefFoundError("gone/Missing");

        assertThat(rig.changed("a").kind()).isEqualTo(Kind.SPOOLED);

        rig.store.failure = new IllegalStateException("closed");
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.SPOOLED);
        rig.store.failure = null;
        awaitMode(Mode.ATTACHED);
    }

    @Test
    void replyThatWasLostIsNoConflictAndNoSecondSave() {
        rig.start();
        rig.store.losesReplies = true;
        assertThat(rig.changed("a").kind()).isEqualTo(Kind.SPOOLED);

        rig.store.losesReplies = false;
        awaitMode(Mode.ATTACHED);

        assertThat(rig.storeDisk.writes()).hasSize(1);
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void saveThatSeemedToFailWithTheSpoolFailingTooIsNotTakenForAnotherHost() {
        rig.look = Duration.ofHours(1);
        rig.retry = Duration.ofHours(1);
        rig.start();
        rig.store.losesReplies = true;
        rig.pendingDown(true);
        assertThat(rig.changed("a").kind()).isEqualTo(Kind.LOST_ON_RESTART);
        rig.store.losesReplies = false;
        rig.pendingDown(false);

        Durability next = rig.changed("b");

        assertThat(next.kind()).isEqualTo(Kind.STORED);
        assertThat(rig.keeper.status().revision()).isEqualTo(2);
    }

    @Test
    void changeThatNothingTookIsSaidToBeLostAndIsKeptAsSoonAsPossible() {
        rig.start();
        rig.store.down = true;
        rig.pendingDown(true);

        Durability lost = rig.changed("a");

        assertThat(lost.kind()).isEqualTo(Kind.LOST_ON_RESTART);
        assertThat(lost.snapshot()).isEmpty();
        assertThat(lost.notice()).hasSize(2);
        assertThat(rig.keeper.status().notices())
                .anyMatch(notice -> notice.startsWith("The serving state is not durable"));

        rig.store.down = false;
        await().until(() -> rig.keeper.status().notices().isEmpty());
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a");
        // The keeper's thread shows the status before it writes the line.
        await().untilAsserted(() -> assertThat(log.info())
                .anyMatch(line -> line.startsWith("The serving state is durable again, in snapshot ")));
    }

    @Test
    void hostThatSpoolsAttachesAgainAlsoWhenTheSpoolIsFull() {
        rig.start();
        rig.store.down = true;
        rig.changed("a");
        rig.pendingDown(true);
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.LOST_ON_RESTART);

        rig.store.down = false;

        await().until(() -> rig.keeper.status().mode() == Mode.ATTACHED
                && rig.keeper.status().notices().isEmpty());
        await().untilAsserted(
                        () -> assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "b"));
    }

    @Test
    void failureToReadTheConfigurationIsToldAndTriedAgain() {
        rig.start();
        rig.config = () -> {
            throw new IllegalStateException("no configuration");
        };

        Durability lost = rig.changed("a");

        assertThat(lost.kind()).isEqualTo(Kind.LOST_ON_RESTART);
        assertThat(lost.notice()).singleElement().asString().contains("no configuration");
        rig.config = () -> States.CONFIG;
        await().untilAsserted(() ->
                assertThat(rig.storeDisk.names()).as("saved again").hasSize(1));
    }

    @Test
    void keeperOutlivesAnInterrupt() {
        rig.start();
        rig.store.onSave = () -> Thread.currentThread().interrupt();
        rig.changed("a");
        rig.store.onSave = () -> {};

        assertThat(rig.changed("b").kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void otherHostsWriteDetachesAndNothingIsWrittenOverIt() {
        rig.start();
        rig.changed("a");
        rig.storeDisk.put(States.snapshot(2, "theirs"));

        Durability mine = rig.changed("b");
        Durability later = rig.changed("c");

        assertThat(mine.kind()).isEqualTo(Kind.SPOOLED);
        assertThat(later.notice()).last().asString().contains("attach --take store|local");
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.DETACHED);
        assertThat(rig.keeper.status().lastSnapshot()).isEqualTo(later.snapshot());
        assertThat(rig.keeper.status().spooled()).isEqualTo(2);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("theirs");
    }

    @Test
    void changeThatTheStoreHasAlreadyIsServedAfterAKillWhileTheStoreIsAway() {
        Rig other = new Rig(rig.storeDisk);
        try (other) {
            rig.start();
            Rig.get(rig.keeper.take(SnapshotKind.STARTUP));
            other.start();
            Rig.get(other.keeper.take(SnapshotKind.STARTUP));
            rig.changed("a");

            assertThat(other.changed("a").kind()).isEqualTo(Kind.STORED_ELSEWHERE);
            other.crash();
            other.store.down = true;
            other.start();

            assertThat(other.state.get().models()).containsOnlyKeys("a");
        }
    }

    @Test
    void bothSidesOfADivergenceSayWhoSavedThemAndFromWhereTheChangesCame() {
        Rig other = new Rig(rig.storeDisk);
        other.host = "other-host";
        try (other) {
            rig.start();
            other.start();
            rig.store.down = true;
            rig.callFrom("192.0.2.1");
            other.callFrom("192.0.2.2");
            rig.changed("mine");
            other.changed("theirs");
            rig.store.down = false;

            await().until(() -> rig.keeper.status().divergence().isPresent());

            StoreStatus.Divergence sides = rig.keeper.status().divergence().orElseThrow();
            assertThat(sides.here().orElseThrow().host()).isEqualTo("this-host");
            assertThat(sides.here().orElseThrow().callers()).containsExactly("192.0.2.1");
            assertThat(sides.inStore().orElseThrow().host()).isEqualTo("other-host");
            assertThat(sides.inStore().orElseThrow().callers()).containsExactly("192.0.2.2");
            assertThat(sides.differences())
                    .containsExactly("model mine: only on this host", "model theirs: only in the store");
        }
    }

    @Test
    void otherHostsWriteWhileTheStoreWasAwayDetachesToo() {
        rig.start();
        rig.changed("a");
        rig.store.down = true;
        rig.changed("b");
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        rig.store.down = false;

        awaitMode(Mode.DETACHED);

        assertThat(States.models(rig.storeDisk.newest())).containsExactly("theirs");
        assertThat(rig.pending()).hasSize(1);
    }

    @Test
    void hostThatIsToldToGoesOverToWhatAnotherSavedAndSaysThatItsOwnChangeIsUndone() {
        rig.adoptsStoreAfterConflict = true;
        rig.start();
        rig.changed("a");
        rig.storeDisk.put(States.snapshot(2, "theirs"));

        Durability mine = rig.changed("b");

        assertThat(mine.kind()).isEqualTo(Kind.UNDONE);
        assertThat(mine.isKept()).isFalse();
        assertThat(mine.notice()).singleElement().asString().startsWith("The host has gone over to ");
        assertThat(rig.state.get().models()).containsOnlyKeys("theirs");
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(rig.pending()).isEmpty();
        assertThat(rig.changed("c").kind()).isEqualTo(Kind.STORED);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("c", "theirs");
    }

    @Test
    void changesThatWaitWhileTheHostGoesOverAreUndoneToo() {
        rig.adoptsStoreAfterConflict = true;
        rig.start();
        rig.changed("a");
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        List<CompletableFuture<Durability>> waiting = new ArrayList<>();
        rig.whileGoingOver = () -> waiting.add(rig.change("waits"));

        rig.changed("b");

        assertThat(Rig.get(waiting.get(0)).kind()).isEqualTo(Kind.UNDONE);
        assertThat(Rig.get(waiting.get(0)).notice())
                .containsExactly("The host has gone over to what another one saved in store ddb.");
        assertThat(rig.changed("c").kind()).isEqualTo(Kind.STORED);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("c", "theirs");
    }

    @Test
    void hostThatIsToldToGoOverStillGivesUpNothingThatItAcknowledged() {
        rig.adoptsStoreAfterConflict = true;
        rig.start();
        rig.changed("a");
        rig.store.down = true;
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.SPOOLED);
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        rig.store.down = false;

        awaitMode(Mode.DETACHED);

        assertThat(rig.changed("c").kind()).isEqualTo(Kind.SPOOLED);
        assertThat(rig.state.get().models()).containsOnlyKeys("a", "b", "c");
        assertThat(rig.pending()).hasSize(2);
    }

    @Test
    void takeStoreGoesOverAndLowerRevisionsAreFreeAgainInTheSpool() {
        rig.start();
        rig.changed("a");
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        List.of("b", "c", "d", "e").forEach(rig::changed);

        String done = rig.attach(Take.STORE);

        assertThat(done)
                .contains("serves its snapshot")
                .contains(rig.storeDisk.newest().header().name());
        assertThat(rig.takenOver).hasSize(1);
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(rig.pending()).isEmpty();
        rig.store.down = true;
        assertThat(rig.changed("f").kind()).as("revision 3, after 6").isEqualTo(Kind.SPOOLED);
        rig.store.down = false;
        awaitMode(Mode.ATTACHED);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("f", "theirs");
    }

    @Test
    void takeLocalBecomesTheStoresNextRevision() {
        rig.start();
        rig.storeDisk.put(States.snapshot(50, "theirs"));
        rig.changed("a");

        rig.attach(Take.LOCAL);

        assertThat(rig.storeDisk.newest().header().revision()).isEqualTo(52);
        assertThat(rig.storeDisk.snapshots.values())
                .as("what lost is kept under a name")
                .anySatisfy(kept -> {
                    assertThat(kept.header().kind()).isEqualTo(SnapshotKind.SAVE);
                    assertThat(States.models(kept)).containsExactly("theirs");
                });
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a");
        assertThat(rig.keeper.status().spooled()).isZero();
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(rig.pending()).isEmpty();
        assertThat(rig.copies()).as("a restart without the store needs one").isNotEmpty();
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void takeLocalGetsPastADamagedSnapshotWhoseRevisionNobodyKnows() {
        rig.start();
        rig.storeDisk.put(States.snapshot(5, "theirs"));
        assertThat(rig.changed("a").kind()).isEqualTo(Kind.SPOOLED);
        rig.storeDisk.put(States.snapshot(9, "damaged"));
        String damaged = rig.storeDisk.newest().header().name();
        rig.storeDisk.damaged.add(damaged);
        rig.storeDisk.unlisted.add(damaged);

        rig.attach(Take.LOCAL);

        assertThat(rig.storeDisk.newest().header().revision()).isGreaterThan(9);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a");
        assertThat(rig.storeDisk.names()).contains(damaged);
    }

    @Test
    void changeGoesOnAfterADamagedSnapshotWhoseRevisionNobodyKnows() {
        rig.start();
        rig.changed("a");
        rig.storeDisk.put(States.snapshot(9, "damaged"));
        String damaged = rig.storeDisk.newest().header().name();
        rig.storeDisk.damaged.add(damaged);
        rig.storeDisk.unlisted.add(damaged);

        assertThat(rig.changed("b").kind()).isEqualTo(Kind.STORED);

        assertThat(rig.storeDisk.newest().header().revision()).isGreaterThan(9);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "b");
    }

    @Test
    void storeThatFailsInTheMiddleOfAnAttachLeavesTheHostDetachedAndTheSpoolWhole() {
        rig.start();
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        rig.changed("b");
        rig.retry = Duration.ofHours(1);
        StoreStatus before = rig.keeper.status();
        rig.store.onSave = () -> {
            throw new StoreUnavailableException("cut off");
        };

        assertThatThrownBy(() -> rig.attach(Take.LOCAL)).isInstanceOf(StoreUnavailableException.class);

        rig.store.onSave = () -> {};
        assertThat(rig.keeper.status()).isEqualTo(before);
        assertThat(rig.pending()).hasSize(1);
        rig.store.down = true;
        assertThatThrownBy(() -> rig.attach(Take.STORE)).isInstanceOf(StoreUnavailableException.class);
        assertThat(rig.keeper.status()).isEqualTo(before);
        assertThat(rig.takenOver).isEmpty();
        rig.store.down = false;
        rig.attach(Take.LOCAL);
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("b");
    }

    @Test
    void decisionThatCannotBeginInTimeIsWithdrawnAndOneThatHasBegunGoesOn() throws Exception {
        rig.start();
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        rig.changed("a");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        rig.store.onSave = () -> {
            begun.countDown();
            Rig.await(go);
        };
        CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> rig.attach(Take.LOCAL));
        begun.await();

        assertThatThrownBy(() -> rig.keeper.attach(Take.STORE, Duration.ofMillis(1)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("Nothing was decided");
        go.countDown();

        assertThat(Rig.get(first)).contains("what this host serves");
        assertThat(rig.takenOver).isEmpty();
    }

    @Test
    void decisionThatTakesTooLongSaysThatItGoesOn() throws Exception {
        rig.start();
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        rig.changed("a");
        CountDownLatch go = new CountDownLatch(1);
        rig.store.onSave = () -> Rig.await(go);

        // Taken back as often as the keeper's thread does not come to it in time.
        await().untilAsserted(() -> assertThatThrownBy(() -> rig.keeper.attach(Take.LOCAL, Duration.ofMillis(20)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("has begun, and goes on"));

        go.countDown();
        awaitMode(Mode.ATTACHED);
    }

    @Test
    void attachedHostCannotBeAttached() {
        rig.start();

        assertThatThrownBy(() -> rig.attach(Take.LOCAL)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void takeStoreOfAnEmptyStoreChangesNothing() {
        rig.start();
        rig.changed("a");
        rig.storeDisk.snapshots.clear();
        rig.storeDisk.put(States.snapshot(7, "theirs"));
        rig.changed("b");
        rig.storeDisk.snapshots.clear();

        assertThatThrownBy(() -> rig.attach(Take.STORE)).hasMessageContaining("has no snapshot of group");

        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.DETACHED);
    }

    @Test
    void saveTakesTheNameAndRefusesOneInUse() {
        rig.start();
        rig.changed("a");

        assertThat(Rig.get(rig.keeper.save("before-upgrade")).kind()).isEqualTo(Kind.STORED);
        CompletableFuture<Durability> second = rig.keeper.save("before-upgrade");

        assertThat(second)
                .failsWithin(Duration.ofSeconds(30))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(SnapshotConflictException.class)
                .withMessage("A snapshot named before-upgrade is there already; choose another name.");
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(rig.keeper.get("before-upgrade").header().kind()).isEqualTo(SnapshotKind.SAVE);
    }

    @Test
    void nameThatAnotherHostTookJustNowIsRefusedAndTheHostStaysAttached() {
        rig.start();
        rig.changed("a");
        Snapshot theirs = States.snapshot(0, "v1", SnapshotKind.SAVE, "old");
        rig.store.onSave = () -> rig.storeDisk.put(theirs);

        assertThat(rig.keeper.save("v1")).failsWithin(Duration.ofSeconds(30));

        rig.store.onSave = () -> {};
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(rig.changed("b").kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void namesThatBreakTheRuleOrLookLikeTheHostsOwnAreRefused() {
        rig.start();

        for (String name : List.of("", "../x", "a b", "-a", "a".repeat(129), "99991231235959999-snapshot.cfg")) {
            assertThatThrownBy(() -> rig.keeper.save(name)).as(name).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void spooledSaveWhoseNameTurnsOutToBeInUseIsPassedOverAndItsStateIsStored() {
        rig.start();
        rig.storeDisk.put(States.snapshot(1, "v1", SnapshotKind.SAVE, "old"));
        rig.stop();
        rig.start();
        rig.store.down = true;
        rig.changed("a");
        assertThat(Rig.get(rig.keeper.save("v1")).kind()).isEqualTo(Kind.SPOOLED);

        rig.store.down = false;
        awaitMode(Mode.ATTACHED);

        await().until(() -> rig.pending().isEmpty());
        assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "old");
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(log.errors()).anyMatch(line -> line.contains("What waits as v1 is kept on this host"));
    }

    @Test
    void damagedSpooledSnapshotDoesNotKeepTheHostFromItsStore() {
        rig.start();
        rig.store.down = true;
        rig.changed("a");
        rig.changed("b");
        rig.damagePending(rig.keeper.status().lastSnapshot().orElseThrow());

        rig.store.down = false;
        awaitMode(Mode.ATTACHED);

        await().untilAsserted(() -> {
            assertThat(States.models(rig.storeDisk.newest())).containsExactly("a", "b");
            assertThat(rig.pending()).isEmpty();
        });
    }

    @Test
    void namesIncreaseAfterARestartWithAClockSetBackAlsoWhenTheLastNameWasTheOperators() {
        rig.start();
        String before = rig.changed("a").snapshot().orElseThrow();
        Rig.get(rig.keeper.save("before-upgrade"));
        rig.crash();
        rig.clock.set(rig.clock.instant().minusSeconds(86_400));
        rig.start();

        assertThat(rig.changed("b").snapshot().orElseThrow()).isGreaterThan(before);
        assertThat(rig.storeDisk.writes()).extracting(SnapshotHeader::createdOn).isSorted();
    }

    @Test
    void namesAndRevisionsIncreaseWithinAMillisecondAndWhenTheClockStepsBack() {
        rig.start();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            names.add(rig.changed("a").snapshot().orElseThrow());
        }
        rig.clock.set(rig.clock.instant().minusSeconds(86_400));
        names.add(rig.changed("a").snapshot().orElseThrow());
        rig.crash();
        rig.start();
        names.add(rig.changed("a").snapshot().orElseThrow());

        assertThat(names).isSorted().doesNotHaveDuplicates();
        assertThat(rig.storeDisk.writes())
                .extracting(SnapshotHeader::revision)
                .isSorted()
                .doesNotHaveDuplicates();
    }

    @Test
    void nameThatIsTakenBecauseTheClockSteppedBackIsNoOtherHost() {
        rig.start();
        rig.changed("a");
        Rig.get(rig.keeper.save("named"));
        rig.crash();
        // The last name says nothing of the time, and the clock is back where the first name was made.
        rig.start();

        assertThat(rig.changed("b").kind()).isEqualTo(Kind.STORED);
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
    }

    @Test
    void listAndGetAreTheStoresWhenAttachedAndTheSpoolsElse() {
        rig.start();
        String first = rig.changed("a").snapshot().orElseThrow();
        assertThat(rig.keeper.list(ListRequest.firstPage(10)).headers())
                .extracting(SnapshotHeader::name)
                .containsExactly(first);
        rig.storeDisk.put(States.snapshot(2, "theirs"));
        String spooled = rig.changed("b").snapshot().orElseThrow();

        assertThat(rig.keeper.list(ListRequest.firstPage(10)).headers())
                .extracting(SnapshotHeader::name)
                .containsExactly(spooled);
        assertThat(rig.keeper.get(spooled).header().name()).isEqualTo(spooled);
        assertThat(rig.keeper.get(first).header().name()).isEqualTo(first);
    }

    @Test
    void whatIsAskedBeforeTheStartIsDoneAfterIt() {
        rig.prepare(rig.restore().latest().start());
        CompletableFuture<Durability> early = rig.change("a");
        assertThat(early).isNotDone();

        rig.run();

        assertThat(Rig.get(early).kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void closeDoesWhatWaitsAndRefusesTheRest() {
        rig.start();
        CompletableFuture<Durability> waiting = rig.change("a");

        rig.keeper.close();

        assertThat(Rig.get(waiting).kind()).isEqualTo(Kind.STORED);
        assertThat(rig.changed("b").notice()).containsExactly("The host is stopping");
        assertThatThrownBy(() -> rig.attach(Take.STORE)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeTellsThoseWhoWaitForAStoreThatHangs() throws Exception {
        rig.closeTimeout = Duration.ofMillis(50);
        rig.start();
        rig.store.hang();
        CompletableFuture<Durability> underWay = rig.change("a");
        rig.store.hanging.await();
        CompletableFuture<Durability> waiting = rig.change("b");

        rig.keeper.close();

        assertThat(Rig.get(underWay).kind()).isEqualTo(Kind.LOST_ON_RESTART);
        assertThat(Rig.get(waiting).kind()).isEqualTo(Kind.LOST_ON_RESTART);
        assertThat(log.errors()).anyMatch(line -> line.contains("did not answer within"));
    }

    @Test
    void closeWithoutAStartTellsThoseWhoWait() {
        rig.prepare(rig.restore().latest().start());
        CompletableFuture<Durability> waiting = rig.change("a");

        rig.keeper.close();

        assertThat(Rig.get(waiting).kind()).isEqualTo(Kind.LOST_ON_RESTART);
        assertThat(rig.storeDisk.names()).isEmpty();
    }

    @Test
    void killBetweenTheStoreAndTheSpoolIsRecognised() {
        rig.start();
        rig.store.down = true;
        rig.changed("a");
        rig.changed("b");
        // Sent, and killed before the spool let go of it.
        rig.storeDisk.put(rig.pending(0));
        rig.crash();
        rig.store.down = false;

        Restore.Found found = rig.start();

        assertThat(found.start().mode()).isEqualTo(Mode.SPOOLING);
        assertThat(rig.state.get().models().keySet()).containsExactly("a", "b");
        awaitMode(Mode.ATTACHED);
        assertThat(rig.storeDisk.writes()).extracting(SnapshotHeader::revision).containsExactly(1L, 2L);
    }

    @Test
    void copyThatCannotBeKeptCostsNoChange() {
        rig.start();
        rig.copiesDown(true);

        assertThat(rig.changed("a").kind()).isEqualTo(Kind.STORED);
        assertThat(rig.copies()).isEmpty();

        assertThat(rig.keeper.status().notices()).isEmpty();
    }

    @Test
    void threeCopiesStay() {
        rig.start();

        for (int i = 0; i < 6; i++) {
            rig.changed("m" + i);
        }

        assertThat(rig.copies()).extracting(SnapshotHeader::revision).containsExactly(6L, 5L, 4L);
    }

    @Test
    void noticeOfTheRestoreStaysWhileChangesAreStored() {
        rig.storeDisk.put(States.snapshot(1, "old"));
        rig.storeDisk.put(States.snapshot(2, "new"));
        rig.storeDisk.damaged.add(rig.storeDisk.newest().header().name());
        rig.start();

        Durability durability = rig.changed("a");

        assertThat(durability.kind()).isEqualTo(Kind.STORED);
        assertThat(durability.notice()).isEmpty();
        assertThat(rig.keeper.status().notices()).singleElement().asString().contains("was restored instead");
    }

    @Test
    void anySnapshotButTheLastIsDeletedEvenADamagedOne() {
        rig.start();
        String first = rig.changed("a").snapshot().orElseThrow();
        String damaged = rig.changed("b").snapshot().orElseThrow();
        String last = rig.changed("c").snapshot().orElseThrow();
        rig.storeDisk.damaged.add(damaged);

        rig.keeper.delete(first);
        rig.keeper.delete(damaged);

        String newest = rig.storeDisk.newest().header().name();
        assertThat(rig.storeDisk.names())
                .as("and two that say what is removed")
                .hasSize(3)
                .contains(last, newest);
        assertThat(HistoryPoint.of(rig.storeDisk.newest()).header().trimmed()).isEqualTo(2);
        assertThat(log.info()).anySatisfy(line -> assertThat(line).contains(damaged, "deleted on request"));
        assertThatThrownBy(() -> rig.keeper.delete(first)).isInstanceOf(SnapshotNotFoundException.class);
        assertThatThrownBy(() -> rig.keeper.delete(newest))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Snapshot " + newest
                        + " is not deleted: it is the last one of group default, which the next start restores");
        assertThat(rig.storeDisk.names()).hasSize(3);
    }

    @Test
    void nothingIsDeletedWhileTheLastOneIsDamagedOrTheHostWritesElsewhere() {
        rig.look = Duration.ofHours(1);
        rig.start();
        String first = rig.changed("a").snapshot().orElseThrow();
        String last = rig.changed("b").snapshot().orElseThrow();
        rig.storeDisk.damaged.add(last);

        assertThatThrownBy(() -> rig.keeper.delete(first))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Snapshot " + last + " is damaged");
        assertThatThrownBy(() -> rig.keeper.delete(last)).isInstanceOf(IllegalStateException.class);

        rig.storeDisk.damaged.clear();
        rig.retry = Duration.ofMinutes(10);
        rig.stop();
        rig.start(rig.restore().latest());
        rig.store.down = true;
        rig.changed("c");
        rig.store.down = false;
        assertThatThrownBy(() -> rig.keeper.delete(first))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Snapshot " + first
                        + " is not deleted: the host is not attached to its store ddb but SPOOLING");
        assertThat(rig.storeDisk.names()).contains(first, last);
    }

    @Test
    void hostWithoutSnapshotsSaysSoEverywhere() {
        NoSnapshots off = new NoSnapshots("default");

        off.begin();
        assertThat(Rig.get(off.changed())).isEqualTo(Durability.NOT_KEPT);
        assertThat(Rig.get(off.save("x")).notice()).singleElement().asString().contains("--no-config-snapshots");
        assertThat(off.status().mode()).isEqualTo(Mode.OFF);
        assertThat(off.status().lastSnapshot()).isEqualTo(Optional.empty());
        assertThat(off.list(ListRequest.firstPage(1)).headers()).isEmpty();
        assertThatThrownBy(() -> off.get("x")).hasMessageContaining("switched off");
        assertThatThrownBy(() -> off.delete("x")).hasMessageContaining("switched off");
        assertThatThrownBy(() -> off.attach(Take.LOCAL, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalStateException.class);
    }

    private void awaitMode(Mode mode) {
        await().until(() -> rig.keeper.status().mode() == mode);
    }

    /** The store was asked before the host's own save, or before a decision, and answers after it. */
    @Test
    void anAnswerThatIsOlderThanTheHostsLastSnapshotSaysNothing() {
        rig.startByHand();
        work(rig.change("a"));
        rig.keeper.look();
        work(rig.change("b"));

        rig.keeper.look();

        assertThat(rig.keeper.status().behind()).isEmpty();
        assertThat(rig.keeper.status().notices()).isEmpty();
        assertThat(rig.keeper.base().orElseThrow().header())
                .isEqualTo(rig.storeDisk.newest().header());
    }

    @Test
    void anAnswerThatIsOlderThanTheReturnToTheStoreSaysNothing() {
        rig.startByHand();
        work(rig.change("a"));
        Snapshot before = rig.storeDisk.newest();
        rig.keeper.look();
        rig.store.down = true;
        work(rig.change("b"));
        rig.store.down = false;
        // The answer of before is acted on by a look of its own, for the host does not trust one that is older than its
        // question.
        rig.keeper.look();
        assertThat(rig.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        rig.keeper.look();
        work(rig.change("c"));

        rig.keeper.look();

        assertThat(rig.keeper.status().behind()).isEmpty();
        assertThat(rig.keeper.base().orElseThrow().header())
                .isEqualTo(rig.storeDisk.newest().header())
                .isNotEqualTo(before.header());
    }

    private void work(CompletableFuture<Durability> asked) {
        rig.keeper.work(0, 0);
        assertThat(asked).isDone();
    }
}
