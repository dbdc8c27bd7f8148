package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Versions that are to have no workers: they give their memory back, and load again when they are to have some. */
class RestingTest {

    private static final Optional<String> DEFAULT = Optional.empty();

    private final Serving host = new Serving();
    private final ModelServing serving = host.serving;

    @AfterEach
    void nothingIsLeftBehind() {
        host.close();
        assertThat(host.modelsOpen()).isZero();
        assertThat(host.store.open()).isZero();
        assertThat(host.store.closedTwice()).isFalse();
        assertThat(host.models).allSatisfy(model -> {
            assertThat(model.closes).hasValue(1);
            assertThat(model.predictionsAfterClose).hasValue(0);
        });
    }

    @Test
    void aVersionWithoutWorkersGivesItsMemoryBackAndStaysRegistered() {
        serving.register(Registrations.withWorkers("m-1.0.mar", 2));

        serving.scale("m", DEFAULT, 0, 0, true);

        assertThat(host.modelsOpen()).isZero();
        assertThat(host.store.open()).isZero();
        VersionStatus status = serving.describe("m", DEFAULT);
        assertThat(status.failure()).isEmpty();
        assertThat(status.signature()).isPresent();
        assertThat(status.workers()).isEmpty();
        assertThat(serving.failures()).isEmpty();
        assertThat(serving.healthy()).isTrue();
        assertThatThrownBy(() -> host.predict("m", DEFAULT, 1))
                .isInstanceOf(ServingException.class)
                .hasMessage("Model \"m\" Version: 1.0 has no worker to serve inference request."
                        + " Please use scale workers API to add workers.");
    }

    @Test
    void itLoadsAgainWhenItIsToHaveWorkersAndNotBefore() {
        serving.register(Registrations.withWorkers("m-1.0.mar", 1));
        serving.scale("m", DEFAULT, 0, 0, true);
        serving.retryFailed();
        assertThat(serving.retry("m", DEFAULT)).isEmpty();
        serving.scale("m", DEFAULT, 0, 0, true);
        assertThat(host.models).hasSize(1);

        serving.scale("m", DEFAULT, 2, 2, true);

        assertThat(host.predict("m", DEFAULT, 5)).isEqualTo(5);
        assertThat(serving.describe("m", DEFAULT).workers()).hasSize(2);
        assertThat(host.models).hasSize(2);
        assertThat(host.modelsOpen()).isEqualTo(1);
    }

    @Test
    void oneThatCannotBeLoadedAgainGoesOnResting() {
        serving.register(Registrations.withWorkers("m-1.0.mar", 1));
        serving.scale("m", DEFAULT, 0, 0, true);
        ServingState before = serving.state();
        host.broken.put("m-1.0.mar", new InferenceException("it is gone"));

        assertThatThrownBy(() -> serving.scale("m", DEFAULT, 1, 1, true)).hasMessageContaining("it is gone");

        assertThat(serving.state()).isEqualTo(before);
        assertThat(serving.failures()).isEmpty();
        host.broken.clear();
        serving.scale("m", DEFAULT, 1, 1, true);
        assertThat(host.predict("m", DEFAULT, 5)).isEqualTo(5);
    }

    @Test
    void aRestartBringsItBackAsItWas() {
        ServingState state = ServingState.EMPTY.with(
                "m", new ServedModel(new TreeMap<>(Map.of("1.0", Versions.of("m-1.0.mar", 0))), "1.0"));

        serving.reconcile(state, true);

        assertThat(host.models).hasSize(1);
        assertThat(host.modelsOpen()).isZero();
        assertThat(serving.ready(true)).isTrue();
        serving.scale("m", DEFAULT, 1, 1, true);
        assertThat(host.predict("m", DEFAULT, 5)).isEqualTo(5);
    }

    @Test
    void oneThatIsRegisteredWithoutWorkersIsLoadedOnceForThoseThatComeNext() {
        serving.register(Registrations.withWorkers("m-1.0.mar", 0));
        assertThat(host.modelsOpen()).isEqualTo(1);

        serving.scale("m", DEFAULT, 1, 1, true);

        assertThat(host.models).hasSize(1);
        assertThat(host.predict("m", DEFAULT, 5)).isEqualTo(5);
    }

    @Test
    void aRunThatIsUnderWayEndsBeforeTheMemoryIsGivenBack() {
        serving.register(Registrations.withWorkers("m-1.0.mar", 1));
        host.last().hold();
        CompletableFuture<List<Tensor>> running = serving.find("m", DEFAULT).predict(FakeModel.number(7));
        Awaitility.await().until(() -> host.last().inside.get() == 1);

        serving.scale("m", DEFAULT, 0, 0, false);
        assertThat(host.modelsOpen()).isEqualTo(1);
        host.last().open();

        assertThat(FakeModel.number(running.orTimeout(60, TimeUnit.SECONDS).join()))
                .isEqualTo(7);
        Awaitility.await().until(() -> host.modelsOpen() == 0);
    }

    @Test
    void anUnregistrationAndARestoreFindItResting() {
        serving.register(Registrations.withWorkers("m-1.0.mar", 1));
        ServingState loaded = serving.state();
        serving.scale("m", DEFAULT, 0, 0, true);

        serving.restore(loaded);
        assertThat(host.predict("m", DEFAULT, 5)).isEqualTo(5);

        serving.scale("m", DEFAULT, 0, 0, true);
        serving.unregister("m", DEFAULT);
        assertThat(serving.state().models()).isEmpty();
    }
}
