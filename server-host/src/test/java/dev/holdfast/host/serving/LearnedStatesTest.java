package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.ManualClock;
import dev.holdfast.host.runtime.StatefulModel.SaveRule;
import dev.holdfast.host.state.InMemoryChunks;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LearnedStatesTest {

    private static final SaveRule NEVER = CountingModel.every(Long.MAX_VALUE, Duration.ofDays(1));
    private static final Durability STORED = new Durability(Durability.Kind.STORED, Optional.of("a.cfg"), List.of());
    private static final Durability LOST =
            new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of("the disk is full"));

    private final InMemoryChunks chunks = new InMemoryChunks();
    private final ManualClock clock = new ManualClock();
    private final List<AutoCloseable> open = new ArrayList<>();

    /** A host with models that count. */
    private final class CountingHost {

        final RecordingChangeLog changes = new RecordingChangeLog();
        final List<CountingModel> models = new CopyOnWriteArrayList<>();
        final FakeModelStore archives = new FakeModelStore();
        final StateStore store = new StateStore(chunks, Codec.none(), List.of(Codec.none()), 2);
        final StoredStates stored = new StoredStates(() -> store);
        final ModelServing serving;
        final LearnedStates learned;
        volatile String fingerprint = "plain";
        volatile Runnable whenLoaded = () -> {};

        CountingHost(SaveRule rule) {
            changes.durability = CompletableFuture.completedFuture(STORED);
            serving = new ModelServing(
                    new CurrentState(),
                    changes,
                    archives,
                    SharedArchives.off(),
                    archive -> {
                        whenLoaded.run();
                        CountingModel model = new CountingModel(fingerprint, rule);
                        models.add(model);
                        return model;
                    },
                    Safeguards.off(),
                    stored,
                    Serving.DEFAULTS,
                    InferenceListener.NONE,
                    Clock.systemUTC());
            learned = new LearnedStates(stored, serving, 500, clock);
            open.add(store);
            open.add(serving);
            open.add(learned);
        }

        long ask(long number) {
            return FakeModel.number(serving.find("m", Optional.empty())
                    .predict(FakeModel.number(number))
                    .join());
        }

        RunningVersion version() {
            return serving.find("m", Optional.empty());
        }

        Optional<StateReference> reference() {
            return version().state().learned();
        }
    }

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private CountingHost host(SaveRule rule) {
        CountingHost host = new CountingHost(rule);
        host.serving.register(Registrations.withWorkers("m-1.0.mar", 1));
        return host;
    }

    private CountingHost restarted(ServingState state) {
        CountingHost host = new CountingHost(NEVER);
        host.serving.reconcile(state, true);
        return host;
    }

    @Test
    void aStateOfAVersionThatIsReplacedMeanwhileIsNotKeptUnderAnId() {
        CountingHost host = host(NEVER);
        host.ask(40);
        host.learned.saveAs(host.version(), "one");
        host.ask(1);
        RunningVersion replaced = host.version();
        chunks.onPut = () -> {
            chunks.onPut = () -> {};
            host.serving.load("m", Optional.empty(), "one", 0);
        };

        assertThatExceptionOfType(ServingException.class)
                .isThrownBy(() -> host.learned.saveAs(replaced, "two"))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(ServingException.Kind.UNAVAILABLE))
                .withMessageContaining("nothing was kept as \"two\"");

        assertThat(host.serving.state().savesOf("m")).containsOnlyKeys("one");
        assertThat(host.ask(2)).isEqualTo(42);
    }

    /** Two hosts that serve the same, of which one has learned more; they have their chunks in common. */
    private CountingHost otherThat(CountingHost teacher) {
        CountingHost other = restarted(teacher.serving.state());
        teacher.ask(40);
        teacher.learned.saveAll();
        return other;
    }

    private static Map<ServingComparison.Key, StateReference> taughtBy(CountingHost teacher) {
        return ServingComparison.learned(teacher.serving.state());
    }

    @Test
    void whatAnotherHostsModelHasLearnedIsTakenUpAndGoneOnFrom() {
        CountingHost teacher = host(NEVER);
        CountingHost other = otherThat(teacher);

        other.serving.takeUp(taughtBy(teacher));

        assertThat(other.reference()).isEqualTo(teacher.reference());
        assertThat(other.serving.state()).isEqualTo(teacher.serving.state());
        assertThat(other.changes.changed).hasValue(0);
        assertThat(other.changes.overtaken).hasValue(1);
        assertThat(other.ask(2)).isEqualTo(42);
        other.learned.saveAll();
        assertThat(restarted(other.serving.state()).ask(0)).isEqualTo(42);
    }

    @Test
    void aModelThatHasLearnedSomethingItselfTakesNothingUp() {
        CountingHost teacher = host(NEVER);
        CountingHost other = otherThat(teacher);
        other.ask(3);

        other.serving.takeUp(taughtBy(teacher));

        assertThat(other.reference()).isEmpty();
        assertThat(other.ask(0)).isEqualTo(3);
    }

    @Test
    void aModelThatLearnsSomethingWhileAnotherOnesIsLoadedKeepsThat() {
        CountingHost teacher = host(NEVER);
        CountingHost other = otherThat(teacher);
        CountingModel serves = other.models.get(0);
        other.whenLoaded = () -> other.ask(3);

        other.serving.takeUp(taughtBy(teacher));

        assertThat(other.models).last().isNotSameAs(serves);
        assertThat(other.reference()).isEmpty();
        assertThat(other.ask(0)).isEqualTo(3);
    }

    @Test
    void whatCannotBeReadLeavesTheModelWithWhatItKnows() {
        CountingHost teacher = host(NEVER);
        CountingHost other = otherThat(teacher);
        chunks.down = true;

        other.serving.takeUp(taughtBy(teacher));

        assertThat(other.version().failure()).isEmpty();
        assertThat(other.reference()).isEmpty();
        assertThat(other.ask(0)).isZero();
    }

    @Test
    void aClockThatIsSetBackHoldsNoStateUp() {
        clock.set(clock.instant().minus(Duration.ofDays(1)));
        CountingHost host = host(CountingModel.every(1000, Duration.ofMillis(10)));
        host.learned.start();
        host.ask(40);
        await().until(() -> host.reference().isPresent());
        clock.set(clock.instant().minus(Duration.ofDays(1)));
        StateReference before = host.reference().orElseThrow();

        host.ask(2);

        await().until(() -> !host.reference().orElseThrow().equals(before));
    }

    @Test
    void whatTheStoreLacksAfterATimeWithoutItIsStoredAgainThoughNothingWasLearned() {
        CountingHost host = host(NEVER);
        host.ask(40);
        host.learned.saveAll();
        chunks.chunks.clear();
        host.learned.saveAll();
        assertThat(chunks.chunks).isEmpty();

        host.stored.doubtAll();
        host.learned.saveAll();

        assertThat(restarted(host.serving.state()).ask(2)).isEqualTo(42);
        int puts = chunks.puts.get();
        host.learned.saveAll();
        assertThat(chunks.puts).hasValue(puts);
    }

    @Test
    void aDoubtThatComesWhileAnEarlierOneIsSettledIsNotForgotten() {
        CountingHost host = host(NEVER);
        host.ask(40);
        host.learned.saveAll();
        host.stored.doubtAll();
        chunks.chunks.clear();
        // The store was away once more in the middle of the save, and cleared away again what it had got.
        host.changes.onChanged = () -> {
            chunks.chunks.clear();
            host.stored.doubtAll();
        };
        host.learned.saveAll();
        host.changes.onChanged = () -> {};
        assertThat(chunks.chunks).isEmpty();

        host.learned.saveAll();

        assertThat(restarted(host.serving.state()).ask(2)).isEqualTo(42);
    }

    @Test
    void aStateThatCannotBeStoredIsToldUntilItIs() {
        CountingHost host = host(NEVER);
        host.ask(40);
        assertThat(host.learned.notices()).isEmpty();
        chunks.down = true;

        host.learned.saveAll();

        assertThat(host.learned.notices())
                .containsExactly("The state of model m version 1.0 could not be stored, and is tried again every 5 s:"
                        + " the store is down");
        chunks.down = false;
        host.learned.saveAll();
        assertThat(host.learned.notices()).isEmpty();
    }

    @Test
    void whatAModelLearnedIsThereAfterARestart() {
        CountingHost first = host(NEVER);
        first.ask(40);

        assertThat(first.learned.saveAll()).isEmpty();
        CountingHost second = restarted(first.serving.state());

        assertThat(second.ask(2)).isEqualTo(42);
        assertThat(second.models.get(0).restoredCalls).hasValue(1);
        assertThat(second.serving.state()).isEqualTo(first.serving.state());
    }

    @Test
    void aModelThatHasLearnedNothingHasNoState() {
        CountingHost host = host(NEVER);

        assertThat(host.learned.saveAll()).isEmpty();

        assertThat(host.reference()).isEmpty();
        assertThat(chunks.chunks).isEmpty();
    }

    @Test
    void aStateIsStoredAfterSoManyUpdates() {
        CountingHost host = host(CountingModel.every(3, Duration.ofDays(1)));
        host.learned.start();

        host.ask(1);
        host.ask(1);
        host.ask(1);

        await().until(() -> host.reference().isPresent());
        assertThat(restarted(host.serving.state()).ask(0)).isEqualTo(3);
    }

    @Test
    void aModelWhoseStateDoesNotFitIntoTheMemoryHoldsUpNoOther() {
        CountingHost host = host(CountingModel.every(1, Duration.ofDays(1)));
        host.models.get(0).captureFailure = new OutOfMemoryError("Java heap space");
        host.ask(40);
        host.serving.register(Registrations.withWorkers("n-1.0.mar", 1));
        RunningVersion other = host.serving.find("n", Optional.empty());
        host.learned.start();
        await().until(() -> !host.learned.notices().isEmpty());

        other.predict(FakeModel.number(1)).join();

        await().until(() -> other.state().learned().isPresent());
        assertThat(host.learned.notices())
                .containsExactly("The state of model m version 1.0 could not be stored, and is tried again every 5 s:"
                        + " java.lang.OutOfMemoryError: Java heap space");
        assertThat(host.learned.saveAll()).singleElement().asString().contains("Java heap space");
    }

    @Test
    void theLastUpdateIsStoredAfterSomeTime() {
        CountingHost host = host(CountingModel.every(1000, Duration.ofMillis(300)));
        host.learned.start();

        host.ask(1);
        await().until(() -> host.reference().isPresent());
        StateReference first = host.reference().orElseThrow();
        host.ask(1);

        await().until(() -> !host.reference().orElseThrow().equals(first));
        assertThat(restarted(host.serving.state()).ask(0)).isEqualTo(2);
    }

    @Test
    void everyStoredStateIsFollowedByASnapshot() {
        CountingHost host = host(NEVER);
        int before = host.changes.changed.get();

        host.ask(1);
        host.learned.saveAll();
        host.learned.saveAll();

        assertThat(host.changes.changed).hasValue(before + 1);
        assertThat(host.changes.underWay()).isZero();
    }

    @Test
    void theChangeLogIsToldWhichChangesAreWhatAModelHasLearned() {
        CountingHost host = host(NEVER);
        host.ask(40);
        host.learned.saveAs(host.version(), "one");
        assertThat(host.changes.learned).containsExactly("m");

        host.serving.scale("m", Optional.empty(), 3, 3, true);
        host.ask(1);
        host.learned.saveAll();
        assertThat(host.changes.learned).containsExactly("m", "m");

        host.serving.load("m", Optional.empty(), "one", 0);
        host.serving.forget("m", "one");
        host.serving.unregister("m", Optional.empty());

        assertThat(host.changes.learned).containsExactly("m", "m", "m");
        assertThat(host.changes.underWay()).isZero();
    }

    @Test
    void scalingKeepsWhatTheModelLearned() {
        CountingHost host = host(NEVER);
        host.ask(5);
        host.learned.saveAll();

        host.serving.scale("m", Optional.empty(), 3, 3, true);

        assertThat(host.reference()).isPresent();
        assertThat(host.serving.state().models().get("m").versions().get("1.0").learned())
                .isEqualTo(host.reference());
        assertThat(host.models).hasSize(1);
        assertThat(host.ask(0)).isEqualTo(5);
    }

    @Test
    void goingBackToAnOlderStateTakesTheModelBack() {
        CountingHost host = host(NEVER);
        host.ask(5);
        host.learned.saveAll();
        ServingState five = host.serving.state();
        host.ask(5);
        host.learned.saveAll();

        assertThat(host.serving.reconcile(five, false)).isEmpty();

        assertThat(host.ask(0)).isEqualTo(5);
        assertThat(host.models.get(0).closed).isTrue();
    }

    @Test
    void goingBackToTheLastStateForgetsWhatCameAfterIt() {
        CountingHost host = host(NEVER);
        host.ask(5);
        host.learned.saveAll();
        host.ask(5);

        assertThat(host.serving.reconcile(host.serving.state(), false)).isEmpty();

        assertThat(host.ask(0)).isEqualTo(5);
    }

    @Test
    void aModelWhoseStateIsDamagedIsFailedAndKeepsItsReference() {
        CountingHost first = host(NEVER);
        first.ask(40);
        first.learned.saveAll();
        ServingState state = first.serving.state();
        String root = first.reference().orElseThrow().root().id();
        InMemoryChunks.Chunk chunk = chunks.chunks.remove(root);

        CountingHost second = restarted(state);

        assertThat(second.version().failure().orElseThrow()).contains("chunk " + root + " is missing");
        assertThat(second.serving.state()).isEqualTo(state);
        assertThat(second.models.get(0).closed).isTrue();

        chunks.chunks.put(root, chunk);
        second.serving.retryFailed();
        assertThat(second.ask(2)).isEqualTo(42);
    }

    @Test
    void aStateOfOtherSettingsIsRefusedWithBoth() {
        CountingHost first = host(NEVER);
        first.ask(40);
        first.learned.saveAll();
        CountingHost second = new CountingHost(NEVER);
        second.fingerprint = "fancy";

        second.serving.reconcile(first.serving.state(), true);

        assertThat(second.version().failure())
                .contains("The state was learned by a model with the settings plain, and this model has fancy");
    }

    @Test
    void aStoreThatFailsLeavesTheModelAheadUntilItTakesTheState() {
        CountingHost host = host(NEVER);
        host.ask(40);
        chunks.failingPut = chunks.puts.get() + 1;

        assertThat(host.learned.saveAll())
                .containsExactly("The state of model m version 1.0 could not be stored: put 1 fails");
        assertThat(host.reference()).isEmpty();
        assertThat(host.version().isAhead()).isTrue();

        assertThat(host.learned.saveAll()).isEmpty();
        assertThat(restarted(host.serving.state()).ask(2)).isEqualTo(42);
    }

    @Test
    void chunksOfASnapshotThatWasLostAreNotReliedUpon() {
        CountingHost host = host(NEVER);
        host.ask(40);
        host.changes.durability = CompletableFuture.completedFuture(LOST);
        assertThat(host.learned.saveAll())
                .containsExactly("The state of model m version 1.0 is not durable: the disk is full");
        // As a collector may do, for no snapshot refers to them.
        chunks.chunks.clear();
        host.changes.durability = CompletableFuture.completedFuture(STORED);

        assertThat(host.learned.saveAll()).isEmpty();

        assertThat(restarted(host.serving.state()).ask(2)).isEqualTo(42);
    }

    @Test
    void aVersionThatIsGoneMeanwhileIsNotBroughtBack() {
        CountingHost host = host(NEVER);
        host.ask(40);
        RunningVersion version = host.version();
        host.serving.unregister("m", Optional.empty());

        assertThat(host.serving.learned(version, anyReference(host), 1)).isEmpty();

        assertThat(host.serving.state().models()).isEmpty();
        assertThat(host.changes.underWay()).isZero();
    }

    private StateReference anyReference(CountingHost host) {
        return host.store
                .writer()
                .write(new CountingModel("plain", NEVER).capture(), StoredState.NONE)
                .state()
                .reference()
                .orElseThrow();
    }

    @Test
    void aStateForAModelThatLearnsNothingIsRefused() {
        CountingHost first = host(NEVER);
        first.ask(40);
        first.learned.saveAll();
        try (Serving plain = new Serving()) {
            assertThat(plain.serving.reconcile(first.serving.state(), true))
                    .containsExactly(
                            "m 1.0: There is a learned state of the format sum, and the archive m-1.0.mar holds"
                                    + " a model that learns nothing");
        }
    }

    @Test
    void aStoreThatCannotBeOpenedFailsTheModelNotTheHost() {
        CountingHost first = host(NEVER);
        first.ask(40);
        first.learned.saveAll();
        StoredStates closed = new StoredStates(() -> {
            throw new StoreUnavailableException("the store is down");
        });

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() ->
                        closed.restore(first.models.get(0), first.reference().orElseThrow()));
    }
}
