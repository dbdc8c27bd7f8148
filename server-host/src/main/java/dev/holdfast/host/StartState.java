package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.plugins.CallWatch;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.SnapshotUrl;
import dev.holdfast.sdk.SnapshotStoreException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which configuration and which models a host starts with.
 *
 * <pre>
 *   --ts-config FILE     that file; its model_snapshot, if it has one, is restored
 *   --snapshot NAME      that snapshot (with --ts-config: the configuration is the file's, the models are the snapshot's);
 *                        a path or a URL reads it from elsewhere, and the next ones go to the store all the same
 *   neither              the last snapshot of the store; where there is none, the model_snapshot of conf/config.properties
 *   --ncs                no snapshot of the store, and none is saved
 * </pre>
 *
 * @param persistence empty if snapshots are switched off
 * @param restored what to go back to; empty for the models that the configuration names
 * @param learnedFrom the store from which what the restored models have learned is still to be copied
 * @param source where that came from, for the operator
 * @param notes what was asked for and is not done
 * @param remarks what the configuration of a restored snapshot says and is left out; the log has it
 */
record StartState(
        HostConfig config,
        Optional<Persistence> persistence,
        StartPoint start,
        Optional<ServingState> restored,
        Optional<SnapshotUrl> learnedFrom,
        String source,
        List<String> notes,
        List<String> remarks) {

    private static final Logger log = LoggerFactory.getLogger(StartState.class);
    private static final StartPoint OFF = StartPoint.of(StoreStatus.Mode.OFF);

    /**
     * A configuration file.
     *
     * @param state the models of its model_snapshot
     * @param damage why it has none that can be read
     */
    private record ReadFile(
            Path path,
            Map<String, String> config,
            Optional<ServingState> state,
            boolean verified,
            Optional<ConfigException> damage) {

        ReadFile require() {
            damage.ifPresent(failure -> {
                throw failure;
            });
            return this;
        }
    }

    /** The configuration files of a start: the one that the operator named, and the one that holds where nothing is said. */
    private record ConfigFiles(Optional<ReadFile> given, Optional<ReadFile> byDefault) {

        static ConfigFiles of(StartOptions options) {
            return new ConfigFiles(
                    options.tsConfig()
                            .map(file -> read("--ts-config file", file).require()),
                    options.defaultConfig().filter(Files::exists).map(file -> read("Configuration file", file)));
        }

        ConfigLayers layers(StartOptions options) {
            ConfigLayers layers = ConfigLayers.of(options.environment()).commandLine(options.commandLine());
            if (byDefault.isPresent()) {
                layers = layers.defaultFile(byDefault.get().config());
            }
            return given.isPresent() ? layers.givenFile(given.get().config()) : layers;
        }

        /** The file with the models of a start that restores nothing from a store. */
        Optional<ReadFile> withModels() {
            return given.or(() -> byDefault.map(ReadFile::require))
                    .filter(file -> file.state().isPresent());
        }

        void noteIgnoredModels(String why) {
            byDefault
                    .filter(file -> file.state().isPresent() || file.damage().isPresent())
                    .ifPresent(file -> log.info("model_snapshot of {} is ignored, because {}", file.path(), why));
        }
    }

    /**
     * The configuration that chooses the store, before any snapshot of it says more.
     *
     * @throws ConfigException if it is wrong
     */
    static HostConfig configuration(StartOptions options) {
        return ConfigFiles.of(options).layers(options).toConfig();
    }

    /** @param calls is told of each call into a plugin */
    static StartState of(StartOptions options, Lifecycle lifecycle, CallWatch calls) {
        return with(options, lifecycle, config -> new Persistence(config, options.logLocation(), calls));
    }

    /** @param opener opens what keeps the snapshots */
    static StartState with(StartOptions options, Lifecycle lifecycle, Function<HostConfig, Persistence> opener) {
        ConfigFiles files = ConfigFiles.of(options);
        ConfigLayers layers = files.layers(options);
        HostConfig config = layers.toConfig();
        if (!options.configSnapshots() && options.snapshot().isEmpty()) {
            return fromConfiguration(options, config, Optional.empty(), OFF, files);
        }
        Persistence persistence = lifecycle.add(opener.apply(config));
        Optional<Persistence> kept = options.configSnapshots() ? Optional.of(persistence) : Optional.empty();
        Restore restore = persistence.restore();
        if (files.given().isPresent() && options.snapshot().isEmpty()) {
            Restore.Found found = restore.nothing();
            if (files.withModels().isEmpty() && !found.start().lastName().isEmpty()) {
                log.warn(
                        "Snapshot {} is not restored, because --ts-config was given; --snapshot latest beside it restores it",
                        found.start().lastName());
            }
            return fromConfiguration(options, config, kept, found.start(), files);
        }
        Optional<SnapshotUrl> elsewhere = options.snapshot()
                .flatMap(choice -> SnapshotUrl.parse(choice, persistence.serializers(), persistence.rejections()));
        Restore.Found found = elsewhere
                .map(url -> restore.given(url.toString(), persistence.others().read(url)))
                .or(() -> options.snapshot().map(restore::chosen))
                .orElseGet(restore::latest);
        if (found.content().isEmpty()) {
            return fromConfiguration(options, config, kept, found.start(), files);
        }
        SnapshotText.Content content = found.content().get();
        ConfigLayers all = layers.restored(
                inThisDirectory(content.config()),
                found.own() || config.snapshots().acceptsAddresses());
        HostConfig restored = all.toConfig();
        files.noteIgnoredModels("snapshot " + found.name() + " is restored");
        return new StartState(
                restored,
                kept,
                found.start(),
                Optional.of(content.state()),
                elsewhere,
                "Restored snapshot " + found.name(),
                ignoredModels(options, found.name()),
                all.remarks());
    }

    private static StartState fromConfiguration(
            StartOptions options,
            HostConfig config,
            Optional<Persistence> persistence,
            StartPoint start,
            ConfigFiles files) {
        if (files.given().isPresent()) {
            files.noteIgnoredModels("--ts-config was given");
        }
        Optional<ReadFile> models = files.withModels();
        if (models.isEmpty()) {
            String source =
                    files.given().map(file -> "Started from " + file.path()).orElse("Started from the configuration");
            return new StartState(
                    config, persistence, start, Optional.empty(), Optional.empty(), source, List.of(), List.of());
        }
        Path file = models.get().path();
        if (!models.get().verified()) {
            log.info("{} is not one of Holdfast's snapshots: accepted, unverified", file);
        }
        return new StartState(
                config,
                persistence,
                start,
                models.get().state(),
                Optional.empty(),
                "Restored the snapshot in " + file,
                ignoredModels(options, String.valueOf(file)),
                List.of());
    }

    private static List<String> ignoredModels(StartOptions options, String snapshot) {
        if (!options.commandLine().containsKey("load_models")) {
            return List.of();
        }
        String line = "--models is ignored, because snapshot " + snapshot + " is restored";
        log.warn(line);
        return List.of(line);
    }

    private static ReadFile read(String what, Path file) {
        String text = ConfigFile.read(what, file);
        Map<String, String> properties = ConfigFile.parse(what + " " + file, text);
        if (!SnapshotText.isSnapshot(properties)) {
            return new ReadFile(file, inThisDirectory(properties), Optional.empty(), false, Optional.empty());
        }
        try {
            SnapshotText.Content content = SnapshotText.parse(String.valueOf(file), text);
            return new ReadFile(
                    file,
                    inThisDirectory(content.config()),
                    Optional.of(content.state()),
                    content.verified(),
                    Optional.empty());
        } catch (SnapshotStoreException e) {
            return new ReadFile(
                    file,
                    inThisDirectory(properties),
                    Optional.empty(),
                    false,
                    Optional.of(new ConfigException(what + ": " + e.getMessage(), e)));
        }
    }

    /** A model_store, or a workflow_store, is relative to the working directory of this start; the next snapshot carries it into others. */
    private static Map<String, String> inThisDirectory(Map<String, String> properties) {
        Map<String, String> absolute = new TreeMap<>(properties);
        absolute.computeIfPresent(ConfigKey.MODEL_STORE.key(), (key, value) -> absolute(value));
        absolute.computeIfPresent(ConfigKey.WORKFLOW_STORE.key(), (key, value) -> absolute(value));
        return absolute;
    }

    private static String absolute(String path) {
        if (path.isBlank() || path.contains("$$")) {
            // A placeholder is kept as it is, and may stand for an absolute path.
            return path;
        }
        try {
            return Path.of(path.strip()).toAbsolutePath().normalize().toString();
        } catch (InvalidPathException e) {
            // Where the key is used, it is said which layer has it.
            return path;
        }
    }
}
