package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotKind;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StateReferencesTest {

    private static final StateReference LEARNED = reference("1");
    private static final StateReference SAVED = reference("2");

    private static final ServingState STATE = ServingState.EMPTY
            .with("m", ServedModel.of("1.0", States.version("m.mar", 1, 1).withLearned(LEARNED)))
            .withSave("m", "monday", new ModelSave("1.0", SAVED, Instant.parse("2026-11-21T09:30:00Z")));

    private static StateReference reference(String digit) {
        return new StateReference(
                new StateFormat("numbers", 1, ""), 3, 1, new StateReference.ChunkTree(digit.repeat(64), 0));
    }

    @Test
    void aTextSaysWhatAModelHasLearned() {
        Snapshot snapshot = SnapshotText.write(States.header(1, "a.cfg", SnapshotKind.SNAPSHOT), Map.of(), STATE);

        assertThat(SnapshotText.parse("a.cfg", snapshot.text())
                        .state()
                        .model("m")
                        .flatMap(model -> Optional.ofNullable(model.versions().get("1.0")))
                        .flatMap(version -> version.learned()))
                .contains(LEARNED);
        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> ModelSnapshotJson.read(
                        "x", "{'modelCount':1,'models':{'m':{'1.0':{'learned':{'format':'numbers'}}}}}"))
                .withMessageContaining("formatVersion");
    }

    @Test
    void whatModelsAndSavesReferToIsToldWithItsUser() {
        Snapshot snapshot = SnapshotText.write(States.header(1, "a.cfg", SnapshotKind.SNAPSHOT), Map.of(), STATE);

        assertThat(StateReferences.users(snapshot))
                .containsOnly(Map.entry(LEARNED, "model m, version 1.0"), Map.entry(SAVED, "save monday of model m"));
        assertThat(StateReferences.of(snapshot)).isEqualTo(StateReferences.of(STATE));
    }
}
