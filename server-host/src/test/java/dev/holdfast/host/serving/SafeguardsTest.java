package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.crash.CrashRecord;
import dev.holdfast.host.crash.ModelFile;
import dev.holdfast.host.serving.ServingException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps a model from being loaded that would do harm. */
class SafeguardsTest {

    private static final Optional<String> DEFAULT = Optional.empty();
    private static final long MIB = 1 << 20;

    @TempDir
    private Path logs;

    private final List<Serving> open = new ArrayList<>();
    private final AtomicLong left = new AtomicLong(1000 * MIB);

    @AfterEach
    void close() {
        open.forEach(Serving::close);
        open.forEach(
                host -> assertThat(host.store.open()).as("archives still open").isZero());
        open.forEach(host -> assertThat(host.modelsOpen()).isZero());
    }

    @Test
    void anArchiveWithAnotherContentIsFailedWithBothDigestsAndNeverLoaded() {
        Serving host = host(Safeguards.off());

        host.serving.reconcile(pinned("registered"), true);
        host.serving.retryFailed();

        assertThat(host.models).isEmpty();
        assertThat(host.serving.failures())
                .singleElement()
                .asString()
                .contains("its SHA-256 is sha of a-1.0.mar, that one's is registered")
                .contains("archive_changes=accept");
    }

    @Test
    void theArchiveThatIsPutBackIsLoadedByItself() {
        Serving host = host(Safeguards.off());
        host.serving.reconcile(pinned("registered"), true);

        host.store.digests.put("a-1.0.mar", "registered");
        host.serving.retryFailed();

        assertThat(host.predict("a", DEFAULT, 3)).isEqualTo(3);
    }

    @Test
    void registeringTheNewOneReplacesTheOneThatCouldNotBeLoaded() {
        Serving host = host(Safeguards.off());
        host.serving.reconcile(
                pinned("registered").with("b", ServedModel.of("1.0", Versions.of("b-1.0.mar", 1))), true);

        host.serving.register(Registrations.withWorkers("a-1.0.mar", 1));

        assertThat(host.predict("a", DEFAULT, 3)).isEqualTo(3);
        assertThat(host.serving.state().models().get("a").versions().get("1.0").archiveSha256())
                .contains("sha of a-1.0.mar");
        assertThatThrownBy(() -> host.serving.register(Registrations.of("a-1.0.mar")))
                .as("one that serves is not replaced")
                .hasMessageContaining("already registered");
    }

    @Test
    void aRegistrationOverAFailedOneThatFailsTooChangesNothing() {
        Serving host = host(Safeguards.off());
        host.serving.reconcile(pinned("registered"), true);
        host.broken.put("a-1.0.mar", new IllegalStateException("broken"));

        assertThatThrownBy(() -> host.serving.register(Registrations.of("a-1.0.mar")))
                .hasMessageContaining("broken");

        assertThat(host.serving.state()).isEqualTo(pinned("registered"));
        assertThat(host.serving.failures()).singleElement().asString().contains("that one's is registered");
    }

    @Test
    void suspectsAreLoadedAfterTheOthersAndAccusedOnesOnlyByAnOperatorsCall() {
        List<String> loads = new CopyOnWriteArrayList<>();
        CrashRecord before = record(1);
        before.loading(file("a"));
        Serving host = host(noting(record(2)));
        host.beforeLoad = archive -> loads.add(archive.fileName());

        host.serving.reconcile(three(), true);
        assertThat(loads).containsExactlyInAnyOrder("b-1.0.mar", "c-1.0.mar");
        assertThat(host.serving.describe("a", DEFAULT).isLoading()).isTrue();
        assertThat(host.serving.ready(false))
                .as("ready while one is to be loaded")
                .isFalse();
        host.serving.loadSuspects();
        assertThat(host.serving.ready(false)).isTrue();

        assertThat(loads).endsWith("a-1.0.mar");
        assertThat(host.models)
                .as("what is tried out at load is not tried with the one that may have ended the host by it")
                .extracting(model -> model.terms.orElseThrow().patience().isZero())
                .containsExactly(false, false, true);
        assertThat(host.predict("a", DEFAULT, 4)).isEqualTo(4);
        assertThat(host.serving.failures()).isEmpty();
    }

