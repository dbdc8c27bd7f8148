package dev.holdfast.host.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Which models are served, from where they come, and what they have where nothing else is said. Immutable. */
public final class ModelsConfig {

    private final ConfigValues values;

    ModelsConfig(ConfigValues values) {
        this.values = values;
    }

    /** The directory of archives; empty if none is configured, which stops a start. */
    public Optional<Path> modelStore() {
        return values.path(ConfigKey.MODEL_STORE);
    }

    /** The directory of archives with workflows; empty for the model store. */
    public Optional<Path> workflowStore() {
        return values.path(ConfigKey.WORKFLOW_STORE);
    }

    /** Models to load at the first start, as {@code [name=]archive}; {@code all} (in any case) alone for all. */
    public List<String> loadModels() {
        return values.list(ConfigKey.LOAD_MODELS, "[,\\s]+");
    }

    /** TorchServe's JSON of settings for models that {@link #loadModels} names; empty if none. */
    public String settings() {
        return values.get(ConfigKey.MODELS);
    }

    /** Regular expressions; a URL that matches one of them may be fetched. */
    public List<String> allowedUrls() {
        return values.list(ConfigKey.ALLOWED_URLS, ",");
    }

    public boolean allowPrivateUrls() {
        return values.bool(ConfigKey.ALLOW_PRIVATE_URLS);
    }

    /** Whether a model is loaded whose archive is not the one that was registered. */
    public boolean acceptsArchiveChanges() {
        return values.is(ConfigKey.ARCHIVE_CHANGES, "accept");
    }

    public int defaultWorkersPerModel() {
        return values.number(ConfigKey.DEFAULT_WORKERS_PER_MODEL);
    }

    public Duration defaultResponseTimeout() {
        return values.seconds(ConfigKey.DEFAULT_RESPONSE_TIMEOUT);
    }

    public Duration defaultStartupTimeout() {
        return values.seconds(ConfigKey.DEFAULT_STARTUP_TIMEOUT);
    }

    public Duration unregisterModelTimeout() {
        return values.seconds(ConfigKey.UNREGISTER_MODEL_TIMEOUT);
    }

    public int jobQueueSize() {
        return values.number(ConfigKey.JOB_QUEUE_SIZE);
    }

    /** A model version with more stuck runs than this takes no more requests. */
    public int maxStuckWorkers() {
        return values.number(ConfigKey.MAX_STUCK_WORKERS);
    }

    /** How many threads of the engine work on one run of a model that does not say it itself. */
    public int nativeThreads() {
        return values.number(ConfigKey.NATIVE_THREADS);
    }

    /** Whether ONNX models run in processes of their workers, where their manifests do not say it. */
    public boolean workerProcesses() {
        return values.bool(ConfigKey.WORKER_PROCESSES);
    }

    /** Whether a model is refused for which the machine has no memory left. */
    public boolean memoryAdmission() {
        return values.bool(ConfigKey.MEMORY_ADMISSION);
    }
}
