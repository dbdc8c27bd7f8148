package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.testsupport.LogLines;
import dev.holdfast.testsupport.Uninterrupted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelServingTest {

    private static final Optional<String> DEFAULT = Optional.empty();

    @RegisterExtension
    final LogLines lines = new LogLines(ModelServing.class);

    private final Serving host = new Serving();
    private final ModelServing serving = host.serving;

    @AfterEach
    void nothingIsLeftBehindAndNoChangeIsUnderWay() {
        host.close();
        assertThat(host.changes.underWay()).isZero();
        assertThat(host.modelsOpen()).isZero();
        assertThat(host.store.open()).isZero();
        assertThat(host.store.closedTwice()).isFalse();
        assertThat(host.models).allSatisfy(model -> {
            assertThat(model.closes).hasValue(1);
            assertThat(model.predictionsAfterClose).hasValue(0);
        });
    }

    private void refused(Kind kind, String message, ThrowingCallable call) {
        ServingState before = serving.state();
        long open = host.modelsOpen();
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessage(message);
        assertThat(serving.state()).isEqualTo(before);
        assertThat(host.modelsOpen()).isEqualTo(open);
        assertThat(host.store.open()).isEqualTo(open);
    }

    @Test
    void aRegisteredModelAnswersAndItsFirstVersionIsTheDefault() {
        RunningChange change = serving.register(Registrations.of("m-1.0.mar"));
        serving.register(Registrations.withWorkers("m-2.0.mar", 1));

        assertThat(change.model()).isEqualTo("m");
        assertThat(change.version()).isEqualTo("1.0");
        assertThat(change.durability()).isCompletedWithValue(Durability.NOT_KEPT);
        assertThat(serving.find("m", DEFAULT).version()).isEqualTo("1.0");
        assertThat(serving.describeAll("m")).extracting(VersionStatus::version).containsExactly("1.0", "2.0");
        assertThat(serving.describe("m", DEFAULT)).satisfies(status -> {
            assertThat(status.isDefault()).isTrue();
            assertThat(status.healthy()).isTrue();
            assertThat(status.workers()).hasSize(2);
            assertThat(status.labels()).containsExactly("cat", "dog");
        });
        assertThat(serving.state()
                        .model("m")
                        .orElseThrow()
                        .versions()
                        .get("1.0")
                        .archiveSha256())
                .contains("sha of m-1.0.mar");
        assertThat(host.predict("m", Optional.of("2.0"), 7)).isEqualTo(7);
    }

    @Test
    void aRegistrationThatIsNotPossibleChangesNothing() {
        serving.register(Registrations.of("m-1.0.mar"));

        refused(
                Kind.CONFLICT,
                "Model version 1.0 is already registered for model m",
                () -> serving.register(Registrations.of("m-1.0.mar")));
        refused(
                Kind.BAD_REQUEST,
                "max_worker cannot be less than min_worker.",
                () -> serving.scale("m", DEFAULT, 2, 1, true));
        refused(
                Kind.BAD_REQUEST,
                "min_worker -1 must be from 0 to 1024.",
                () -> serving.scale("m", DEFAULT, -1, 1, true));
        refused(
                Kind.BAD_REQUEST,
                "min_worker -3 must be from 0 to 1024.",
                () -> serving.register(Registrations.withWorkers("n-1.0.mar", -3)));
        host.store.missing.put("gone.mar", "Model not found at: gone.mar");
        refused(Kind.BAD_ARCHIVE, "Model not found at: gone.mar", () -> serving.register(Registrations.of("gone.mar")));
        host.broken.put("n-1.0.mar", new ModelLoadException("n-1.0.mar is no ONNX"));
        refused(Kind.BAD_ARCHIVE, "n-1.0.mar is no ONNX", () -> serving.register(Registrations.of("n-1.0.mar")));
        host.broken.put("n-1.0.mar", new OutOfMemoryError("native"));
        refused(
                Kind.INTERNAL,
                "java.lang.OutOfMemoryError: native",
                () -> serving.register(Registrations.of("n-1.0.mar")));
        host.broken.clear();

        assertThat(host.store.forgotten).containsOnly("n-1.0.mar");
        assertThat(serving.register(Registrations.of("n-1.0.mar")).model()).isEqualTo("n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "all", "a/b", "a b", "a\nb", "ä"})
    void namesThatAreNoNamesAreRefusedBeforeAnythingIsFetched(String name) {
        refused(
                Kind.BAD_REQUEST,
                "Model name '" + name.replace('\n', '?')
                        + "' must match [A-Za-z0-9._-]{1,128} and be none of ., .., all.",
                () -> serving.register(Registrations.named("m-1.0.mar", name)));
        assertThat(host.store.opened).isEmpty();
    }

    @Test
    void wrongNamesOfVersionsAndModelsAreNamedInBoundedText() {
        serving.register(Registrations.of("m-1.0.mar"));
        String bad = "x\n" + "y".repeat(10_000);
        String printed = "x?" + "y".repeat(78) + "…";

        refused(Kind.MODEL_NOT_FOUND, "Model not found: " + printed, () -> serving.find(bad, DEFAULT));
        refused(Kind.MODEL_NOT_FOUND, "Model not found: " + printed, () -> serving.describeAll(bad));
        refused(Kind.MODEL_NOT_FOUND, "Model not found: " + printed, () -> serving.setDefault(bad, "1.0"));
        refused(Kind.MODEL_NOT_FOUND, "Model not found: " + printed, () -> serving.unregister(bad, DEFAULT));
        refused(
                Kind.VERSION_NOT_FOUND,
                "Model version: " + printed + " does not exist for model: m",
                () -> serving.scale("m", Optional.of(bad), 1, 1, true));
        refused(
                Kind.VERSION_NOT_FOUND,
                "Model version: " + printed + " does not exist for model: m",
                () -> serving.find("m", Optional.of(bad)));
    }

    @Test
    void secretsOfAUrlReachNeitherStateNorAnswers() {
        String url = "https://user:secret@host/m-1.0.mar?sig=secret";
        serving.register(Registrations.of(url));
        host.store.missing.put("n.mar", "Failed to download archive from: https://user:secret@host/n.mar?sig=secret");

        assertThat(serving.state().toString()).doesNotContain("secret").contains("https://host/m-1.0.mar");
        refused(
                Kind.BAD_ARCHIVE,
                "Failed to download archive from: https://host/n.mar",
                () -> serving.register(Registrations.of("https://user:secret@host/n.mar?sig=secret")));
    }

    @Test
    void scalingThreeOneFourGivesThreeOneAndFourWorkers() {
        serving.register(Registrations.withWorkers("m-1.0.mar", 3));
        assertThat(serving.describe("m", DEFAULT).workers()).hasSize(3);

        serving.scale("m", DEFAULT, 1, 1, true);
        assertThat(serving.describe("m", DEFAULT).workers()).hasSize(1);

        serving.scale("m", DEFAULT, 4, 4, true);
        assertThat(serving.describe("m", DEFAULT).workers()).hasSize(4);
        assertThat(serving.state()
                        .model("m")
                        .orElseThrow()
                        .versions()
                        .get("1.0")
                        .minWorkers())
                .isEqualTo(4);
        assertThat(host.models).hasSize(1);
    }

    @Test
    void theDefaultMovesAndOnlyTheLastVersionGoesWhileItIsTheDefault() {
        serving.register(Registrations.of("m-1.0.mar"));
        serving.register(Registrations.of("m-2.0.mar"));

        refused(
                Kind.DEFAULT_VERSION,
                "Cannot remove default version for model m",
                () -> serving.unregister("m", DEFAULT));
        serving.setDefault("m", "2.0");
        assertThat(serving.find("m", DEFAULT).version()).isEqualTo("2.0");
        assertThat(serving.unregister("m", Optional.of("1.0")).version()).isEqualTo("1.0");
        assertThat(serving.unregister("m", DEFAULT).version()).isEqualTo("2.0");

        assertThat(serving.state()).isEqualTo(ServingState.EMPTY);
        assertThat(host.store.forgotten).containsExactly("m-1.0.mar", "m-2.0.mar");
        refused(Kind.MODEL_NOT_FOUND, "Model not found: m", () -> serving.find("m", DEFAULT));
    }

    @Test
    void anUnregisteredModelAnswersWhatItHasAndThenLetsGo() throws Exception {
        serving.register(Registrations.withWorkers("m-1.0.mar", 1));
        FakeModel model = host.last();
        RunningVersion found = serving.find("m", DEFAULT);
        model.hold();
        var running = found.predict(FakeModel.number(1));
        var waiting = found.predict(FakeModel.number(2));

        CompletableFuture<RunningChange> gone = CompletableFuture.supplyAsync(() -> serving.unregister("m", DEFAULT));
        await().untilAsserted(() -> assertThatThrownBy(() -> serving.find("m", DEFAULT)));
        await().untilAsserted(() -> assertThatThrownBy(() -> found.predict(FakeModel.number(3)))
                .hasMessage("Model \"m\" Version: 1.0 is being unregistered."));
        assertThat(model.closes).hasValue(0);
        model.open();

        gone.get(60, TimeUnit.SECONDS);
        assertThat(FakeModel.number(running.join())).isEqualTo(1);
        assertThat(FakeModel.number(waiting.join())).isEqualTo(2);
        assertThat(model.closes).hasValue(1);
    }

    @Test
    void aModelThatHangsIsLetGoOfWhenItsLastRequestEnds() {
        ServingDefaults impatient =
                new ServingDefaults(1, 10, Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofMillis(10), 1, 2);
        try (Serving other = new Serving(impatient)) {
            other.serving.register(Registrations.of("m-1.0.mar"));
            FakeModel model = other.last();
            model.hold();
            var running = other.serving.find("m", DEFAULT).predict(FakeModel.number(1));
            await().until(() -> model.inside.get() == 1);

            other.serving.unregister("m", DEFAULT);
            assertThat(model.closes).hasValue(0);
            assertThat(lines.warnings())
                    .contains("Model m version 1.0 is out of service, and something still runs in it; its memory stays"
                            + " until that ends");
            assertThat(lines.info()).doesNotContain("Model m version 1.0 unloaded");
            model.open();

            assertThat(FakeModel.number(running.join())).isEqualTo(1);
            await().until(() -> model.closes.get() == 1 && other.store.open() == 0);
            assertThat(model.predictionsAfterClose).hasValue(0);
        }
    }

    @Test
    void whatCannotBeLetGoOfDoesNotUndoAnUnregistration() {
        serving.register(Registrations.of("m-1.0.mar"));
        host.last().closeFailure = new IllegalStateException("engine");
        host.store.forgetFailure = new IllegalStateException("read-only");

        serving.unregister("m", DEFAULT);

        assertThat(serving.state()).isEqualTo(ServingState.EMPTY);
        assertThat(host.changes.abandoned).hasValue(0);
    }

    @Test
    void anArchiveIsNotForgottenBeforeItsUnregistrationIsDurable() throws Exception {
        serving.register(Registrations.of("https://host/m-1.0.mar"));
        serving.register(Registrations.of("https://host/n-1.0.mar"));
        CompletableFuture<Durability> durable = new CompletableFuture<>();
        CompletableFuture<Durability> lost = new CompletableFuture<>();

        host.changes.durability = durable;
        RunningChange first = serving.unregister("m", DEFAULT);
        host.changes.durability = lost;
        RunningChange second = serving.unregister("n", DEFAULT);
        assertThat(host.store.forgotten)
                .as("a restart now would bring the models back")
                .isEmpty();
        durable.complete(new Durability(Durability.Kind.SPOOLED, Optional.of("s"), List.of()));
        lost.complete(new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of()));

        assertThat(first.durability().get().snapshot()).contains("s");
        assertThat(second.durability().get().kind()).isEqualTo(Durability.Kind.LOST_ON_RESTART);
        assertThat(host.store.forgotten).containsExactly("m-1.0.mar");
    }

    @Test
    void anArchiveIsNotForgottenWhileARegistrationMayUseIt() throws Exception {
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        serving.register(Registrations.named("https://host/m-1.0.mar", "first"));
        host.beforeLoad = archive -> {
            loading.countDown();
            Uninterrupted.await(go);
        };
        CompletableFuture<RunningChange> second = CompletableFuture.supplyAsync(
                () -> serving.register(Registrations.named("https://host/m-1.0.mar", "second")));
        assertThat(loading.await(60, TimeUnit.SECONDS)).isTrue();

        serving.unregister("first", DEFAULT);
        assertThat(host.store.forgotten).isEmpty();
        go.countDown();
        second.get(60, TimeUnit.SECONDS);

        assertThat(host.store.forgotten).isEmpty();
        serving.unregister("second", DEFAULT);
        assertThat(host.store.forgotten).containsExactly("m-1.0.mar");
    }

    @Test
    void changesOfOneModelDoNotWaitForTheLoadOfAnother() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        serving.register(Registrations.of("m-1.0.mar"));
        host.beforeLoad = archive -> Uninterrupted.await(go);
        CompletableFuture<RunningChange> slow =
                CompletableFuture.supplyAsync(() -> serving.register(Registrations.of("slow-1.0.mar")));
        await().until(() -> host.store.opened.size() == 2);

        serving.scale("m", DEFAULT, 5, 5, true);

        assertThat(slow).isNotDone();
        assertThat(serving.describe("m", DEFAULT).workers()).hasSize(5);
        go.countDown();
        slow.get(60, TimeUnit.SECONDS);
    }

    @Test
    void ofManyWhoRegisterTheSameVersionAtOnceOneSucceeds() throws Exception {
        List<CompletableFuture<Boolean>> attempts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            attempts.add(CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            serving.register(Registrations.of("m-1.0.mar"));
                            return true;
                        } catch (ServingException e) {
                            assertThat(e.kind()).isEqualTo(Kind.CONFLICT);
                            return false;
                        }
                    },
                    task -> new Thread(task).start()));
        }
        int succeeded = 0;
        for (CompletableFuture<Boolean> attempt : attempts) {
            succeeded += attempt.get(60, TimeUnit.SECONDS) ? 1 : 0;
        }

        assertThat(succeeded).isEqualTo(1);
        assertThat(host.models).hasSize(1);
        assertThat(host.store.forgotten).isEmpty();
    }

    @Test
    void aLoadThatTakesTooLongFailsAndIsLetGoOfWhenItEndsAfterAll() {
        CountDownLatch go = new CountDownLatch(1);
        host.beforeLoad = archive -> Uninterrupted.await(go);
        Registration impatient = Registrations.withStartupTimeout("m-1.0.mar", Duration.ofSeconds(1));

        assertThatThrownBy(() -> serving.register(impatient))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TIMEOUT))
                .hasMessage("Model m version 1.0 was not loaded within its startup_timeout of 1 s.");

        assertThat(serving.state()).isEqualTo(ServingState.EMPTY);
        go.countDown();
        await().until(() -> host.models.size() == 1 && host.modelsOpen() == 0 && host.store.open() == 0);
    }

    @Test
    void aLoadThatDoesNotEndIsStuckAndNotTriedAgainBesideItself() {
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger loads = new AtomicInteger();
        host.beforeLoad = archive -> {
            loads.incrementAndGet();
            Uninterrupted.await(go);
        };
        Registration impatient = Registrations.withStartupTimeout("m-1.0.mar", Duration.ofSeconds(1));
        assertThatThrownBy(() -> serving.register(impatient))
                .hasMessageContaining("was not loaded within its startup_timeout");

        assertThatThrownBy(() -> serving.register(impatient))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
                .hasMessage(
                        "Model m version 1.0 is not loaded while an earlier try to load it still runs, which was not done"
                                + " within its startup_timeout. A try that never ends ends with the host.");

        assertThat(loads).hasValue(1);
        assertThat(serving.stuckRuns()).extracting(StuckRun::model).containsExactly("m");
        go.countDown();
        await().until(() -> serving.stuckRuns().isEmpty());
        serving.register(impatient);
        assertThat(loads).hasValue(2);
    }

    @Test
    void aHostThatIsClosedChangesNothingAnyMore() {
        serving.register(Registrations.of("m-1.0.mar"));
        ServingState before = serving.state();

        serving.close();

        assertThat(serving.state()).isEqualTo(before);
        assertThat(serving.healthy()).isFalse();
        refused(Kind.UNAVAILABLE, "This host is stopping.", () -> serving.register(Registrations.of("n-1.0.mar")));
        refused(Kind.UNAVAILABLE, "This host is stopping.", () -> serving.reconcile(before, false));
        serving.retryFailed();
    }
}
