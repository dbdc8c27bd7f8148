package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateReference.ChunkTree;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Serving states of a seed: of few names and few values, so that two of them meet often. */
final class RandomStates {

    private final Random random;

    RandomStates(Random random) {
        this.random = random;
    }

    ServingState state() {
        ServingState state = ServingState.EMPTY;
        for (int i = random.nextInt(5); i > 0; i--) {
            state = state.with(modelName(), model());
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            state = state.withSave(modelName(), saveId(), save());
        }
        return state;
    }

    /** What becomes of a state by up to four changes. */
    ServingState changed(ServingState before) {
        ServingState state = before;
        for (int i = random.nextInt(5); i > 0; i--) {
            state = changedOnce(state);
        }
        return state;
    }

    private ServingState changedOnce(ServingState state) {
        String name = modelName();
        ServedModel model = state.model(name).orElseGet(this::model);
        String version = any(new ArrayList<>(model.versions().keySet()));
        ServedVersion settings = model.versions().get(version);
        return switch (random.nextInt(8)) {
            case 0 -> state.without(name);
            case 1 -> state.with(name, model());
            case 2 -> state.with(name, model.withDefault(version));
            case 3 -> state.with(name, model.with(version, version()));
            case 4 -> state.with(name, model.with(version, settings.withWorkers(1, 1 + random.nextInt(3))));
            case 5 -> state.with(name, model.withLearned(version, learned(random.nextInt(4))));
            case 6 -> state.withSave(name, saveId(), save());
            default -> state.withoutSave(name, saveId());
        };
    }

    /** The same state, of which any digest of an archive may be unknown. */
    ServingState withFewerDigests(ServingState state) {
        ServingState fewer = state;
        for (String name : state.models().keySet()) {
            ServedModel model = state.models().get(name);
            for (String version : model.versions().keySet()) {
                if (random.nextBoolean()) {
                    model = model.with(version, model.versions().get(version).withArchiveSha256(""));
                }
            }
            fewer = fewer.with(name, model);
        }
        return fewer;
    }

    private ServedModel model() {
        ServedModel model = ServedModel.of("1.0", version());
        return random.nextBoolean() ? model : model.with("2.0", version()).withDefault(any(List.of("1.0", "2.0")));
    }

    private ServedVersion version() {
        ServedVersion version = new ServedVersion(
                any(List.of("a.mar", "b.mar")),
                1,
                1 + random.nextInt(2),
                1 + random.nextInt(2),
                Duration.ofMillis(100),
                Duration.ofSeconds(120),
                Duration.ofSeconds(120),
                "python",
                random.nextInt(4) == 0 ? Optional.of("handler") : Optional.empty(),
                Optional.empty(),
                any(List.of(Optional.empty(), Optional.of("sha-1"), Optional.of("sha-2"))),
                Optional.empty(),
                Batching.AUTO);
        version = random.nextInt(4) == 0 ? version.withBatching(Batching.SINGLE) : version;
        version = random.nextInt(4) == 0 ? version.withWorkers(0, 0) : version;
        return random.nextBoolean() ? version : version.withLearned(learned(random.nextInt(4)));
    }

    private ModelSave save() {
        return new ModelSave("1.0", learned(random.nextInt(4)), Instant.ofEpochMilli(random.nextInt(3)));
    }

    private String modelName() {
        return any(List.of("alpha", "beta", "gamma"));
    }

    private String saveId() {
        return any(List.of("one", "two"));
    }

    private <T> T any(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    /** One of sixteen states that a model may have learned. */
    static StateReference learned(int which) {
        return new StateReference(
                new StateFormat("random-cut-forest", 1, "dimensions=2"),
                100,
                1,
                new ChunkTree(Integer.toHexString(which).repeat(64), 0));
    }
}
