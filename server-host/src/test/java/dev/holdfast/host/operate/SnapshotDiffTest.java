package dev.holdfast.host.operate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.operate.SnapshotDiff.Line;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotKind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SnapshotDiffTest {

    private static final Map<String, String> CONFIG = Map.of("job_queue_size", "100", "cors", "x");

    private static Snapshot snapshot(long revision, Map<String, String> config, ServingState state) {
        return SnapshotText.write(States.header(revision, "s" + revision, SnapshotKind.SNAPSHOT), config, state);
    }

    private static SnapshotDiff diff(ServingState first, ServingState second) {
        return SnapshotDiff.of(
                snapshot(1, CONFIG, first), snapshot(2, CONFIG, second), (before, after) -> Optional.of(3L));
    }

    private static List<String> texts(List<Line> lines) {
        return lines.stream().map(Line::toString).toList();
    }

    @Test
    void twoSavesOfTheSameDoNotDiffer() {
        ServingState state = States.learned(States.of("a", "b"), 1);

        assertThat(diff(state, state).isEmpty()).isTrue();
    }

    @Test
    void whatWasAddedRemovedAndChangedIsALineEach() {
        ServingState before = States.of("a", "gone");
        ServingState after = States.of("added")
                .with(
                        "a",
                        ServedModel.of("1.0", States.version("a.mar", 2, 4))
                                .with("2.0", States.version("a2.mar", 1, 1))
                                .withDefault("2.0"));

        assertThat(texts(diff(before, after).models()))
                .containsExactly(
                        "~ a: default version 1.0 -> 2.0",
                        "~ a, version 1.0: workers 1 to 1 -> 2 to 4",
                        "+ a, version 2.0: archive a2.mar, workers 1 to 1",
                        "+ added, version 1.0: archive added.mar, workers 1 to 1",
                        "- gone, version 1.0: archive gone.mar, workers 1 to 1");
    }

    @Test
    void anotherArchiveOfTheSameNameIsTold() {
        ServingState before = ServingState.EMPTY.with(
                "a", ServedModel.of("1.0", States.version("a.mar", 1, 1).withArchiveSha256("1".repeat(64))));
        ServingState after = ServingState.EMPTY.with(
                "a", ServedModel.of("1.0", States.version("a.mar", 1, 1).withArchiveSha256("2".repeat(64))));

        assertThat(texts(diff(before, after).models()))
                .containsExactly("~ a, version 1.0: archive's SHA-256 111111111111 -> 222222222222");
    }

    @Test
    void whatWasLearnedIsToldBySizeAndChunks() {
        ServingState before = States.learned(States.of("a", "b"), "a", 1);
        ServingState after = States.learned(States.learned(States.of("a", "b"), "a", 2), "b", 3)
                .withSave("a", "monday", new ModelSave("1.0", States.lesson(2), TestGroup.NOW));

        assertThat(texts(diff(before, after).learned()))
                .containsExactly(
                        "~ a, version 1.0: 10 B -> 10 B, 3 of 1 chunk new",
                        "+ b, version 1.0: 10 B",
                        "+ save monday of a: 10 B");
    }

    @Test
    void chunksThatAreOutOfReachAreNotCounted() {
        SnapshotDiff diff = SnapshotDiff.of(
                snapshot(1, CONFIG, States.learned(States.of("a"), 1)),
                snapshot(2, CONFIG, States.learned(States.of("a"), 2)),
                (before, after) -> Optional.empty());

        assertThat(texts(diff.learned())).containsExactly("~ a, version 1.0: 10 B -> 10 B");
    }

    @Test
    void configurationKeysAreCompared() {
        SnapshotDiff diff = SnapshotDiff.of(
                snapshot(1, CONFIG, ServingState.EMPTY),
                snapshot(2, Map.of("job_queue_size", "1000", "new", "1"), ServingState.EMPTY),
                (before, after) -> Optional.empty());

        assertThat(texts(diff.config())).containsExactly("- cors: x", "~ job_queue_size: 100 -> 1000", "+ new: 1");
    }
}
