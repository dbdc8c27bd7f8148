package dev.holdfast.host.snapshot;

import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Serving states and snapshots for tests. */
public final class States {

    public static final Map<String, String> CONFIG = Map.of("job_queue_size", "7");

    private States() {}

    public static ServedVersion version(String archive, int min, int max) {
        return new ServedVersion(
                archive,
                min,
                max,
                1,
                Duration.ofMillis(100),
                Duration.ofSeconds(120),
                Duration.ofSeconds(120),
                "python",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Batching.AUTO);
    }

    /** The same state, in which version 1.0 of model {@code a} has learned something. */
    public static ServingState learned(ServingState state, int what) {
        return learned(state, "a", what);
    }

    /** The same of any model. */
    public static ServingState learned(ServingState state, String model, int what) {
        return state.with(model, state.model(model).orElseThrow().withLearned("1.0", lesson(what)));
    }

    /** The same state, in which versions have taken up what another host's have learned. */
    public static ServingState takenUp(ServingState state, Map<ServingComparison.Key, StateReference> learned) {
        ServingState all = state;
        for (Map.Entry<ServingComparison.Key, StateReference> one : learned.entrySet()) {
            String model = one.getKey().model();
            all = all.with(
                    model,
                    all.model(model).orElseThrow().withLearned(one.getKey().version(), one.getValue()));
        }
        return all;
    }

    /** One of nine things that a model may have learned. */
    public static StateReference lesson(int what) {
        return new StateReference(
                new StateFormat("test", 1, ""),
                10,
                1,
                new StateReference.ChunkTree(String.valueOf(what).repeat(64), 0));
    }

    public static ServingState of(String... models) {
        ServingState state = ServingState.EMPTY;
        for (String model : models) {
            state = state.with(model, ServedModel.of("1.0", version(model + ".mar", 1, 1)));
        }
        return state;
    }

    public static ServingState many(int count) {
        return ServingState.of(IntStream.range(0, count)
                .boxed()
                .collect(Collectors.toMap(
                        i -> "model-" + i, i -> ServedModel.of("1.0", version("archive-" + i + ".mar", 1, 2)))));
    }

    public static Set<String> models(Snapshot snapshot) {
        return SnapshotText.parse(snapshot.header().name(), snapshot.text())
                .state()
                .models()
                .keySet();
    }

    public static Snapshot snapshot(long revision, String name, SnapshotKind kind, String... models) {
        return SnapshotText.write(header(revision, name, kind), CONFIG, of(models));
    }

    /** One that was saved after another. */
    public static Snapshot following(Snapshot before, String name, String... models) {
        SnapshotHeader.Builder header = header(before.header().revision() + 1, name, SnapshotKind.SNAPSHOT);
        return SnapshotText.write(header.follows(before.header().saveId()), CONFIG, of(models));
    }

    public static Snapshot snapshot(long revision, String... models) {
        return snapshot(
                revision,
                String.format(Locale.ROOT, "2026112108%02d00000-snapshot.cfg", revision % 60),
                SnapshotKind.SNAPSHOT,
                models);
    }

    public static SnapshotHeader.Builder header(long revision, String name, SnapshotKind kind) {
        return SnapshotHeader.builder()
                .name(name)
                .kind(kind)
                .createdOn(Instant.parse("2026-11-21T08:00:00Z").plusSeconds(60 * revision))
                .group("default")
                .revision(revision)
                .host("other-host");
    }
}
