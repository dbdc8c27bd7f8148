package dev.holdfast.host.api;

import static dev.holdfast.host.api.OperationsUnderTest.fails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.api.ChangeResult.Progress;
import dev.holdfast.host.api.ModelOperations.ListedModel;
import dev.holdfast.host.serving.CurrentState;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.InferenceListener;
import dev.holdfast.host.serving.Registrations;
import dev.holdfast.host.serving.VersionStatus;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelOperationsTest {

    private static final Optional<String> DEFAULT = Optional.empty();

    private final OperationsUnderTest host = new OperationsUnderTest();
    private final ModelOperations models = host.operations.models();

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aRegisteredModelAnswersAndSaysWhichSnapshotHoldsIt() {
        ChangeResult result = models.register(OperationsUnderTest.registration("sum-1.0.mar"), true);

        assertThat(result)
                .isEqualTo(new ChangeResult(
                        Progress.DONE,
                        "Model \"sum\" Version: 1.0 registered with 1 initial workers",
                        Optional.of("20261121093000123-snapshot.cfg"),
                        List.of()));
        VersionStatus status = models.status("sum", DEFAULT);
        assertThat(status.version()).isEqualTo("1.0");
        assertThat(models.isReady(status)).isTrue();
        assertThat(models.count()).isEqualTo(1);
    }

    @Test
    void workersThatNobodyWaitsForStartLater() {
        ChangeResult result = models.register(OperationsUnderTest.registration("sum-1.0.mar"), false);

        assertThat(result.progress()).isEqualTo(Progress.WORKERS_START_LATER);
        assertThat(models.scale("sum", DEFAULT, 2, 2, false).progress()).isEqualTo(Progress.WORKERS_START_LATER);
    }

    @Test
    void aModelWithoutWorkersIsThereAndNotReady() {
        models.register(Registrations.withWorkers("sum-1.0.mar", 0), true);

        assertThat(models.isReady(models.status("sum", DEFAULT))).isFalse();
        ChangeResult scaled = models.scale("sum", Optional.of("1.0"), 2, 2, true);
        assertThat(scaled.progress()).isEqualTo(Progress.DONE);
        assertThat(scaled.sentence()).isEqualTo("Workers scaled to 2 for model: sum, version: 1.0");
        assertThat(models.isReady(models.status("sum", DEFAULT))).isTrue();
    }

    @Test
    void whatIsNotThereHasAKindOfItsOwn() {
        host.with("sum-1.0.mar");

        fails(Kind.MODEL_NOT_FOUND, () -> models.status("none", DEFAULT));
        fails(Kind.MODEL_NOT_FOUND, () -> models.scale("none", DEFAULT, 1, 1, true));
        fails(Kind.VERSION_NOT_FOUND, () -> models.describe("sum", Optional.of("2.0")));
        fails(Kind.VERSION_NOT_FOUND, () -> models.setDefault("sum", "2.0"));
        fails(Kind.VERSION_NOT_FOUND, () -> models.unregister("sum", Optional.of("2.0")));
    }

    @Test
    void aNameInUseIsAConflictAndTheDefaultOfSeveralVersionsStays() {
        host.with("sum-1.0.mar").with("sum-2.0.mar");

        fails(Kind.CONFLICT, () -> models.register(OperationsUnderTest.registration("sum-1.0.mar"), true));
        fails(Kind.DEFAULT_VERSION, () -> models.unregister("sum", Optional.of("1.0")));
        assertThat(models.setDefault("sum", "2.0").sentence())
                .isEqualTo("Default version successfully updated for model \"sum\" to \"2.0\"");
        models.unregister("sum", Optional.of("1.0"));
        assertThat(models.statuses("sum")).extracting(VersionStatus::version).containsExactly("2.0");
        models.unregister("sum", DEFAULT);
        assertThat(models.statuses()).isEmpty();
    }

    @Test
    void modelsAreListedPageByPage() {
        host.with("echo-1.0.mar").with("noop-1.0.mar").with("sum-1.0.mar");

        ModelOperations.ModelPage first = models.list(0, 2);
        assertThat(first.models()).extracting(ListedModel::name).containsExactly("echo", "noop");
        assertThat(first.next()).hasValue(2);
        ModelOperations.ModelPage last = models.list(2, 2);
        assertThat(last.models()).containsExactly(new ListedModel("sum", Optional.of("sum-1.0.mar")));
        assertThat(last.next()).isEmpty();
        assertThat(models.list(3, 2).models()).isEmpty();
    }

    @Test
    void allVersionsAreDescribedWithTheLastSnapshot() {
        host.with("sum-1.0.mar").with("sum-2.0.mar");

        ModelOperations.Described described = models.describeAll("sum");

        assertThat(described.versions()).extracting(VersionStatus::version).containsExactly("1.0", "2.0");
        assertThat(described.lastSnapshot()).hasValue("last.cfg");
        assertThat(models.describe("sum", Optional.of("2.0")).versions()).hasSize(1);
    }

    @Test
    void aChangeThatARestartWouldLoseIsRunningAndSaysSo() {
        host.snapshots.durability =
                new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of("The disk is full"));

        assertThatThrownBy(() -> models.register(OperationsUnderTest.registration("sum-1.0.mar"), true))
                .hasMessage(
                        "The change is running but it is not durable: a restart may lose it (Model \"sum\" Version: 1.0"
                                + " registered with 1 initial workers). The disk is full.")
                .satisfies(failure -> assertThat(ApiFailure.of(failure).kind()).isEqualTo(Kind.NOT_SAVED));
        assertThat(models.isReady(models.status("sum", DEFAULT))).isTrue();
    }

    @Test
    void aChangeThatAnotherHostsTookThePlaceOfIsUndone() {
        host.with("sum-1.0.mar");
        host.snapshots.durability = new Durability(Durability.Kind.UNDONE, Optional.empty(), List.of());

        fails(Kind.UNDONE, () -> models.scale("sum", DEFAULT, 2, 2, true));
    }

    @Test
    void aStoreThatNeverAnswersIsNotWaitedForForEver() {
        host.snapshots.silent = true;
        DurableChanges impatient = new DurableChanges(Duration.ofMillis(50));

        assertThatThrownBy(() -> impatient.done("It was done", host.snapshots.changed()))
                .hasMessageContaining("The store has not answered within 0 s.")
                .satisfies(failure -> assertThat(ApiFailure.of(failure).kind()).isEqualTo(Kind.NOT_SAVED));
    }

    @Test
    void whereRegisteringIsSwitchedOffModelsAreScaledAndNothingElse() {
        try (OperationsUnderTest fixed = new OperationsUnderTest(
                new CurrentState(), InferenceListener.NONE, false, Duration.ofSeconds(60), Clock.systemUTC())) {
            fixed.with("sum-1.0.mar");
            ModelOperations operations = fixed.operations.models();

            fails(Kind.SWITCHED_OFF, operations::requireRegistering);
            fails(Kind.SWITCHED_OFF, () -> operations.register(Registrations.of("echo-1.0.mar"), true));
            fails(Kind.SWITCHED_OFF, () -> operations.unregister("sum", DEFAULT));
            assertThat(operations.scale("sum", DEFAULT, 2, 2, true).progress()).isEqualTo(Progress.DONE);
        }
    }
}
