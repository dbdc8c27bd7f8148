package dev.holdfast.host;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a start is told.
 *
 * @param commandLine the configuration keys that the command line sets, by their names in a configuration file
 * @param tsConfig {@code --ts-config}
 * @param snapshot {@code --snapshot}: a name, {@code latest}, a path, or the URL of one in another store
 * @param configSnapshots false for {@code --no-config-snapshots}: neither restore nor save
 * @param logLocation the directory for logs, local snapshots and what else the host keeps
 * @param defaultConfig the configuration file that holds where nothing else is said; may be absent
 * @param environment the process environment
 */
public record StartOptions(
        Map<String, String> commandLine,
        Optional<Path> tsConfig,
        Optional<String> snapshot,
        boolean configSnapshots,
        Path logLocation,
        Optional<Path> defaultConfig,
        Map<String, String> environment) {

    public StartOptions {
        commandLine = Map.copyOf(commandLine);
        environment = Map.copyOf(environment);
    }
}
