package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.SnapshotKind;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What models learn at one host while another one, or the store, is away from it: nobody's snapshot undoes it. */
class LearnedWhileAwayTest {

    private static final ServingComparison.Key A = new ServingComparison.Key("a", "1.0");

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final Rig teacher = new Rig(disk);
    private final Rig other = new Rig(disk);

    @BeforeEach
    void begin() {
        teacher.start();
        teacher.changed("a");
        other.start();
    }

    @AfterEach
    void end() {
        teacher.close();
        other.close();
    }

    @Test
    void whatWaitedAtOneHostDoesNotUndoWhatTheOtherHasLearnedMeanwhile() {
        other.store.down = true;
        Rig.get(teacher.change(state -> States.learned(state, 1)));
        other.changed("b");

        other.store.down = false;
        await().until(() -> other.keeper.status().mode() == Mode.ATTACHED);

        assertThat(newest().models()).containsOnlyKeys("a", "b");
        assertThat(ServingComparison.learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
    }

    @Test
    void theSecondChangeThatWaitsDoesNotUndoItEither() {
        Rig.get(teacher.change(state -> States.learned(state, 1)));
        other.changed("b");
        other.store.down = true;
        other.changed("c");
        other.changed("d");

        other.store.down = false;
        await().until(() -> other.keeper.status().mode() == Mode.ATTACHED);
        other.changed("e");

        assertThat(newest().models()).containsOnlyKeys("a", "b", "c", "d", "e");
        assertThat(ServingComparison.learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatAModelLearnsWhileWhatWaitsIsSentDoesNotLoseToWhatWasSent(boolean restarted) {
        other.store.down = true;
        Rig.get(other.change(state -> States.learned(state, 1)));
        if (restarted) {
            other.crash();
            other.start();
        }
        CompletableFuture<CompletableFuture<Durability>> later = new CompletableFuture<>();
        other.store.onSave = () -> {
            if (!later.isDone()) {
                later.complete(other.change(state -> States.learned(state, 2)));
            }
        };

        other.store.down = false;
        await().until(() -> other.keeper.status().mode() == Mode.ATTACHED);

        Durability durability = Rig.get(Rig.get(later));
        assertThat(durability.kind()).isEqualTo(Durability.Kind.STORED);
        assertThat(durability.notice()).isEmpty();
        assertThat(other.keeper.status().aside()).isEmpty();
        assertThat(ServingComparison.learned(newest())).isEqualTo(Map.of(A, States.lesson(2)));
    }

    @Test
    void whatWasLearnedWhileTheStoreWasAwayOutlivesARestartAndAnotherHostsChange() {
        other.store.down = true;
        Durability waits = Rig.get(other.change(state -> States.learned(state, 2)));
        assertThat(waits.kind()).isEqualTo(Durability.Kind.SPOOLED);
        other.crash();
        List<String> waitingAtTheSave = new CopyOnWriteArrayList<>();
        other.store.onSave = () -> waitingAtTheSave.addAll(other.pending());
        other.start();
        teacher.changed("b");

        other.store.down = false;
        await().until(() -> other.keeper.status().mode() == Mode.ATTACHED);

        assertThat(other.state.get().models()).containsOnlyKeys("a", "b");
        await().untilAsserted(
                        () -> assertThat(ServingComparison.learned(newest())).isEqualTo(Map.of(A, States.lesson(2))));
        await().until(() -> other.pending().isEmpty());
        // Whenever the host dies, either the journal or the store has it.
        assertThat(waitingAtTheSave).contains(waits.snapshot().orElseThrow());
    }

    @Test
    void whatLosesToWhatAnotherHostHasLearnedAfterwardsLiesAsideOnThisHost() {
        other.store.down = true;
        Rig.get(other.change(state -> States.learned(state, 2)));
        Rig.get(teacher.change(state -> States.learned(state, 1)));

        storeIsBackAndKeepsTheTeachersLesson();
    }

    @Test
    void whatLosesToWhatAnotherHostHasLearnedBeforeLiesAsideOnThisHost() {
        other.store.down = true;
        Rig.get(teacher.change(state -> States.learned(state, 1)));
        Rig.get(other.change(state -> States.learned(state, 2)));

        storeIsBackAndKeepsTheTeachersLesson();
    }

    @Test
    void theSameHoldsWhereAnotherChangeWaitsToo() {
        other.store.down = true;
        Rig.get(teacher.change(state -> States.learned(state, 1)));
        Rig.get(other.change(state -> States.learned(state, 2)));
        other.changed("b");

        storeIsBackAndKeepsTheTeachersLesson();
        assertThat(newest().models()).containsOnlyKeys("a", "b");
    }

    private void storeIsBackAndKeepsTheTeachersLesson() {
        other.store.down = false;
        await().until(() -> other.keeper.status().mode() == Mode.ATTACHED);
        await().until(() -> other.pending().isEmpty());
        assertThat(ServingComparison.learned(newest())).isEqualTo(Map.of(A, States.lesson(1)));
        assertThat(other.keeper.status().aside()).isNotEmpty();
        other.crash();
        other.start();

        assertThat(other.journal.aside())
                .extracting(header -> ServingComparison.learned(
                        HistoryPoint.of(other.journal.aside(header.name())).state()))
                .contains(Map.of(A, States.lesson(2)));
        await().until(() -> !other.keeper.status().aside().isEmpty());
    }

    @Test
    void aRestartWithWhatWasLearnedWaitingAddsNothingThatWaits() {
        other.store.down = true;
        Rig.get(other.change(state -> States.learned(state, 2)));
        other.crash();
        other.start();

        Rig.get(other.keeper.take(SnapshotKind.STARTUP));

        assertThat(other.pending()).hasSize(1);
    }

    private ServingState newest() {
        return HistoryPoint.of(disk.newest()).state();
    }
}