    @Test
    void oneThatCrashedAtLoadIsNotTriedOutAtLaterLoadsEitherNotEvenWhenItIsRegisteredAgain() throws Exception {
        record(1).loading(file("a"));
        crash(1);
        try (CrashRecord clears = record(2)) {
            clears.loaded(file("a"));
            clears.unregistered("a", "1.0");
            clears.serves((model, version) -> false);
        }
        CrashRecord record = record(3);

        assertThat(record.suspicion(file("a"))).isEqualTo(CrashRecord.Suspicion.CLEAR);
        assertThat(record.isDelicate(file("a"))).isTrue();
        assertThat(record.isDelicate(file("b"))).isFalse();
    }

    @Test
    void anAccusedOneIsTriedByNobodyButTheOperator() throws Exception {
        record(1).loading(file("a"));
        crash(1);
        record(2).loading(file("a"));
        crash(2);
        Serving host = host(noting(record(3)));
        host.serving.reconcile(three(), true);
        host.serving.loadSuspects();
        host.serving.retryFailed();

        assertThat(host.models).hasSize(2);
        assertThat(host.serving.healthy()).as("the others are in service").isTrue();
        assertThat(host.serving.ready(false)).as("the others are in service").isTrue();
        assertThat(host.serving.ready(true)).isFalse();
        assertThatThrownBy(() -> host.predict("a", DEFAULT, 1))
                .isInstanceOf(ServingException.class)
                .hasMessageContaining("more than once while model a version 1.0 was being loaded");
        assertThat(host.serving.state()).as("it is what is to be served").isEqualTo(withDigests(three()));

        assertThat(host.serving.retry("a", DEFAULT)).containsExactly("1.0");
        assertThat(host.predict("a", DEFAULT, 4)).isEqualTo(4);
        assertThat(host.serving.retry("a", DEFAULT)).isEmpty();
        assertThatThrownBy(() -> host.serving.retry("nobody", DEFAULT)).hasMessage("Model not found: nobody");
    }

