package dev.holdfast.host.cli;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The directory for logs, local snapshots and the run file of one host.
 *
 * @param directory absolute
 * @param named whether the command line or the environment's {@code LOG_LOCATION} named it; else it is {@code ./logs}
 */
record LogLocation(Path directory, boolean named) {

    static LogLocation of(Optional<Path> option, Surroundings surroundings) {
        Optional<Path> named =
                option.or(() -> Optional.ofNullable(surroundings.environment().get("LOG_LOCATION"))
                        .filter(value -> !value.isBlank())
                        .map(Path::of));
        return new LogLocation(surroundings.absolute(named.orElse(Path.of("logs"))), named.isPresent());
    }
}
