package dev.holdfast.host.cli;

import dev.holdfast.host.StartOptions;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.config.ConfigKey;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options for configuration and plugins, shared by a start and by commands that only inspect. */
final class ConfigArguments {

    @Option(
            names = {"--ts-config", "--config"},
            paramLabel = "FILE",
            order = 12,
            description = "The configuration; may be a snapshot. Else the last snapshot is restored.")
    private Optional<Path> tsConfig = Optional.empty();

    @Option(
            names = {"-D", "--set"},
            paramLabel = "KEY=VALUE",
            order = 13,
            description = "Any configuration key.")
    private Map<String, String> keys = new LinkedHashMap<>();

    @Option(
            names = {"--plugins-path", "--ppath"},
            paramLabel = "PATH",
            order = 30,
            description = "Directories of plugins. Default: the distribution's plugins directory, if it has any.")
    private Optional<String> pluginsPath = Optional.empty();

    @Option(
            names = "--plugins-sha256",
            paramLabel = "FILE",
            order = 31,
            description = "The jars that may be loaded, as sha256sum lists them.")
    private Optional<Path> pluginsSha256 = Optional.empty();

    /** What was said by options that are declared elsewhere. */
    static ConfigArguments of(
            Optional<Path> tsConfig,
            Map<String, String> keys,
            Optional<String> pluginsPath,
            Optional<Path> pluginsSha256) {
        ConfigArguments arguments = new ConfigArguments();
        arguments.tsConfig = tsConfig;
        arguments.keys = keys;
        arguments.pluginsPath = pluginsPath;
        arguments.pluginsSha256 = pluginsSha256;
        return arguments;
    }

    /** Whether none of them was given. */
    boolean isEmpty() {
        return tsConfig.isEmpty() && keys.isEmpty() && pluginsPath.isEmpty() && pluginsSha256.isEmpty();
    }

    /** Whether a {@code --set =VALUE} was given, which names nothing. */
    boolean hasEmptyKey() {
        return keys.keySet().stream().anyMatch(String::isBlank);
    }

    /**
     * The file of {@code --ts-config}, or of its environment variable.
     *
     * @throws CommandFailure if it is not there
     */
    Optional<Path> givenFile(Surroundings surroundings) {
        return tsConfig.or(() -> Optional.ofNullable(surroundings.environment().get("TS_CONFIG_FILE"))
                        .filter(value -> !value.isBlank())
                        .map(Path::of))
                .map(surroundings::absolute)
                .map(file -> file("--ts-config file", file));
    }

    Optional<Path> defaultFile(Surroundings surroundings) {
        return surroundings.inHome("conf", "config.properties");
    }

    /** The values of {@code --set}; other options may override them. */
    Map<String, String> set() {
        return new LinkedHashMap<>(keys);
    }

    /**
     * Adds the options for plugins; if there are none, and no file sets them either, the distribution's plugins directory.
     *
     * @throws CommandFailure if a file that an option names is not there
     */
    void addPlugins(Map<String, String> set, Surroundings surroundings) {
        pluginsPath.ifPresent(path -> set.put(ConfigKey.PLUGINS_PATH.key(), absolutePlugins(path, surroundings)));
        pluginsSha256.ifPresent(file -> set.put(
                ConfigKey.PLUGINS_SHA256.key(),
                file("--plugins-sha256", surroundings.absolute(file)).toString()));
        if (!set.containsKey(ConfigKey.PLUGINS_PATH.key())
                && !hasPluginsPath(givenFile(surroundings), "--ts-config file")
                && !hasPluginsPath(defaultFile(surroundings), "Default configuration")) {
            surroundings
                    .inHome("plugins")
                    .filter(ConfigArguments::hasEntries)
                    .ifPresent(directory -> set.put(ConfigKey.PLUGINS_PATH.key(), directory.toString()));
        }
    }

    /**
     * The options of a host that is started with these arguments alone.
     *
     * @throws CommandFailure if a file that an option names is not there
     */
    StartOptions toStartOptions(LogLocation logLocation, Surroundings surroundings) {
        Map<String, String> set = set();
        addPlugins(set, surroundings);
        return new StartOptions(
                set,
                givenFile(surroundings),
                Optional.empty(),
                true,
                logLocation.directory(),
                defaultFile(surroundings),
                surroundings.environment());
    }

    /** Each directory of the list absolute; TorchServe's {@code dir/*} stays what it is. */
    private static String absolutePlugins(String path, Surroundings surroundings) {
        return Stream.of(path.split("[:,]"))
                .map(String::strip)
                .filter(entry -> !entry.isEmpty())
                .map(entry -> surroundings.absolute(Path.of(entry)).toString())
                .reduce((one, other) -> one + File.pathSeparator + other)
                .orElse("");
    }

    private static boolean hasPluginsPath(Optional<Path> file, String what) {
        return file.isPresent()
                && ConfigFile.parse(what, ConfigFile.read(what, file.get())).containsKey(ConfigKey.PLUGINS_PATH.key());
    }

    private static boolean hasEntries(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.anyMatch(entry -> !entry.getFileName().toString().startsWith("."));
        } catch (IOException e) {
            throw new CommandFailure("The plugins directory cannot be read: " + e.getMessage(), e);
        }
    }

    static Path file(String option, Path path) {
        if (!Files.isRegularFile(path)) {
            throw new CommandFailure(option + " not found: " + path);
        }
        return path;
    }
}
