package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.testsupport.LogLines;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Two hosts teach one model: what the one learns and the store does not take lies aside on that host before anybody is told
 * that it is durable, whichever way the answer takes.
 */
class LearnedSidesTest {

    private static final ServingComparison.Key A = new ServingComparison.Key("a", "1.0");

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final Rig teacher = new Rig(disk);
    private final Rig host = new Rig(disk);

    @BeforeEach
    void begin() {
        teacher.start();
        teacher.changed("a");
        // Two hosts do not give the same names, but for a coincidence that is not the point here.
        host.clock.set(host.clock.instant().plus(Duration.ofHours(1)));
        host.start();
    }

    @AfterEach
    void end() {
        teacher.close();
        host.close();
    }

    @Test
    void ofAHostThatIsBehind() {
        teach(teacher, 1);
        awaitBase();
        teacher.changed("b");

        Durability answer = teach(host, 2);

        assertThat(answer.kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(newest().models()).containsOnlyKeys("a", "b");
        assertKeptAside(2);
        assertCanBeRestored(2);
    }

    @Test
    void ofAHostThatMakesTheChangeThatIsThereAlready() {
        teach(teacher, 1);
        awaitBase();
        teacher.changed("b");

        Durability answer = Rig.get(host.change(state -> States.learned(with(state, "b"), 2)));

        assertThat(answer.snapshot()).contains(disk.newest().header().name());
        assertKeptAside(2);
        assertCanBeRestored(2);
    }

    @Test
    void ofAHostWhoseStopIsNoChange() {
        neverLook();
        teach(teacher, 1);
        teach(host, 2);
        Rig.get(teacher.keeper.take(SnapshotKind.STARTUP));
        host.state.updateAndGet(state -> States.learned(state, 3));

        Durability answer = Rig.get(host.keeper.take(SnapshotKind.SHUTDOWN));

        assertThat(answer.snapshot()).contains(disk.newest().header().name());
        assertKeptAside(3);
        assertCanBeRestored(3);
    }

    @Test
    void ofAHostWhoseSnapshotTheStoreTakes() {
        teach(teacher, 1);
        awaitBase();

        Durability answer = teach(host, 2);

        assertThat(answer.snapshot()).contains(disk.newest().header().name());
        assertKeptAside(2);
        assertCanBeRestored(2);
    }

    @Test
    void ofAHostWhoseStoreIsAway() {
        teach(teacher, 1);
        awaitBase();
        host.store.down = true;

        assertThat(teach(host, 2).kind()).isEqualTo(Durability.Kind.SPOOLED);
        assertKeptAside(2);
        assertThat(teach(host, 3).kind()).isEqualTo(Durability.Kind.SPOOLED);

        assertKeptAside(3);
        host.store.down = false;
        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);
        assertKeptAside(3);
    }

    @Test
    void ofAHostThatGoesOverToWhatOthersChangedWhileTheStoreWasAway() {
        host.store.down = true;
        teach(host, 2);
        teach(teacher, 1);
        teacher.changed("b");

        host.store.down = false;
        await().until(() -> host.state.get().models().containsKey("b"));
        await().until(() -> host.pending().isEmpty());

        assertThat(asides()).containsExactly(States.lesson(2));
        assertCanBeRestored(2);
    }

    @Test
    void ofAHostWhoseModelAnotherOneHasRemoved() {
        teach(host, 2);
        Rig.get(teacher.change(
                state -> state.without("a").with("b", state.models().get("a"))));
        String seen = disk.newest().header().name();
        await().until(() -> disk.newest().header().name().equals(seen) && behind(host));

        Durability answer = teach(host, 3);

        assertThat(answer.kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(asides()).containsExactly(States.lesson(3));
    }

    @Test
    void theSameLessonIsKeptOnceAndALaterOneTakesItsPlace() {
        teach(teacher, 1);
        awaitBase();
        teach(host, 2);
        List<String> kept = host.keeper.status().aside();

        teach(host, 2);
        Rig.get(host.keeper.take(SnapshotKind.SHUTDOWN));
        assertThat(host.keeper.status().aside()).isEqualTo(kept).hasSize(1);

        teach(host, 3);

        assertThat(asides()).containsExactly(States.lesson(3));
        assertThat(host.keeper.status().aside()).hasSize(1);
        assertThat(log.warnings())
                .filteredOn(line -> line.startsWith("What these"))
                .hasSize(1);
    }

    @Test
    void whereWhatIsServedHasChangedTheOneBeforeStaysToo() {
        teach(teacher, 1);
        awaitBase();
        teach(host, 2);
        host.changed("b");

        teach(host, 3);

        assertThat(asides()).containsExactlyInAnyOrder(States.lesson(2), States.lesson(3));
    }

    @Test
    void aLaterConflictTakesNothingsPlaceAfterADecision() {
        teach(teacher, 1);
        awaitBase();
        teach(host, 2);
        host.attach(Take.STORE);
        teach(teacher, 3);
        awaitBase();

        teach(host, 4);

        assertThat(asides()).containsExactlyInAnyOrder(States.lesson(2), States.lesson(4));
    }

    @Test
    void whereTheJournalDoesNotTakeItNobodyIsToldThatItIsKept() {
        teach(teacher, 1);
        awaitBase();
        host.pendingDown(true);

        Durability answer = teach(host, 2);

        assertThat(answer.kind()).isEqualTo(Durability.Kind.LOST_ON_RESTART);
        assertThat(answer.notice())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("What models have learned here and the store does not take cannot be kept"));
        assertThat(host.keeper.status().notices())
                .anySatisfy(line -> assertThat(line).contains("It is in this host's memory alone"));

        host.pendingDown(false);

        assertThat(teach(host, 2).kind()).isEqualTo(Durability.Kind.STORED);
        assertKeptAside(2);
    }

