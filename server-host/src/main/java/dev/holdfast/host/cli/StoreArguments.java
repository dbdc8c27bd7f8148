package dev.holdfast.host.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that all commands about snapshots share: which store, and how the answer looks. */
final class StoreArguments {

    @Option(
            names = "--store",
            paramLabel = "STORE",
            order = 20,
            scope = ScopeType.INHERIT,
            description =
                    "Go to this store, past a host: a serializer's name, or a URL as --snapshot takes it, without a"
                            + " snapshot's name.")
    private Optional<String> store = Optional.empty();

    @Option(
            names = "--group",
            paramLabel = "NAME",
            order = 21,
            scope = ScopeType.INHERIT,
            description = "The group in it. Default: that of the configuration.")
    private Optional<String> group = Optional.empty();

    @Option(
            names = {"--ts-config", "--config"},
            paramLabel = "FILE",
            order = 22,
            scope = ScopeType.INHERIT,
            description = "The configuration, as at a start.")
    private Optional<Path> tsConfig = Optional.empty();

    @Option(
            names = {"-D", "--set"},
            paramLabel = "KEY=VALUE",
            order = 23,
            scope = ScopeType.INHERIT,
            description = "Any configuration key.")
    private Map<String, String> keys = new LinkedHashMap<>();

    @Option(
            names = {"--plugins-path", "--ppath"},
            paramLabel = "PATH",
            order = 24,
            scope = ScopeType.INHERIT,
            description = "Directories of plugins. Default: the distribution's plugins directory, if it has any.")
    private Optional<String> pluginsPath = Optional.empty();

    @Option(
            names = "--plugins-sha256",
            paramLabel = "FILE",
            order = 25,
            scope = ScopeType.INHERIT,
            description = "The jars that may be loaded, as sha256sum lists them.")
    private Optional<Path> pluginsSha256 = Optional.empty();

    @Option(names = "--json", order = 26, scope = ScopeType.INHERIT, description = "Answer with one JSON object.")
    private boolean json;

    @Option(
            names = {"-q", "--quiet"},
            order = 27,
            scope = ScopeType.INHERIT,
            description = "Say nothing but what was asked for.")
    private boolean quiet;

    /** Whether none of them was given. */
    boolean isEmpty() {
        return !namesStore() && !json && !quiet;
    }

    /** Whether a store is meant, and no host. */
    boolean namesStore() {
        return store.isPresent() || group.isPresent() || !config().isEmpty();
    }

    Optional<String> store() {
        return store;
    }

    Optional<String> group() {
        return group;
    }

    ConfigArguments config() {
        return ConfigArguments.of(tsConfig, keys, pluginsPath, pluginsSha256);
    }

    boolean json() {
        return json;
    }

    boolean quiet() {
        return quiet;
    }
}
