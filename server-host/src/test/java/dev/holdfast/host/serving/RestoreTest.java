package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.serving.ServingException.Kind;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A running host goes to another serving state as a whole, or not at all. */
class RestoreTest {

    private static final Optional<String> DEFAULT = Optional.empty();

    private final Serving host = new Serving();
    private final ModelServing serving = host.serving;

    @AfterEach
    void nothingIsLeftBehind() {
        host.close();
        assertThat(host.modelsOpen()).isZero();
        assertThat(host.store.open()).isZero();
        assertThat(host.changes.underWay()).isZero();
    }

    private static ServedModel model(String archive) {
        return ServedModel.of("1.0", Versions.of(archive, 2));
    }

    private static ServingState hundred() {
        return ServingState.of(IntStream.range(0, 100)
                .mapToObj(i -> "m" + i)
                .collect(Collectors.toMap(name -> name, name -> model(name + ".mar"))));
    }

    @Test
    void ofAHundredModelsOfWhichOneDiffersOneIsLoaded() {
        serving.reconcile(hundred(), true);
        ServingState then = hundred().with("m7", model("m7-older.mar"));
        assertThat(host.models).hasSize(100);

        assertThat(serving.planned(then)).containsExactly("replace m7 1.0 by m7-older.mar with 2 workers");
        assertThat(host.models).hasSize(100);
        assertThat(serving.restore(then)).isCompleted();

        assertThat(host.models).hasSize(101);
        assertThat(host.modelsOpen()).isEqualTo(100);
        assertThat(serving.planned(then)).isEmpty();
        assertThat(host.changes.changed).hasValue(1);
        assertThat(serving.describe("m7", DEFAULT).loadedAtStartup()).isFalse();
        assertThat(serving.describe("m8", DEFAULT).loadedAtStartup()).isTrue();
    }

    @Test
    void theModelsThatDifferAnswerUntilAllOfTheNewOnesAreLoaded() throws Exception {
        ServingState now = ServingState.EMPTY.with("a", model("a.mar")).with("b", model("b.mar"));
        serving.reconcile(now, true);
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        host.beforeLoad = archive -> {
            if (archive.fileName().equals("b-older.mar")) {
                loading.countDown();
                try {
                    goOn.await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        };
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread restoring = new Thread(() -> serving.restore(
                ServingState.EMPTY.with("b", model("b-older.mar")).with("c", model("c.mar"))));
        restoring.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
        restoring.start();
        loading.await(60, TimeUnit.SECONDS);

        assertThat(host.predict("a", DEFAULT, 3)).isEqualTo(3);
        assertThat(host.predict("b", DEFAULT, 4)).isEqualTo(4);

        goOn.countDown();
        restoring.join(60_000);
        assertThat(failure).hasValue(null);
        assertThat(serving.state().models()).containsOnlyKeys("b", "c");
        assertThat(host.predict("c", DEFAULT, 5)).isEqualTo(5);
    }

    @Test
    void whereOneCannotBeLoadedNothingChangesAndAllThatCannotAreNamed() {
        ServingState now = ServingState.EMPTY.with("a", model("a.mar")).with("b", model("b.mar"));
        serving.reconcile(now, true);
        ServingState before = serving.state();
        host.store.missing.put("b-gone.mar", "Model not found at: b-gone.mar");
        host.broken.put("c.mar", new ModelLoadException("bad"));
        ServingState then = ServingState.EMPTY
                .with("a", model("a-older.mar"))
                .with("b", model("b-gone.mar"))
                .with("c", model("c.mar"));

        assertThatThrownBy(() -> serving.restore(then))
                .isInstanceOf(ServingException.class)
                .hasMessageStartingWith("Nothing was changed, because 2 model versions cannot be loaded: b 1.0: ")
                .hasMessageContaining("Model not found at: b-gone.mar; c 1.0: ")
                .satisfies(e -> assertThat(((ServingException) e).kind()).isEqualTo(Kind.BAD_ARCHIVE));

        assertThat(serving.state()).isEqualTo(before);
        assertThat(serving.failures()).isEmpty();
        assertThat(host.modelsOpen()).isEqualTo(2);
        assertThat(host.predict("a", DEFAULT, 1)).isEqualTo(1);
        assertThat(host.changes.overtaken).hasValue(1);
    }

    @Test
    void oneThatCouldNotBeLoadedBeforeIsInNobodysWay() {
        host.store.missing.put("a.mar", "Model not found at: a.mar");
        serving.reconcile(ServingState.EMPTY.with("a", model("a.mar")).with("b", model("b.mar")), true);

        serving.restore(ServingState.EMPTY.with("a", model("a.mar")).with("b", model("b-older.mar")));

        assertThat(serving.state().models().get("b").versions().get("1.0").archive())
                .isEqualTo("b-older.mar");
        assertThat(serving.failures()).singleElement().asString().contains("Model not found at: a.mar");
    }

    @Test
    void workersAndDefaultsNeedNoLoad() {
        ServedModel two = new ServedModel(
                new java.util.TreeMap<>(
                        java.util.Map.of("1.0", Versions.of("a.mar", 2), "2.0", Versions.of("a2.mar", 1))),
                "1.0");
        serving.reconcile(ServingState.EMPTY.with("a", two), true);
        ServingState then = ServingState.EMPTY.with(
                "a", two.with("2.0", Versions.of("a2.mar", 3)).withDefault("2.0"));

        assertThat(serving.planned(then))
                .isEqualTo(List.of("scale a 2.0 from 1..1 to 3..3 workers", "make 2.0 the default of a"));
        serving.restore(then);

        assertThat(host.models).hasSize(2);
        assertThat(serving.describe("a", DEFAULT).version()).isEqualTo("2.0");
    }
}
