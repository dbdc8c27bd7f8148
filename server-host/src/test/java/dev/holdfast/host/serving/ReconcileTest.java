package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.holdfast.host.crash.CrashRecord;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ReconcileTest {

    private static final Optional<String> DEFAULT = Optional.empty();
    private static final ServingState THREE = ServingState.EMPTY
            .with("a", model("a-1.0.mar"))
            .with("b", model("b-1.0.mar"))
            .with("c", model("c-1.0.mar"));

    private final Serving host = new Serving();
    private final ModelServing serving = host.serving;

    private static ServedModel model(String archive) {
        return ServedModel.of("1.0", Versions.of(archive, 2));
    }

    @AfterEach
    void nothingIsLeftBehind() {
        host.close();
        assertThat(host.modelsOpen()).isZero();
        assertThat(host.store.open()).isZero();
        assertThat(host.store.closedTwice()).isFalse();
        assertThat(host.models)
                .allSatisfy(model -> assertThat(model.predictionsAfterClose).hasValue(0));
    }

    @Test
    void aWholeStateComesBackAndNoSnapshotIsTaken() {
        assertThat(serving.reconcile(THREE, true)).isEmpty();

        assertThat(List.of("a", "b", "c")).allSatisfy(name -> {
            assertThat(host.predict(name, DEFAULT, 1)).isEqualTo(1);
            assertThat(serving.describe(name, DEFAULT).loadedAtStartup()).isTrue();
            assertThat(serving.state().models().get(name).versions().get("1.0").archiveSha256())
                    .contains("sha of " + name + "-1.0.mar");
        });
        assertThat(serving.healthy()).isTrue();
        assertThat(host.changes.begun).hasValue(0);
    }

    @Test
    void aChangeIsInTheLogBeforeAnythingOvertakesIt() throws Exception {
        Thread overtaking = new Thread(() -> serving.reconcile(ServingState.EMPTY, false));
        host.changes.onChanged = () -> {
            overtaking.start();
            Awaitility.await().until(() -> overtaking.getState() == Thread.State.WAITING);
            assertThat(host.changes.overtaken).hasValue(0);
        };

        serving.register(Registrations.of("a-1.0.mar"));

        overtaking.join(60_000);
        assertThat(host.changes.overtaken).hasValue(1);
        assertThat(serving.state().models()).isEmpty();
    }

    @Test
    void theArchiveOfARegistrationThatIsUndoneIsNotInTheWayOfTheNext() {
        CompletableFuture<Durability> unknown = new CompletableFuture<>();
        host.changes.durability = unknown;
        RunningChange registered = serving.register(Registrations.of("a-1.0.mar"));
        serving.reconcile(ServingState.EMPTY, false);
        assertThat(host.store.forgotten).isEmpty();

        unknown.complete(new Durability(Durability.Kind.UNDONE, Optional.empty(), List.of()));

        assertThat(registered.durability()).isCompleted();
        assertThat(host.store.forgotten).containsExactly("a-1.0.mar");
    }

    @Test
    void modelsAreLoadedSideBySide() {
        CyclicBarrier all = new CyclicBarrier(3);
        host.beforeLoad = archive -> {
            try {
                all.await(60, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        };

        assertThat(serving.reconcile(THREE, true)).isEmpty();
    }

    @Test
    void oneThatCannotBeLoadedIsDescribedWithTheEngineOfItsArchiveAsFarAsThatIsKnown() {
        ServingState wanted = ServingState.EMPTY
                .with("gone", model("gone.known"))
                .with("unknown", model("unknown.mar"))
                .with("broken", model("broken.mar"));
        host.store.missing.put("gone.known", "Model not found at: gone.known");
        host.store.missing.put("unknown.mar", "Model not found at: unknown.mar");
        host.broken.put("broken.mar", new ModelLoadException("bad"));

        assertThat(serving.reconcile(wanted, true)).hasSize(3);

        assertThat(serving.describe("gone", DEFAULT).runtime()).contains("engine by name");
        assertThat(serving.describe("unknown", DEFAULT).runtime()).contains("unknown");
        assertThat(serving.describe("broken", DEFAULT).runtime()).contains("engine of broken.mar");
    }

    @Test
    void oneThatCannotBeLoadedStaysRegisteredAndDoesNotStopTheRest() {
        host.store.missing.put("a-1.0.mar", "Model not found at: a-1.0.mar");
        host.broken.put("b-1.0.mar", new OutOfMemoryError("too big"));

        assertThat(serving.reconcile(THREE, true))
                .containsExactly("a 1.0: Model not found at: a-1.0.mar", "b 1.0: java.lang.OutOfMemoryError: too big");

        assertThat(host.predict("c", DEFAULT, 1)).isEqualTo(1);
        assertThat(serving.state().models()).containsOnlyKeys("a", "b", "c");
        assertThat(serving.healthy()).isFalse();
        assertThat(serving.describe("a", DEFAULT).failure()).contains("Model not found at: a-1.0.mar");
        assertThatThrownBy(() -> host.predict("a", DEFAULT, 1))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
                .hasMessageContaining("could not be loaded: Model not found at: a-1.0.mar");
    }

    @Test
    void aFailedVersionIsTriedAgainAsItIsWantedByThen() {
        host.store.missing.put("a-1.0.mar", "gone");
        serving.reconcile(THREE, true);
        serving.retryFailed();
        assertThat(serving.describe("a", DEFAULT).failure()).contains("gone");

        serving.scale("a", DEFAULT, 5, 5, true);
        host.store.missing.clear();
        serving.retryFailed();

        assertThat(serving.healthy()).isTrue();
        assertThat(serving.describe("a", DEFAULT).workers()).hasSize(5);
        assertThat(serving.state().models().get("a").versions().get("1.0").archiveSha256())
                .contains("sha of a-1.0.mar");
        assertThat(host.models).hasSize(3);
    }

    @Test
    void whileAFailedVersionIsTriedOtherModelsChange() throws Exception {
        host.broken.put("a-1.0.mar", new ModelLoadException("bad"));
        serving.reconcile(THREE, true);
        CountDownLatch trying = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        host.beforeLoad = archive -> {
            trying.countDown();
            try {
                assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        CompletableFuture<Void> retry = CompletableFuture.runAsync(serving::retryFailed);
        assertThat(trying.await(60, TimeUnit.SECONDS)).isTrue();

        serving.scale("b", DEFAULT, 3, 3, true);

        assertThat(retry).isNotDone();
        go.countDown();
        retry.get(60, TimeUnit.SECONDS);
    }

    @Test
    void aFailedDefaultCanBeTakenOutOfTheWay() {
        host.store.missing.put("a-1.0.mar", "gone");
        serving.reconcile(
                ServingState.EMPTY.with("a", model("a-1.0.mar").with("2.0", Versions.of("a-2.0.mar", 1))), true);

        serving.setDefault("a", "2.0");
        serving.unregister("a", Optional.of("1.0"));

        assertThat(host.predict("a", DEFAULT, 4)).isEqualTo(4);
        assertThat(serving.describeAll("a")).hasSize(1);
        assertThat(serving.healthy()).isTrue();
    }

    @Test
    void aRollbackRemovesFailedVersionsAndMendsTheDefault() {
        ServingState one = ServingState.EMPTY.with("a", model("a-1.0.mar"));
        host.store.missing.put("a-2.0.mar", "gone");
        serving.reconcile(
                one.with(
                                "a",
                                model("a-1.0.mar")
                                        .with("2.0", Versions.of("a-2.0.mar", 1))
                                        .withDefault("2.0"))
                        .with("b", model("a-2.0.mar")),
                true);

        serving.reconcile(one, false);

        assertThat(host.predict("a", DEFAULT, 4)).isEqualTo(4);
        assertThat(serving.describeAll("a")).hasSize(1);
        assertThatThrownBy(() -> serving.find("b", DEFAULT)).hasMessage("Model not found: b");
        assertThat(serving.healthy()).isTrue();
    }

    @Test
    void aTargetWithoutDigestsDoesNotLoseThose() {
        serving.reconcile(THREE, true);

        serving.reconcile(THREE.with("a", ServedModel.of("1.0", Versions.of("a-1.0.mar", 5))), false);

        assertThat(host.models).hasSize(3);
        assertThat(serving.state().models().get("a").versions().get("1.0").archiveSha256())
                .contains("sha of a-1.0.mar");
        assertThat(serving.describe("a", DEFAULT).workers()).hasSize(5);
    }

    @Test
    void aPinnedDigestStaysThoughAnotherArchiveIsServed() {
        ServingState pinned = ServingState.EMPTY.with(
                "a", ServedModel.of("1.0", Versions.of("a-1.0.mar", 2).withArchiveSha256("pinned")));
        try (Serving accepting = acceptingChanges()) {
            assertThat(warnings(() -> accepting.serving.reconcile(pinned, true)))
                    .containsExactly("Archive a-1.0.mar of model a version 1.0 is not the one that was registered: its"
                            + " SHA-256 is sha of a-1.0.mar, that one's is pinned; it is loaded all the same, because of"
                            + " archive_changes=accept");

            assertThat(accepting.predict("a", DEFAULT, 1)).isEqualTo(1);
            assertThat(accepting.serving.state()).isEqualTo(pinned);
            assertThat(accepting.serving.describe("a", DEFAULT).state().archiveSha256())
                    .contains("sha of a-1.0.mar");
        }
    }

    @Test
    void aRetryDoesNotOverwriteAPinnedDigestEither() {
        ServingState pinned = ServingState.EMPTY
                .with("a", ServedModel.of("1.0", Versions.of("a-1.0.mar", 2).withArchiveSha256("pinned")))
                .with("b", ServedModel.of("1.0", Versions.of("b-1.0.mar", 2).withArchiveSha256("pinned too")));
        try (Serving accepting = acceptingChanges()) {
            accepting.store.missing.put("a-1.0.mar", "gone");
            accepting.serving.reconcile(pinned, true);
            accepting.store.missing.clear();

            accepting.serving.retryFailed();
            accepting.serving.scale("b", DEFAULT, 3, 3, true);

            assertThat(accepting.serving.healthy()).isTrue();
            assertThat(accepting.serving.state())
                    .isEqualTo(pinned.with(
                            "b",
                            ServedModel.of("1.0", Versions.of("b-1.0.mar", 3).withArchiveSha256("pinned too"))));
        }
    }

    private static Serving acceptingChanges() {
        return new Serving(
                Serving.DEFAULTS, new Safeguards(CrashRecord.off(), archive -> false, true, MemoryAdmission.off()));
    }

    private static List<String> warnings(Runnable work) {
        Logger logger = (Logger) LoggerFactory.getLogger(Loading.class);
        ListAppender<ILoggingEvent> seen = new ListAppender<>();
        seen.start();
        logger.addAppender(seen);
        try {
            work.run();
        } finally {
            logger.detachAppender(seen);
        }
        return seen.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void aReplacedModelAnswersAllTheWhile() throws Exception {
        ServingState one = ServingState.EMPTY.with("a", model("a-1.0.mar"));
        serving.reconcile(one, true);
        RunningVersion foundBefore = serving.find("a", DEFAULT);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger answered = new AtomicInteger();
        List<CompletableFuture<Void>> callers = java.util.stream.IntStream.range(0, 4)
                .mapToObj(i -> CompletableFuture.runAsync(
                        () -> {
                            while (!stop.get()) {
                                assertThat(host.predict("a", DEFAULT, i)).isEqualTo(i);
                                answered.incrementAndGet();
                            }
                        },
                        task -> new Thread(task).start()))
                .toList();

        for (int round = 0; round < 20; round++) {
            int before = answered.get();
            // Or all rounds may be over before a caller has come to ask.
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(1))
                    .pollDelay(Duration.ZERO)
                    .until(() -> answered.get() > before || callers.stream().anyMatch(CompletableFuture::isDone));
            host.store.digests.put("a-1.0.mar", "sha " + round);
            serving.reconcile(
                    one.with(
                            "a",
                            ServedModel.of("1.0", Versions.of("a-1.0.mar", 2).withArchiveSha256("sha " + round))),
                    false);
        }
        stop.set(true);

        for (CompletableFuture<Void> caller : callers) {
            caller.get(60, TimeUnit.SECONDS);
        }
        assertThat(answered).hasValueGreaterThanOrEqualTo(20);
        assertThat(host.models).hasSize(21);
        assertThat(host.modelsOpen()).isEqualTo(1);
        assertThat(FakeModel.number(foundBefore.predict(FakeModel.number(9)).join()))
                .isEqualTo(9);
    }

    @Test
    void aReplacementThatFailsIsShownAsFailedAndTheOldModelIsGone() {
        serving.reconcile(ServingState.EMPTY.with("a", model("a-1.0.mar")), true);
        host.broken.put("new.mar", new ModelLoadException("bad"));

        assertThat(serving.reconcile(ServingState.EMPTY.with("a", model("new.mar")), false))
                .containsExactly("a 1.0: bad");

        assertThat(serving.describe("a", DEFAULT).failure()).contains("bad");
        assertThat(host.modelsOpen()).isZero();
        host.broken.clear();
        serving.retryFailed();
        assertThat(host.predict("a", DEFAULT, 1)).isEqualTo(1);
    }

    @Test
    void whileAFailedVersionLoadsEverythingMayChangeAndWhatIsNotWantedAnyMoreIsLetGoOf() throws Exception {
        host.broken.put("a-1.0.mar", new ModelLoadException("bad"));
        serving.reconcile(THREE, true);
        host.broken.clear();
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        host.beforeLoad = archive -> {
            loading.countDown();
            await(go);
        };
        CompletableFuture<Void> retry = CompletableFuture.runAsync(serving::retryFailed);
        await(loading);

        serving.unregister("a", DEFAULT);
        serving.reconcile(serving.state().without("c"), false);

        assertThat(retry).isNotDone();
        go.countDown();
        retry.get(60, TimeUnit.SECONDS);
        assertThat(serving.state().models()).containsOnlyKeys("b");
        assertThat(host.modelsOpen()).as("of b alone").isEqualTo(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
