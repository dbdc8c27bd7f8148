package dev.holdfast.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.serving.CurrentState;
import dev.holdfast.host.serving.InferenceListener;
import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.Registration;
import dev.holdfast.host.serving.Registrations;
import dev.holdfast.host.serving.Safeguards;
import dev.holdfast.host.serving.ServingDefaults;
import dev.holdfast.host.serving.SharedArchives;
import dev.holdfast.host.serving.StoredStates;
import dev.holdfast.host.state.InMemoryChunks;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.sdk.Codec;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** The operations of a host over fake models and a fake store, without a transport. */
public final class OperationsUnderTest implements AutoCloseable {

    public final FakeModels models = new FakeModels();
    public final FakeSnapshots snapshots = new FakeSnapshots();
    public final InMemoryChunks chunks = new InMemoryChunks();
    public final ModelServing serving;
    public final Operations operations;
    private final StateStore states = new StateStore(chunks, Codec.none(), List.of(Codec.none()), 1);
    private final LearnedStates learned;

    public OperationsUnderTest() {
        this(new CurrentState(), InferenceListener.NONE, true, Duration.ofSeconds(60), Clock.systemUTC());
    }

    public OperationsUnderTest(
            CurrentState current,
            InferenceListener listener,
            boolean mayRegister,
            Duration snapshotTimeout,
            Clock clock) {
        StoredStates stored = new StoredStates(() -> states);
        serving = new ModelServing(
                current,
                snapshots,
                models,
                SharedArchives.off(),
                models::load,
                Safeguards.off(),
                stored,
                new ServingDefaults(
                        1, 100, Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofSeconds(60), 1, 2),
                listener,
                clock);
        learned = new LearnedStates(stored, serving, Long.MAX_VALUE, clock);
        List<PluginStatus> plugins = List.of(new PluginStatus(
                "acme-store",
                List.of(),
                Optional.of("1.2"),
                Optional.empty(),
                Path.of("/srv/plugins/acme-store.jar"),
                PluginStatus.State.REJECTED,
                Optional.of("it is broken")));
        operations = Operations.of(serving, learned, snapshots, plugins, "9.8.7", mayRegister, snapshotTimeout, false);
    }

    /** Serves a fake model under its own name. */
    public OperationsUnderTest with(String archive) {
        serving.register(registration(archive));
        return this;
    }

    /** Of a fake model under its own name, with a worker. */
    static Registration registration(String archive) {
        return Registrations.prompt(archive);
    }

    /** Asserts of what kind the failure of an operation is. */
    static void fails(ApiFailure.Kind kind, ThrowingCallable operation) {
        assertThatThrownBy(operation)
                .satisfies(failure -> assertThat(ApiFailure.of(failure).kind()).isEqualTo(kind));
    }

    @Override
    public void close() {
        models.slow.countDown();
        serving.close();
        learned.close();
        states.close();
    }
}
