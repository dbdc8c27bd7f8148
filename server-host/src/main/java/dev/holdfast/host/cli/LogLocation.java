package dev.holdfast.host.cli;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The directory for logs, local snapshots and the run file of one host.
 *
 * @param directory absolute
 * @param named whether the command line or the environment's {@code LOG_LOCATION} named it; else it is {@code ./logs}
 */
record LogLocation(Path directory, boolean named) {

    private static final List<String> DIRECTORIES = List.of("config", "crash", "journal", "spool", "work");

    /**
     * Makes the directory if it is not there.
     *
     * @throws CommandFailure if that cannot be done, or if what lies there may be anybody's
     */
    static void make(Path directory) {
        try {
            OwnFiles.createDirectories(directory);
            OwnFiles.requireOwn(
                    directory,
                    "name a directory in it, which is made for this host alone: --log-location "
                            + directory.resolve("holdfast"));
            for (String name : DIRECTORIES) {
                Path inside = directory.resolve(name);
                OwnFiles.requireNoLink(
                        inside,
                        name.equals("config")
                                ? "remove it, and name the directory that it leads to with snapshot.fs.directory"
                                : "remove it, or name another place with --log-location");
                OwnFiles.requireOwn(inside, "name another place with --log-location");
            }
        } catch (IOException e) {
            throw new CommandFailure("The log location " + directory + " cannot be used: " + e, e);
        }
    }

    static LogLocation of(Optional<Path> option, Surroundings surroundings) {
        Optional<Path> named =
                option.or(() -> Optional.ofNullable(surroundings.environment().get("LOG_LOCATION"))
                        .filter(value -> !value.isBlank())
                        .map(Path::of));
        return new LogLocation(surroundings.absolute(named.orElse(Path.of("logs"))), named.isPresent());
    }
}
