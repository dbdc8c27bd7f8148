package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalWithFaults;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.Durability.Kind;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A host comes back to a store that others have written to meanwhile, and nothing has to be decided. */
class ReattachmentTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final Rig other = new Rig(disk);
    private final Rig host = new Rig(disk);

    @BeforeEach
    void begin() {
        other.start();
        other.changed("a");
        // Two hosts do not give the same names, but for a coincidence that is not the point here.
        host.clock.set(host.clock.instant().plus(Duration.ofHours(1)));
        host.start();
    }

    @AfterEach
    void end() {
        other.close();
        host.close();
    }

    @Test
    void whatTheStoreHasThoughTheReplyWasLostIsWhatTheHostGoesOnFrom() {
        host.store.onSave = () -> host.store.down = true;
        host.store.losesReplies = true;
        assertThat(host.changed("b").kind()).isEqualTo(Kind.SPOOLED);
        assertThat(States.models(disk.newest())).containsExactly("a", "b");
        other.attach(Take.STORE);
        other.changed("c");

        host.store.onSave = () -> {};
        host.store.losesReplies = false;
        host.store.down = false;

        await().until(() -> host.state.get().models().containsKey("c"));
        assertThat(host.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(host.changed("d").kind()).isEqualTo(Kind.STORED);
        assertThat(States.models(disk.newest())).containsExactly("a", "b", "c", "d");
    }

    @Test
    void whereAnotherHostHasMadeTheSameChangeNothingWaitsAndTheHostGoesOnFromThere() {
        host.store.down = true;
        assertThat(host.changed("b").kind()).isEqualTo(Kind.SPOOLED);
        other.changed("b");
        AtomicInteger saves = new AtomicInteger();
        host.store.onSave = saves::incrementAndGet;

        host.store.down = false;

        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);
        await().until(() -> host.pending().isEmpty());
        assertThat(host.changed("c").kind()).isEqualTo(Kind.STORED);
        assertThat(States.models(disk.newest())).containsExactly("a", "b", "c");
        assertThat(saves).as("nothing was saved but the change").hasValue(1);
    }

    /** A start without the store comes back to the one or the other, whenever the host dies. */
    @Test
    void whatWaitsGoesOnlyWhenThereIsACopyOfWhatHoldsIt(@TempDir Path directory) {
        HistoryPoint head = HistoryPoint.of(States.snapshot(7, "head", SnapshotKind.SNAPSHOT, "a"));
        List<List<String>> copiesAtARemoval = new ArrayList<>();
        Journal[] opened = new Journal[1];
        try (Journal journal = JournalWithFaults.open(directory, 1024 * 1024, (step, file) -> {
            if (step.equals("DELETE") && file.toString().contains("pending")) {
                copiesAtARemoval.add(opened[0].copies().stream()
                        .map(copy -> copy.header().name())
                        .toList());
            }
        })) {
            opened[0] = journal;
            journal.append(States.snapshot(6, "waits", SnapshotKind.SNAPSHOT, "a"));
            KeeperOptions options = new KeeperOptions(
                    "ddb",
                    false,
                    false,
                    "default",
                    "host",
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO,
                    false,
                    false,
                    Duration.ZERO);
            NextSnapshot next = new NextSnapshot(options, Map::of, Clock.systemUTC());

            new PendingDelivery(new FakeStore(disk), journal, next, options, Clock.systemUTC()).giveUp(head);

            assertThat(journal.pending()).isEmpty();
            assertThat(copiesAtARemoval).isNotEmpty().allMatch(copies -> copies.contains("head"));
        }
    }

    /** The store has lost what it had taken, and its plugin remembers the revision. */
    @Test
    void whatWaitsTakesALaterRevisionWhereTheStoreRefusesTheNextOne() {
        host.store.onSave = () -> host.store.down = true;
        host.store.losesReplies = true;
        assertThat(host.changed("b").kind()).isEqualTo(Kind.SPOOLED);
        Rig.get(host.keeper.save("mine"));
        disk.snapshots.remove(disk.newest().header().name());

        host.store.onSave = () -> {};
        host.store.losesReplies = false;
        host.store.down = false;

        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);
        assertThat(host.pending()).isEmpty();
        assertThat(host.keeper.status().aside()).isEmpty();
        assertThat(States.models(disk.newest())).containsExactly("a", "b");
        assertThat(States.models(disk.snapshots.get("mine"))).containsExactly("a", "b");
    }

    @Test
    void whatAStoreRefusesAgainAndAgainWaitsOnAndTheHostGoesOn() {
        host.store.down = true;
        host.changed("b");
        host.store.onSave = () -> {
            throw new SnapshotConflictException("revision and name are taken");
        };

        host.store.down = false;

        await().until(() -> log.warnings().stream()
                .anyMatch(line -> line.equals("Store ddb refuses what waits on this host, and says no more than:"
                        + " revision and name are taken")));
        assertThat(host.changed("c").kind()).isEqualTo(Kind.SPOOLED);
        host.store.onSave = () -> {};
        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);
        assertThat(States.models(disk.newest())).containsExactly("a", "b", "c");
    }

    /** What was acknowledged waits whenever the host dies. */
    @Test
    void whatWaitsGoesOnlyWhenWhatTakesItsPlaceWaits(@TempDir Path directory) {
        Snapshot waits = States.snapshot(6, "waits", SnapshotKind.SNAPSHOT, "a", "b");
        List<List<SnapshotHeader>> pendingAtARemoval = new ArrayList<>();
        Journal[] opened = new Journal[1];
        try (Journal journal = JournalWithFaults.open(directory, 1024 * 1024, (step, file) -> {
            if (step.equals("DELETE") && file.toString().endsWith("-waits")) {
                pendingAtARemoval.add(
                        opened[0].pending().stream().map(Entry::header).toList());
            }
        })) {
            opened[0] = journal;
            journal.append(waits);
            KeeperOptions options = new KeeperOptions(
                    "ddb",
                    false,
                    false,
                    "default",
                    "host",
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO,
                    false,
                    false,
                    Duration.ZERO);
            StartPoint start = StartPoint.of(Mode.SPOOLING);
            NextSnapshot next = new NextSnapshot(options, Map::of, Clock.systemUTC());
            LearnedSides sides =
                    new LearnedSides(journal, next, new StoreAttachment(options, start), new HistoryCursor(start));
            FakeStore store = new FakeStore(disk);

            new PendingDelivery(store, journal, next, options, Clock.systemUTC())
                    .send(Look.at(store, Optional.empty()), new LearnedKeys(), sides, snapshot -> {});

            assertThat(States.models(disk.newest())).containsExactly("a", "b");
            assertThat(pendingAtARemoval)
                    .isNotEmpty()
                    .allSatisfy(pending -> assertThat(pending)
                            .anyMatch(header -> header.origin()
                                    .filter(waits.header().saveId()::equals)
                                    .isPresent()));
        }
    }

    @Test
    void aHostWhoseJournalTakesNothingComesBackAllTheSameWhereNothingWaits() {
        Rig.get(host.keeper.take(SnapshotKind.STARTUP));
        host.crash();
        host.store.down = true;
        host.start();
        host.pendingDown(true);
        assertThat(Rig.get(host.change(state -> States.learned(state, 2))).kind())
                .isEqualTo(Kind.LOST_ON_RESTART);
        Rig.get(other.change(state -> States.learned(state, 1)));
        other.changed("b");

        host.store.down = false;

        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);
        assertThat(host.state.get().models()).containsOnlyKeys("a", "b");
        assertThat(host.keeper.status().notices()).isEmpty();
    }

    @Test
    void aHostWhoseJournalTakesNothingWaitsWithWhatItAcknowledged() {
        host.store.down = true;
        Rig.get(host.change(state -> States.learned(state, 2)));
        String waits = host.pending().get(0);
        host.pendingDown(true);
        Rig.get(other.change(state -> States.learned(state, 1)));
        other.changed("b");
        String newest = disk.newest().header().name();

        host.store.down = false;

        await().until(() ->
                log.errors().stream().anyMatch(line -> line.startsWith("The host does not go on in store ddb yet")));
        assertThat(host.pending()).contains(waits);
        assertThat(disk.newest().header().name()).isEqualTo(newest);
        host.pendingDown(false);
        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);
        assertThat(host.keeper.status().aside()).hasSize(1);
    }

    @Test
    void aStoreThatAnswersOnlyInPartIsToldAsThatAndTriedAgain() {
        try (Rig fresh = new Rig(new FakeStore.Disk())) {
            fresh.store.down = true;
            fresh.start();
            fresh.changed("a");
            fresh.store.getFails = true;
            fresh.store.down = false;

            await().until(() -> log.errors().stream()
                    .anyMatch(line -> line.startsWith("The host does not go on in store ddb yet")));

            assertThat(log.errors()).noneMatch(line -> line.contains("unexpected failure"));
            fresh.store.getFails = false;
            await().until(() -> fresh.keeper.status().mode() == Mode.ATTACHED);
            assertThat(fresh.pending()).isEmpty();
        }
    }

    @Test
    void aChangeThatComesToNothingOnAHostThatIsBehindIsRefusedAndTheHostGoesOver() {
        lookNeverAgain();
        host.adoptsStoreAfterConflict = true;
        host.start();
        other.changed("b");

        assertThat(Rig.get(host.change(state -> state)).kind()).isEqualTo(Kind.UNDONE);

        assertThat(host.state.get().models()).containsOnlyKeys("a", "b");
        assertThat(host.changed("c").kind()).isEqualTo(Kind.STORED);
    }

    @Test
    void whereTheHostWaitsTheAnswerNamesTheSnapshotThatHoldsWhatCameToNothing() {
        lookNeverAgain();
        host.adoptsStoreAfterConflict = false;
        host.start();
        String own = disk.newest().header().name();
        other.changed("b");

        Durability answer = Rig.get(host.change(state -> state));

        assertThat(answer.kind()).isEqualTo(Kind.STORED);
        assertThat(answer.snapshot()).contains(own);
        assertThat(host.keeper.status().behind()).isPresent();
    }

    @Test
    void aHostThatFollowsGoesOverByItself() {
        follow();
        assertThat(other.changed("b").kind()).isEqualTo(Kind.STORED);

        await().until(() -> host.state.get().models().keySet().equals(Set.of("a", "b")));

        await().until(() -> log.info().stream()
                .anyMatch(line -> line.startsWith("Followed host other-host: this host serves its snapshot ")));
        assertThat(host.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(host.keeper.status().behind()).isEmpty();
        assertThat(host.changed("c").kind()).isEqualTo(Kind.STORED);
        assertThat(States.models(disk.newest())).containsExactly("a", "b", "c");
    }

    @Test
    void aHostThatFollowsIsBehindWhileItCannotGoOver() {
        follow();
        host.whileGoingOver = () -> {
            throw new IllegalStateException("no memory");
        };
        other.changed("b");

        await().until(() -> host.keeper.status().behind().isPresent());

        assertThat(host.state.get().models()).containsOnlyKeys("a");
        host.whileGoingOver = () -> {};
        await().until(() -> host.keeper.status().behind().isEmpty());
        assertThat(host.state.get().models()).containsOnlyKeys("a", "b");
    }

    /** Both were acknowledged, so nobody goes over without a word. */
    @Test
    void aHostThatFollowsGivesNothingUpThatItAcknowledged() {
        follow();
        host.store.down = true;
        assertThat(host.changed("mine").kind()).isEqualTo(Kind.SPOOLED);
        other.changed("theirs");
        host.store.down = false;

        await().until(() -> host.keeper.status().mode() == Mode.DETACHED);

        assertThat(host.state.get().models()).containsOnlyKeys("a", "mine");
    }

    private void follow() {
        host.stop();
        host.follows = true;
        other.host = "other-host";
        other.stop();
        other.start();
        host.start();
    }

    private void lookNeverAgain() {
        host.stop();
        host.look = Duration.ofDays(1);
    }

    @Test
    void aDamagedNewestIsWrittenAgainAtOnceByTheHostThatServesIt() {
        host.changed("b");
        String damaged = disk.newest().header().name();

        disk.damaged.add(damaged);

        await().until(() -> !disk.newest().header().name().equals(damaged));
        assertThat(States.models(disk.newest())).containsExactly("a", "b");
        assertThat(host.keeper.status().mode()).isEqualTo(Mode.ATTACHED);
        await().until(() -> log.warnings().stream()
                .anyMatch(line -> line.startsWith("Snapshot " + damaged
                        + " was found damaged in store ddb, and what it held" + " was written again: STORED ")));
    }

    /** Its disk failed when the store had taken or refused them. */
    @Test
    void whatTheJournalOfAnAttachedHostCouldNotLetGoOfGoesAtTheNextLook() {
        host.changed("b");
        Snapshot sent = disk.newest();
        host.journal.append(States.snapshot(1, "refused", SnapshotKind.SNAPSHOT, "c"));
        host.journal.append(States.snapshot(2, "mine", SnapshotKind.SAVE, "c"));
        host.journal.append(sent);

        await().until(() -> host.pending().isEmpty());

        assertThat(host.journal.aside()).extracting(SnapshotHeader::name).containsExactly("mine");
        await().until(() -> host.keeper.status().spooled() == 0);
        assertThat(disk.newest()).isEqualTo(sent);
    }

    @Test
    void aLessonThatNothingTookIsDurableWhenItLiesAside() {
        host.store.down = true;
        host.pendingDown(true);
        Rig.get(host.change(state -> States.learned(state, 2)));
        Rig.get(other.change(state -> States.learned(state, 1)));
        other.changed("b");
        host.pendingDown(false);

        host.store.down = false;

        await().until(() -> !host.keeper.status().aside().isEmpty());
        await().until(() -> host.keeper.status().notices().stream().noneMatch(line -> line.contains("not durable")));
        assertThat(log.info())
                .filteredOn(line -> line.startsWith("The serving state is durable again"))
                .hasSize(1);
    }
}
