package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.LoadedModel;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A {@link ModelServing} with everything around it faked. */
final class Serving implements AutoCloseable {

    static final ServingDefaults DEFAULTS =
            new ServingDefaults(2, 1000, Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofSeconds(60), 4, 2);

    final CurrentState state = new CurrentState();
    final RecordingChangeLog changes = new RecordingChangeLog();
    final FakeModelStore store = new FakeModelStore();

    /** All models that were ever loaded. */
    final List<FakeModel> models = new CopyOnWriteArrayList<>();

    /** Why an archive cannot be loaded, by its file name. */
    final Map<String, Throwable> broken = new ConcurrentHashMap<>();

    volatile Consumer<Archive> beforeLoad = archive -> {};
    final ModelServing serving;

    Serving() {
        this(DEFAULTS);
    }

    Serving(ServingDefaults defaults) {
        this(defaults, Safeguards.off());
    }

    Serving(ServingDefaults defaults, Safeguards safeguards) {
        serving = new ModelServing(
                state,
                changes,
                store,
                SharedArchives.off(),
                new ModelLoader() {
                    @Override
                    public LoadedModel load(Archive archive) {
                        return Serving.this.load(archive);
                    }

                    @Override
                    public Optional<String> engine(Archive archive) {
                        return Optional.of("engine of " + archive.fileName());
                    }

                    @Override
                    public Optional<String> engine(String fileName) {
                        return fileName.endsWith(".known") ? Optional.of("engine by name") : Optional.empty();
                    }
                },
                safeguards,
                (model, learned) -> {
                    throw new AssertionError("no model here has a state");
                },
                defaults,
                InferenceListener.NONE,
                Clock.systemUTC());
    }

    private LoadedModel load(Archive archive) {
        beforeLoad.accept(archive);
        Throwable why = broken.get(archive.fileName());
        if (why instanceof Error error) {
            throw error;
        } else if (why != null) {
            throw (RuntimeException) why;
        }
        FakeModel model = new FakeModel();
        models.add(model);
        return model;
    }

    long predict(String model, Optional<String> version, long value) {
        return FakeModel.number(serving.find(model, version)
                .predict(FakeModel.number(value))
                .orTimeout(60, TimeUnit.SECONDS)
                .join());
    }

    /** The model that was loaded last. */
    FakeModel last() {
        return models.get(models.size() - 1);
    }

    long modelsOpen() {
        return models.stream().filter(model -> model.closes.get() == 0).count();
    }

    @Override
    public void close() {
        models.forEach(FakeModel::open);
        serving.close();
    }
}
