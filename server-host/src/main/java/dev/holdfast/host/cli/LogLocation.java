package dev.holdfast.host.cli;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The directory for logs, local snapshots and the run file of one host.
 *
 * @param directory absolute
 * @param named whether the command line or the environment's {@code LOG_LOCATION} named it; else it is {@code ./logs}
 */
record LogLocation(Path directory, boolean named) {

    private static final List<String> DIRECTORIES =
            List.of("config", "config/.chunks", "crash", "journal", "spool", "tls", "verify", "work");

    /** Of which the directories below are the host's own too: for each store, for each group, and what these have. */
    private static final List<String> DEEP = List.of("journal", "spool");

    private static final int LEVELS = 3;

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
                // Where it cannot be told, as below a file that has a directory's place, whoever needs it says so.
                if (Files.exists(inside, LinkOption.NOFOLLOW_LINKS)) {
                    OwnFiles.requireNoLink(
                            inside,
                            name.equals("config")
                                    ? "remove it, and name the directory that it leads to with snapshot.fs.directory"
                                    : "remove it, or name another place with --log-location");
                    OwnFiles.requireOwn(inside, "name another place with --log-location");
                }
            }
            for (String name : DEEP) {
                requireNoLinksBelow(directory.resolve(name));
            }
        } catch (IOException e) {
            throw new CommandFailure("The log location " + directory + " cannot be used: " + e, e);
        }
    }

    /** What cannot be read is no link that is followed; whoever needs it says so. */
    private static void requireNoLinksBelow(Path directory) throws IOException {
        Files.walkFileTree(directory, Set.of(), LEVELS, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                OwnFiles.requireNoLink(file, "remove it, or name another place with --log-location");
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException why) {
                return FileVisitResult.CONTINUE;
            }
        });
    }

    static LogLocation of(Optional<Path> option, Surroundings surroundings) {
        Optional<Path> named =
                option.or(() -> Optional.ofNullable(surroundings.environment().get("LOG_LOCATION"))
                        .filter(value -> !value.isBlank())
                        .map(Path::of));
        return new LogLocation(surroundings.absolute(named.orElse(Path.of("logs"))), named.isPresent());
    }
}
