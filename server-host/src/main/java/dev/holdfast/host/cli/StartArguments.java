package dev.holdfast.host.cli;

import dev.holdfast.host.StartOptions;
import dev.holdfast.host.config.ConfigKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say what a host starts with. Names and meaning are TorchServe's where it has the option. */
final class StartArguments {

    /** A value of {@code --restore}, spelt as on the command line. */
    enum Restore {
        strict,
        fallback
    }

    @Option(names = "--model-store", paramLabel = "DIR", order = 10, description = "The directory of model archives.")
    private Optional<Path> modelStore = Optional.empty();

    @Option(
            names = "--models",
            paramLabel = "MODEL",
            arity = "1..*",
            split = ",",
            order = 11,
            description =
                    "Models to serve at a first start: NAME=ARCHIVE, ARCHIVE, or all. A restored snapshot comes first.")
    private List<String> models = new ArrayList<>();

    @Mixin
    private final ConfigArguments config = new ConfigArguments();

    @Option(
            names = "--snapshot",
            paramLabel = "NAME",
            order = 20,
            description =
                    "The snapshot to restore: a name, a path, latest, or one of another store, such as jdbc:...#name=NAME.")
    private Optional<String> snapshot = Optional.empty();

    @Option(
            names = "--snapshot-store",
            paramLabel = "NAME",
            order = 21,
            description = "The serializer that keeps snapshots. Default: the one that a plugin brings, else fs.")
    private Optional<String> snapshotStore = Optional.empty();

    @Option(
            names = "--snapshot-store-required",
            order = 22,
            description = "No start without that store, instead of the local snapshots in its place.")
    private boolean snapshotStoreRequired;

    @Option(
            names = "--follow",
            order = 22,
            description = "Go over by itself to what another host of the group has saved.")
    private boolean follow;

    @Option(
            names = "--restore",
            paramLabel = "strict|fallback",
            order = 23,
            description = "strict: no start when a snapshot or a model of it cannot be read. Default: fallback.")
    private Optional<Restore> restore = Optional.empty();

    @Option(
            names = "--accept-addresses",
            order = 25,
            description =
                    "Let a snapshot of another host open this one as far as that one was: addresses, CORS, tokens.")
    private boolean acceptAddresses;

    @Option(
            names = {"--no-config-snapshots", "--ncs"},
            order = 24,
            description = "Neither restore nor keep snapshots.")
    private boolean noConfigSnapshots;

    @Option(
            names = {"--disable-token-auth", "--dt"},
            order = 40,
            description = "Answer calls without a token.")
    private boolean disableTokenAuth;

    @Option(names = "--enable-model-api", order = 41, description = "Let callers register models; the default.")
    private boolean enableModelApi;

    @Option(
            names = "--rpc-port",
            paramLabel = "PORT",
            order = 42,
            description = "Answer clients of Jubatus on 127.0.0.1, without tokens: the classifiers of this host.")
    private Optional<String> rpcPort = Optional.empty();

    @Option(names = "--log-config", paramLabel = "FILE", order = 50, description = "A Logback configuration.")
    private Optional<Path> logConfig = Optional.empty();

    @Option(
            names = "--workflow-store",
            paramLabel = "DIR",
            order = 60,
            description = "Where workflows (.war) are, if not in the model store.")
    private Optional<Path> workflowStore = Optional.empty();

    @Option(names = "--cpp-log-config", paramLabel = "FILE", order = 61, description = "Accepted; no effect.")
    private Optional<Path> cppLogConfig = Optional.empty();

    /** @throws CommandFailure if the file is not there */
    Optional<Path> logConfig(Surroundings surroundings) {
        return logConfig.map(surroundings::absolute).map(file -> ConfigArguments.file("--log-config", file));
    }

    /**
     * What the host is told.
     *
     * @throws CommandFailure if a file or directory that an option names is not there
     */
    StartOptions toStartOptions(LogLocation logLocation, Surroundings surroundings) {
        Map<String, String> set = config.set();
        modelStore.ifPresent(directory -> set.put(
                ConfigKey.MODEL_STORE.key(),
                directory("--model-store", surroundings.absolute(directory)).toString()));
        workflowStore.ifPresent(directory -> set.put(
                ConfigKey.WORKFLOW_STORE.key(),
                directory("--workflow-store", surroundings.absolute(directory)).toString()));
        if (!models.isEmpty()) {
            set.put(ConfigKey.LOAD_MODELS.key(), String.join(",", models));
        }
        rpcPort.ifPresent(port -> set.put(ConfigKey.RPC_PORT.key(), port));
        snapshotStore.ifPresent(name -> set.put(ConfigKey.SNAPSHOT_STORE.key(), name));
        restore.ifPresent(value -> set.put(ConfigKey.RESTORE.key(), value.name()));
        config.addPlugins(set, surroundings);
        cppLogConfig.ifPresent(file -> set.put("cpp_log_config", file.toString()));
        putIf(follow, ConfigKey.SNAPSHOT_FOLLOW, set);
        putIf(snapshotStoreRequired, ConfigKey.SNAPSHOT_STORE_REQUIRED, set);
        putIf(acceptAddresses, ConfigKey.ACCEPT_ADDRESSES, set);
        putIf(disableTokenAuth, ConfigKey.DISABLE_TOKEN_AUTHORIZATION, set);
        putIf(enableModelApi, ConfigKey.ENABLE_MODEL_API, set);
        return new StartOptions(
                set,
                config.givenFile(surroundings),
                snapshot,
                !noConfigSnapshots,
                logLocation.directory(),
                config.defaultFile(surroundings),
                surroundings.environment());
    }

    ConfigArguments config() {
        return config;
    }

    /** Whether a {@code --set =VALUE} was given, which names nothing. */
    boolean hasEmptyKey() {
        return config.hasEmptyKey();
    }

    private static void putIf(boolean given, ConfigKey key, Map<String, String> set) {
        if (given) {
            set.put(key.key(), "true");
        }
    }

    private static Path directory(String option, Path path) {
        if (!Files.isDirectory(path)) {
            throw new CommandFailure(option + " directory not found: " + path);
        }
        return path;
    }
}
