package dev.holdfast.host.cli;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The directory for logs, local snapshots and the run file of one host.
 *
 * @param directory absolute
 * @param named whether the command line named it; else it is the environment's {@code LOG_LOCATION}, or {@code ./logs}
 */
record LogLocation(Path directory, boolean named) {

    static LogLocation of(Optional<Path> option, Surroundings surroundings) {
        Path directory = option.orElseGet(
                () -> Path.of(Optional.ofNullable(surroundings.environment().get("LOG_LOCATION"))
                        .filter(value -> !value.isBlank())
                        .orElse("logs")));
        return new LogLocation(surroundings.absolute(directory), option.isPresent());
    }
}