    @Test
    void aModelThatDoesNotFitIsRefusedByNameWithBothFigures() {
        Serving host = host(admitting());
        left.set(100 * MIB);

        assertThatThrownBy(() -> host.serving.register(Registrations.of("a-1.0.mar")))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NO_MEMORY))
                .hasMessageStartingWith(
                        "Model a version 1.0 is not loaded: it needs about 125 MiB of memory (its weights"
                                + " and a quarter), and this host has 100 MiB left.");

        assertThat(host.models).isEmpty();
        assertThat(host.serving.state()).isEqualTo(ServingState.EMPTY);
        left.set(125 * MIB);
        host.serving.register(Registrations.of("a-1.0.mar"));
        host.serving.register(Registrations.of("b-1.0.mar"));
        assertThat(host.models)
                .as("what is promised is given back when the model is loaded")
                .hasSize(2);
    }

    @Test
    void modelsThatAreLoadedSideBySideDoNotGetTheSameMemory() throws Exception {
        Serving host = host(admitting());
        left.set(200 * MIB);
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        host.beforeLoad = archive -> {
            loading.countDown();
            await(goOn);
        };
        host.serving.registerLater(Registrations.of("a-1.0.mar"));
        await(loading);

        assertThatThrownBy(() -> host.serving.register(Registrations.of("b-1.0.mar")))
                .hasMessageContaining("this host has 75 MiB left");
        goOn.countDown();
        awaitServing(host, "a");
    }

    @Test
    void whatDoesNotFitAtAStartIsLoadedWhenThereIsRoom() {
        Serving host = host(admitting());
        left.set(0);
        host.serving.reconcile(three(), true);
        assertThat(host.serving.failures()).hasSize(3).allMatch(line -> line.contains("MiB left"));

        left.set(1000 * MIB);
        host.serving.retryFailed();

        assertThat(host.serving.failures()).isEmpty();
    }

    @Test
    void whereTheSystemDoesNotTellEverythingIsAdmitted() {
        Serving host = host(new Safeguards(
                CrashRecord.off(),
                archive -> false,
                false,
                new MemoryAdmission(archive -> Long.MAX_VALUE / 4, OptionalLong::empty)));

        host.serving.register(Registrations.of("a-1.0.mar"));

        assertThat(host.models).hasSize(1);
    }

    @Test
    void aRegistrationThatDoesNotWaitIsAnsweredWhileTheModelLoads() {
        Serving host = host(Safeguards.off());
        CountDownLatch goOn = new CountDownLatch(1);
        host.beforeLoad = archive -> await(goOn);

        RunningChange change = host.serving.registerLater(Registrations.withWorkers("a-1.0.mar", 1));

        assertThat(change.state().archiveSha256()).contains("sha of a-1.0.mar");
        assertThat(host.serving.describe("a", DEFAULT).isLoading()).isTrue();
        assertThat(host.serving.healthy()).isTrue();
        assertThatThrownBy(() -> host.predict("a", DEFAULT, 1))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
                .hasMessageContaining("is being loaded");
        assertThatThrownBy(() -> host.serving.register(Registrations.of("a-1.0.mar")))
                .hasMessageContaining("already registered");
        host.serving.retryFailed();
        goOn.countDown();

        awaitServing(host, "a");
        assertThat(host.models).as("loaded once").hasSize(1);
    }

    @Test
    void oneThatCannotBeLoadedAfterTheAnswerIsFailedAndUnregistersAsEver() {
        Serving host = host(Safeguards.off());
        host.broken.put("a-1.0.mar", new IllegalStateException("broken"));

        host.serving.registerLater(Registrations.of("a-1.0.mar"));

        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> !host.serving.describe("a", DEFAULT).isLoading());
        assertThat(host.serving.failures()).singleElement().asString().contains("broken");
        host.serving.unregister("a", DEFAULT);
        assertThat(host.serving.state()).isEqualTo(ServingState.EMPTY);
    }

    @Test
    void oneThatIsUnregisteredWhileItLoadsIsLetGoOf() throws Exception {
        Serving host = host(Safeguards.off());
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        host.beforeLoad = archive -> {
            loading.countDown();
            await(goOn);
        };
        host.serving.registerLater(Registrations.of("a-1.0.mar"));
        await(loading);

        host.serving.unregister("a", DEFAULT);
        goOn.countDown();

        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> host.models.size() == 1 && host.modelsOpen() == 0);
        assertThat(host.serving.state()).isEqualTo(ServingState.EMPTY);
    }

    @Test
    void itIsToldOnceThatModelsWereUnloaded() {
        Serving host = host(Safeguards.off());
        host.serving.register(Registrations.of("a-1.0.mar"));
        assertThat(host.serving.hasUnloaded()).isFalse();

        host.serving.unregister("a", DEFAULT);

        assertThat(host.serving.hasUnloaded()).isTrue();
        assertThat(host.serving.hasUnloaded()).isFalse();
    }

    private Serving host(Safeguards safeguards) {
        Serving host = new Serving(Serving.DEFAULTS, safeguards);
        open.add(host);
        return host;
    }

    private Safeguards admitting() {
        return new Safeguards(
                CrashRecord.off(),
                archive -> false,
                false,
                new MemoryAdmission(archive -> 100 * MIB, () -> OptionalLong.of(left.get())));
    }

    private static Safeguards noting(CrashRecord record) {
        return new Safeguards(record, archive -> true, false, MemoryAdmission.off());
    }

    private CrashRecord record(long pid) {
        return CrashRecord.open(logs, new CrashRecord.Here(pid, "boot", logs), Clock.systemUTC());
    }

    private void crash(long pid) throws Exception {
        Files.writeString(logs.resolve("hs_err_pid" + pid + ".log"), "#  SIGSEGV (0xb) at pc=0x0, pid=1, tid=2\n");
    }

    private static ModelFile file(String model) {
        return new ModelFile(model, "1.0", model + "-1.0.mar", "");
    }

    private static ServingState pinned(String sha256) {
        return ServingState.EMPTY.with(
                "a", ServedModel.of("1.0", Versions.of("a-1.0.mar", 1).withArchiveSha256(sha256)));
    }

    private static ServingState three() {
        ServingState state = ServingState.EMPTY;
        for (String model : List.of("a", "b", "c")) {
            state = state.with(model, ServedModel.of("1.0", Versions.of(model + "-1.0.mar", 1)));
        }
        return state;
    }

    /** As it is when those that were loaded told theirs. */
    private static ServingState withDigests(ServingState state) {
        ServingState known = state;
        for (String model : List.of("b", "c")) {
            known = known.with(
                    model,
                    ServedModel.of(
                            "1.0",
                            Versions.of(model + "-1.0.mar", 1).withArchiveSha256("sha of " + model + "-1.0.mar")));
        }
        return known;
    }

    private static void awaitServing(Serving host, String model) {
        Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(() -> host.serving.describe(model, DEFAULT).failure().isEmpty());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
