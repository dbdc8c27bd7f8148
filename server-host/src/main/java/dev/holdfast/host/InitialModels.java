package dev.holdfast.host;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ModelConfig;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The serving state of a first start: the models that {@code --models} names, with their settings of the key {@code models}. */
final class InitialModels {

    private static final Logger log = LoggerFactory.getLogger(InitialModels.class);

    private final HostConfig config;
    private final ModelStore store;
    private final Map<String, ServedModel> settings;

    InitialModels(HostConfig config, ModelStore store) {
        this.config = config;
        this.store = store;
        try {
            this.settings = SnapshotText.parseModels(config.models().settings());
        } catch (SnapshotCorruptException e) {
            throw new ConfigException("models: " + e.getMessage(), e);
        }
    }

    /**
     * The state to go to.
     *
     * @throws ConfigException if a model that is named one by one cannot be had; of {@code all}, what cannot be had is
     *     left out, with a line in the log
     */
    ServingState state() {
        return state(config.models().loadModels());
    }

    /** The same of other models than the configuration names. */
    ServingState state(List<String> wanted) {
        ServingState state = ServingState.EMPTY;
        if (wanted.stream().anyMatch(entry -> entry.equalsIgnoreCase("all"))) {
            store.passedOver()
                    .forEach((file, why) -> log.info("--models all leaves out {}: {}", OneLine.name(file), why));
            for (String archive : store.list()) {
                try {
                    state = add(state, null, archive);
                } catch (ConfigException e) {
                    log.error("--models all leaves out {}: {}", archive, e.getMessage());
                }
            }
            return state;
        }
        if (wanted.equals(List.of("standalone"))) {
            log.info("--models standalone: a start without models");
            return state;
        }
        for (String entry : wanted) {
            int equals = entry.indexOf('=');
            if (equals == entry.length() - 1) {
                throw new ConfigException(
                        "--models '" + entry + "' names no archive; it must be NAME=ARCHIVE, or ARCHIVE");
            }
            state = add(state, equals < 0 ? null : entry.substring(0, equals), entry.substring(equals + 1));
        }
        return state;
    }

    private static void requireAllowed(String what, String name) {
        if (!ModelNames.isAllowed(name)) {
            throw new ConfigException("--models: " + what + " '" + OneLine.name(name) + "' must " + ModelNames.RULE);
        }
    }

    private ServingState add(ServingState state, @Nullable String name, String location) {
        try (Archive archive = store.open(location)) {
            String model = name == null ? archive.manifest().modelName() : name;
            String version = archive.manifest().modelVersion();
            // As a registration has it: what a snapshot could not hold must not be served.
            requireAllowed("model name", model);
            requireAllowed("model version", version);
            ServedVersion added = settings(model, version, archive);
            Optional<ServedModel> before = state.model(model);
            if (before.isPresent() && before.get().versions().containsKey(version)) {
                throw new ConfigException("Model " + model + " version " + version + " is there already, from "
                        + before.get().versions().get(version).archive());
            }
            boolean isDefault = settings.containsKey(model)
                    && settings.get(model).defaultVersion().equals(version);
            ServedModel after =
                    before.map(some -> some.with(version, added)).orElseGet(() -> ServedModel.of(version, added));
            return state.with(model, isDefault ? after.withDefault(version) : after);
        } catch (ArchiveException e) {
            throw new ConfigException("--models " + location + ": " + e.getMessage(), e);
        }
    }

    private ServedVersion settings(String model, String version, Archive archive) {
        ServedModel named = settings.get(model);
        ServedVersion set = named == null ? null : named.versions().get(version);
        // As for TorchServe, the archive's own file counts more than the key 'models'.
        ModelConfig own = archive.manifest().config();
        int workers = config.models().defaultWorkersPerModel() > 0
                ? config.models().defaultWorkersPerModel()
                : Runtime.getRuntime().availableProcessors();
        return new ServedVersion(
                archive.fileName(),
                own.minWorkersOr(set == null ? workers : set.minWorkers()),
                own.maxWorkersOr(set == null ? workers : set.maxWorkers()),
                own.batchSize().orElse(set == null ? 1 : set.batchSize()),
                own.maxBatchDelay().orElse(set == null ? Duration.ofMillis(100) : set.maxBatchDelay()),
                own.responseTimeout()
                        .orElse(set == null ? config.models().defaultResponseTimeout() : set.responseTimeout()),
                own.startupTimeout()
                        .orElse(set == null ? config.models().defaultStartupTimeout() : set.startupTimeout()),
                archive.manifest().runtime().orElse("python"),
                Optional.empty(),
                Optional.empty(),
                Optional.of(archive.sha256()),
                Optional.empty(),
                set == null ? Batching.AUTO : set.batching());
    }
}
