package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.Restore;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.SnapshotUrl;
import dev.holdfast.host.snapshot.StartPoint;
import dev.holdfast.host.snapshot.StoreStatus;
import dev.holdfast.sdk.SnapshotStoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which configuration and which models a host starts with.
 *
 * <pre>
 *   --ts-config FILE     that file; its model_snapshot, if it has one, is restored
 *   --snapshot NAME      that snapshot (with --ts-config: the configuration is the file's, the models are the snapshot's);
 *                        a path or a URL reads it from elsewhere, and the next ones go to the store all the same
 *   neither              the last snapshot of the store
 *   --ncs                no snapshot of the store, and none is saved
 * </pre>
 *
 * @param persistence empty if snapshots are switched off
 * @param restored what to go back to; empty for the models that the configuration names
 * @param source where that came from, for the operator
 */
record StartState(
        HostConfig config,
        Optional<Persistence> persistence,
        StartPoint start,
        Optional<ServingState> restored,
        String source) {

    private static final Logger log = LoggerFactory.getLogger(StartState.class);
    private static final StartPoint OFF = new StartPoint(0, "", StoreStatus.Mode.OFF, false, List.of());

    /** A configuration file that the operator named. */
    private record GivenFile(Path path, Map<String, String> config, Optional<ServingState> state) {}

    /**
     * The configuration that chooses the store, before any snapshot of it says more.
     *
     * @throws ConfigException if it is wrong
     */
    static HostConfig configuration(StartOptions options) {
        return layers(options, options.tsConfig().map(StartState::read)).toConfig();
    }

    private static ConfigLayers layers(StartOptions options, Optional<GivenFile> given) {
        ConfigLayers layers = ConfigLayers.of(options.environment()).commandLine(options.commandLine());
        Optional<Path> defaultFile = options.defaultConfig().filter(Files::exists);
        if (defaultFile.isPresent()) {
            layers = layers.defaultFile(properties("Configuration file", defaultFile.get()));
        }
        return given.isPresent() ? layers.givenFile(given.get().config()) : layers;
    }

    static StartState of(StartOptions options, Closer closer) {
        Optional<GivenFile> given = options.tsConfig().map(StartState::read);
        ConfigLayers layers = layers(options, given);
        HostConfig config = layers.toConfig();
        if (!options.configSnapshots() && options.snapshot().isEmpty()) {
            return fromConfiguration(options, config, Optional.empty(), OFF, given);
        }
        Persistence persistence = closer.add(new Persistence(config, options.logLocation()));
        Optional<Persistence> kept = options.configSnapshots() ? Optional.of(persistence) : Optional.empty();
        Restore restore = persistence.restore();
        if (given.isPresent() && options.snapshot().isEmpty()) {
            Restore.Found found = restore.nothing();
            if (given.get().state().isEmpty() && !found.start().lastName().isEmpty()) {
                log.warn(
                        "Snapshot {} is not restored, because --ts-config was given; --snapshot latest beside it restores it",
                        found.start().lastName());
            }
            return fromConfiguration(options, config, kept, found.start(), given);
        }
        Restore.Found found = options.snapshot()
                .map(choice -> chosen(choice, persistence, options.configSnapshots(), restore))
                .orElseGet(restore::latest);
        if (found.content().isEmpty()) {
            return fromConfiguration(options, config, kept, found.start(), given);
        }
        SnapshotText.Content content = found.content().get();
        HostConfig restored = layers.snapshot(content.config()).toConfig();
        noteIgnoredModels(options, found.name());
        return new StartState(
                restored, kept, found.start(), Optional.of(content.state()), "Restored snapshot " + found.name());
    }

    private static Restore.Found chosen(String choice, Persistence persistence, boolean kept, Restore restore) {
        Optional<SnapshotUrl> url = SnapshotUrl.parse(choice, persistence.serializers());
        if (url.isEmpty()) {
            return restore.chosen(choice);
        }
        Restore.Found found = restore.given(url.get().toString(), persistence.read(url.get()));
        if (kept) {
            found.content().ifPresent(content -> persistence.copyStates(url.get(), content.state()));
        }
        return found;
    }

    private static StartState fromConfiguration(
            StartOptions options,
            HostConfig config,
            Optional<Persistence> persistence,
            StartPoint start,
            Optional<GivenFile> given) {
        String source = given.map(file -> "Started from " + file.path()).orElse("Started from the configuration");
        Optional<ServingState> state = given.flatMap(GivenFile::state);
        if (state.isPresent()) {
            source = "Restored the snapshot in " + given.get().path();
            noteIgnoredModels(options, String.valueOf(given.get().path()));
        }
        return new StartState(config, persistence, start, state, source);
    }

    private static void noteIgnoredModels(StartOptions options, String snapshot) {
        if (options.commandLine().containsKey("load_models")) {
            log.warn("--models is ignored, because snapshot {} is restored", snapshot);
        }
    }

    private static Map<String, String> properties(String what, Path file) {
        return ConfigFile.parse(what + " " + file, ConfigFile.read(what, file));
    }

    private static GivenFile read(Path file) {
        String what = "--ts-config file";
        Map<String, String> properties = new TreeMap<>(properties(what, file));
        if (!SnapshotText.isSnapshot(properties)) {
            return new GivenFile(file, properties, Optional.empty());
        }
        try {
            SnapshotText.Content content = SnapshotText.parse(String.valueOf(file), ConfigFile.read(what, file));
            if (!content.verified()) {
                log.info("{} is not one of Holdfast's snapshots: accepted, unverified", file);
            }
            return new GivenFile(file, content.config(), Optional.of(content.state()));
        } catch (SnapshotStoreException e) {
            throw new ConfigException(what + ": " + e.getMessage(), e);
        }
    }
}