    @Test
    void aChangeThatTheStoreHasIsStoredWhateverTheSideOfALessonNeeds() {
        teach(teacher, 1);
        awaitBase();
        host.pendingDown(true);
        teach(host, 2);

        Durability answer = host.changed("b");

        assertThat(answer.kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(answer.snapshot()).contains(disk.newest().header().name());
        assertThat(answer.notice())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("What models have learned here and the store does not take cannot be kept"));
        assertThat(newest().models()).containsOnlyKeys("a", "b");
        assertThat(Rig.get(host.keeper.save("mine")).kind()).isEqualTo(Durability.Kind.STORED);
        host.keeper.trimmed(1);
        assertThat(Rig.get(host.keeper.take(SnapshotKind.SHUTDOWN)).kind()).isEqualTo(Durability.Kind.LOST_ON_RESTART);

        host.pendingDown(false);
        host.changed("c");

        assertKeptAside(2);
    }

    @Test
    void aLessonThatTheStoreHasIsStoredWhateverTheSideOfAnotherModelsNeeds() {
        host.changed("b");
        teach(teacher, 1);
        awaitBase();
        host.pendingDown(true);
        teach(host, 2);

        Durability answer = Rig.get(host.teach("b", 3));

        assertThat(answer.kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(learned(newest()))
                .isEqualTo(Map.of(A, States.lesson(1), new ServingComparison.Key("b", "1.0"), States.lesson(3)));
    }

    @Test
    void aChangeThatTheJournalHasIsKeptWhateverTheSideOfALessonNeeds() {
        teach(teacher, 1);
        awaitBase();
        host.store.down = true;
        host.asideDown(true);

        Durability answer = teach(host, 2);

        assertThat(answer.kind()).isEqualTo(Durability.Kind.LOST_ON_RESTART);
        assertThat(host.changed("b").kind()).isEqualTo(Durability.Kind.SPOOLED);
        assertThat(HistoryPoint.of(host.pending(host.pending().size() - 1))
                        .state()
                        .models())
                .containsOnlyKeys("a", "b");
    }

    /** What waits holds the lesson, and goes only when that lies aside. */
    @Test
    void ofAHostThatComesBackWhileAnotherOneTeachesAndItsJournalTakesNoSide() {
        host.crash();
        host.startByHand();
        host.store.down = true;
        CompletableFuture<Durability> taught = host.teach("a", 2);
        host.keeper.work(0, 0);
        assertThat(Rig.get(taught).kind()).isEqualTo(Durability.Kind.SPOOLED);
        teacher.changed("b");
        host.asideDown(true);
        host.store.down = false;
        host.store.onSave = () -> {
            host.store.onSave = () -> {};
            teach(teacher, 1);
        };

        lookTenTimes();

        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(host.pending()).isNotEmpty();
        assertThat(learned(HistoryPoint.of(host.pending(0)).state())).isEqualTo(Map.of(A, States.lesson(2)));
        assertThat(host.keeper.status().notices())
                .anySatisfy(line -> assertThat(line).contains("What these have learned here is not in store ddb"));

        host.asideDown(false);
        lookTenTimes();

        assertKeptAside(2);
        assertThat(host.pending()).isEmpty();
    }

    /** Whoever saved next could not read it, and began with what was before. */
    @Test
    void whatWasLearnedInASnapshotThatIsDamagedAndPassedOverLosesLikeAnyOther() {
        host.crash();
        host.startByHand();
        CompletableFuture<Durability> taught = host.teach("a", 2);
        host.keeper.work(0, 0);
        assertThat(Rig.get(taught).kind()).isEqualTo(Durability.Kind.STORED);
        passOverWhatIsNewest();

        lookTenTimes();

        assertKeptAside(2);
    }

    @Test
    void whatWasLearnedInASnapshotThatIsDamagedIsWrittenAgainWhereNobodyElseTaught() {
        neverLook(teacher);
        host.crash();
        host.startByHand();
        CompletableFuture<Durability> taught = host.teach("a", 2);
        host.keeper.work(0, 0);
        assertThat(Rig.get(taught).kind()).isEqualTo(Durability.Kind.STORED);
        disk.damaged.add(disk.newest().header().name());
        teacher.changed("b");
        assertThat(learned(newest())).isEmpty();

        lookTenTimes();

        assertThat(newest().models()).containsOnlyKeys("a", "b");
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(2)));
        assertThat(disk.writes()).as("once, and not at every look").hasSizeLessThan(8);
    }

    @Test
    void aStartKeepsAsideWhatModelsHadLearnedInASnapshotThatIsDamagedAndPassedOver() {
        teach(host, 2);
        Snapshot damaged = disk.newest();
        host.crash();
        passOverWhatIsNewest();

        Restore.Found found = host.start();

        assertThat(found.start().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(learned(host.state.get())).isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(asides()).containsExactly(States.lesson(2));
        String name = damaged.header().name();
        assertThat(found.start().notices())
                .singleElement()
                .asString()
                .contains(
                        "Snapshot " + name + ", which this host went on from, is damaged in store ddb",
                        "model a, version 1.0",
                        "It is kept on this host under its name, " + name);
        assertThat(host.keeper.get(name))
                .as("the store's of this name is damaged")
                .isEqualTo(damaged);
    }

    private void passOverWhatIsNewest() {
        neverLook(teacher);
        disk.damaged.add(disk.newest().header().name());
        teach(teacher, 1);
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
    }

    private void lookTenTimes() {
        for (int i = 0; i < 10; i++) {
            host.keeper.look();
        }
    }

    /** It writes down what the other one has taught, and does not serve it. */
    @Test
    void aHostThatWroteDownAnothersLessonDoesNotUndoItWhenItTeachesLater() {
        teach(teacher, 1);
        host.changed("b");
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));

        teach(host, 2);

        assertKeptAside(2);
    }

    @Test
    void whatTheOtherHostHasTakenOverIsTaughtOnWithoutAConflict() {
        teach(teacher, 1);
        host.crash();
        host.start();

        teach(host, 2);

        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(2)));
        assertThat(host.keeper.status().aside()).isEmpty();
    }

    @Test
    void aHostThatIsBehindTeachesOnWhileTheStoreIsAway() {
        neverLook();
        teacher.changed("b");
        teach(host, 2);
        assertThat(newest().models()).containsOnlyKeys("a", "b");
        host.store.down = true;

        teach(host, 3);

        assertThat(learned(HistoryPoint.of(host.pending(0)).state())).isEqualTo(Map.of(A, States.lesson(3)));
        assertThat(host.keeper.status().aside()).isEmpty();
    }

    /** What it taught went onto what the others serve, which it does not serve itself. */
    @Test
    void aHostThatIsBehindUndoesNothingWhereTheReplyToItsLessonIsLost() {
        teacher.changed("b");
        host.store.losesReplies = true;

        assertThat(teach(host, 2).kind()).isEqualTo(Durability.Kind.SPOOLED);

        host.store.losesReplies = false;
        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);
        await().until(() -> host.pending().isEmpty());
        host.changed("c");
        assertThat(newest().models()).containsOnlyKeys("a", "b", "c");
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(2)));
    }

    @Test
    void whatAnotherArchiveHasLearnedDoesNotGoOntoAModel() {
        neverLook();
        teach(teacher, 1);

        Rig.get(host.change(state -> state.with("a", ServedModel.of("1.0", States.version("other.mar", 1, 1)))));

        assertThat(newest().models().get("a").versions().get("1.0").archive()).isEqualTo("other.mar");
        assertThat(learned(newest())).isEmpty();
    }

    @Test
    void aNamedSaveThatWaitedIsKeptAsItWasSaved() {
        host.store.down = true;
        teach(host, 2);
        Rig.get(host.keeper.save("mine"));
        teach(host, 3);
        teach(teacher, 1);

        host.store.down = false;
        await().until(() -> host.keeper.status().mode() == Mode.ATTACHED);

        assertThat(learned(HistoryPoint.of(disk.snapshots.get("mine")).state())).isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(asides()).containsExactlyInAnyOrder(States.lesson(2), States.lesson(3));
    }

    @Test
    void takeLocalKeepsInTheStoreWhatTheOtherHostHasTaught() {
        teach(teacher, 1);
        awaitBase();
        teach(host, 2);
        String taught = disk.newest().header().name();

        String done = host.attach(Take.LOCAL);

        assertThat(done).contains("What lost is kept in the store as kept-" + taught);
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(2)));
        assertThat(learned(HistoryPoint.of(disk.snapshots.get("kept-" + taught)).state()))
                .isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(host.keeper.status().notices()).isEmpty();
    }

    @Test
    void takeStoreKeepsWhatAStoreThatWasRolledBackHasLost() {
        teach(host, 2);
        disk.snapshots.remove(disk.newest().header().name());
        await().until(() -> host.keeper.status().mode() == Mode.DETACHED);

        host.attach(Take.STORE);

        assertThat(learned(host.state.get())).isEmpty();
        assertThat(asides()).containsExactly(States.lesson(2));
    }

    @Test
    void whatLiesAsideIsShownWhileTheStoreIsAway() {
        teach(teacher, 1);
        awaitBase();
        teach(host, 2);
        host.store.down = true;

        assertKeptAside(2);
    }

    @Test
    void aMergeLosesNothingThatThisHostHasOnlySeen() {
        teach(teacher, 1);
        awaitBase();
        bothChange();

        host.attach(Take.MERGE);

        assertThat(newest().models()).containsOnlyKeys("a", "b", "c");
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(host.keeper.status().aside()).isEmpty();
    }

    @Test
    void aMergeKeepsAsideWhatLoses() {
        host.store.down = true;
        teach(host, 2);
        teach(teacher, 1);
        bothChange();

        String done = host.attach(Take.MERGE);

        assertThat(done)
                .contains(
                        "This host's is kept as " + host.keeper.status().aside().get(0));
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(asides()).containsExactly(States.lesson(2));
    }

    private void bothChange() {
        host.store.down = true;
        host.changed("b");
        teacher.changed("c");
        host.store.down = false;
        await().until(() -> host.keeper.status().mode() == Mode.DETACHED);
    }

    private static Durability teach(Rig rig, int lesson) {
        return Rig.get(rig.teach("a", lesson));
    }

    private static ServingState with(ServingState state, String model) {
        return state.with(model, ServedModel.of("1.0", States.version(model + ".mar", 1, 1)));
    }

    /** Until a look has shown the host the store's newest, and it goes on from there. */
    private void awaitBase() {
        String seen = disk.newest().header().name();
        await().until(() ->
                host.keeper.base().filter(base -> base.name().equals(seen)).isPresent());
    }

    private static boolean behind(Rig rig) {
        return rig.keeper.status().behind().isPresent();
    }

    private void neverLook() {
        neverLook(host);
    }

    private static void neverLook(Rig rig) {
        rig.stop();
        rig.look = Duration.ofDays(1);
        rig.start();
    }

    private void assertKeptAside(int lesson) {
        assertThat(learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(asides()).containsExactly(States.lesson(lesson));
        StoreStatus status = host.keeper.status();
        assertThat(status.aside()).hasSize(1);
        assertThat(status.notices())
                .filteredOn(notice -> notice.startsWith("What these have learned here is not in store ddb"))
                .singleElement()
                .asString()
                .contains(
                        "model a, version 1.0",
                        "It is kept on this host as " + status.aside().get(0));
        assertThat(learned(
                        HistoryPoint.of(host.keeper.get(status.aside().get(0))).state()))
                .isEqualTo(Map.of(A, States.lesson(lesson)));
    }

    /** What the models of the sides that lie aside have learned. */
    private List<StateReference> asides() {
        return host.journal.aside().stream()
                .map(SnapshotHeader::name)
                .flatMap(name -> Stream.of(host.journal.aside(name)))
                .flatMap(side -> Optional.ofNullable(
                        learned(HistoryPoint.of(side).state()).get(A))
                        .stream())
                .toList();
    }

    private void assertCanBeRestored(int lesson) {
        String name = host.journal.aside().get(0).name();
        host.crash();
        assertThat(host.start(host.restore().chosen(name)).name()).isEqualTo(name);

        Rig.get(host.keeper.take(SnapshotKind.STARTUP));

        assertThat(learned(host.state.get())).isEqualTo(Map.of(A, States.lesson(lesson)));
        assertThat(host.journal.aside()).extracting(SnapshotHeader::name).contains(name);
    }

    private static Map<ServingComparison.Key, StateReference> learned(ServingState state) {
        return ServingComparison.learned(state);
    }

    private ServingState newest() {
        return HistoryPoint.of(disk.newest()).state();
    }
}
