package dev.holdfast.host.cli;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The notes by which the command line finds running hosts: {@code holdfast.run} in a host's log location, and a copy of it
 * in a directory of the user's, so that a host is found from anywhere.
 *
 * <p>A note is believed only if the process that it names runs, began when the note says, and belongs to the user who owns
 * the note. All others (stale, empty, damaged, planted) are as good as absent, and are no obstacle.
 *
 * @param directory where the copies of this user's hosts are
 */
record RunFiles(Path directory) {

    static final String NAME = "holdfast.run";

    private static final Logger log = LoggerFactory.getLogger(RunFiles.class);
    private static final long LARGEST = 64 << 10;

    /** Leaves the notes of a host. It serves without them too: a full disk or a strange directory costs comfort only. */
    void write(RunningHost host) {
        String text = CommandJson.pretty(host.toJson());
        Path note = host.logLocation().resolve(NAME);
        try {
            // First: what an earlier host left would hide the copy.
            if (Files.isRegularFile(note)) {
                Files.delete(note);
            }
            OwnFiles.write(note, text);
        } catch (IOException e) {
            log.warn("{} could not be written: {}", note, e.toString());
        }
        try {
            OwnFiles.createDirectories(directory);
            removeDead(host.logLocation());
            OwnFiles.write(copy(host.logLocation()), text);
        } catch (IOException | CommandFailure e) {
            log.warn(
                    "holdfast --stop will find this host at the best with --log-location {}: {}",
                    host.logLocation(),
                    e.toString());
        }
    }

    /** Removes the notes of a host that stops, unless another host has written its own over them. */
    void remove(RunningHost host) throws IOException {
        for (Path file : List.of(host.logLocation().resolve(NAME), copy(host.logLocation()))) {
            if (parse(file).filter(host::equals).isPresent()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** The host that runs with a log location. */
    Optional<RunningHost> of(Path logLocation) {
        Path note = logLocation.resolve(NAME);
        return alive(Files.isRegularFile(note) ? note : copy(logLocation))
                .filter(host -> isSame(host.logLocation(), logLocation));
    }

    /** Whether a host runs with a log location, or ran there and had no time to remove its note. */
    boolean hasNote(Path logLocation) {
        return Files.exists(logLocation.resolve(NAME));
    }

    /** All hosts of this user that run, by their log locations. */
    List<RunningHost> all() {
        List<RunningHost> hosts = new ArrayList<>();
        copies().forEach(file -> alive(file).ifPresent(hosts::add));
        hosts.sort(Comparator.comparing(RunningHost::logLocation));
        return hosts;
    }

    /** Hosts of this user whose lock says that they run, in processes that cannot be seen from here. */
    List<RunningHost> unseen() {
        return copies().stream()
                .flatMap(file -> parse(file).stream())
                .filter(host -> !host.process().isAlive() && LockFile.isHeldUnseen(host.logLocation()))
                .sorted(Comparator.comparing(RunningHost::logLocation))
                .toList();
    }

    /**
     * Removes copies whose process is gone since this boot; those of another boot may be another machine's, over a shared
     * home, and those whose lock is taken are another pid namespace's.
     *
     * @param own where this process has the lock
     */
    private void removeDead(Path own) throws IOException {
        String boot = boot(ProcessIdentity.current());
        for (Path file : copies()) {
            Optional<RunningHost> host = parse(file);
            if (host.isPresent()
                    && boot(host.get().process()).equals(boot)
                    && !host.get().process().isAlive()
                    && (isSame(host.get().logLocation(), own)
                            || isFree(host.get().logLocation()))) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static boolean isFree(Path logLocation) {
        try {
            return !LockFile.isHeldUnseen(logLocation);
        } catch (CommandFailure e) {
            log.debug("The note of a host stays", e);
            return false;
        }
    }

    private static String boot(ProcessIdentity process) {
        return process.birth().replaceFirst("\\+.*", "");
    }

    private List<Path> copies() {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.run")) {
                entries.forEach(files::add);
            } catch (IOException | DirectoryIteratorException e) {
                throw new CommandFailure("The directory of running hosts cannot be read: " + e.getMessage(), e);
            }
        }
        return files;
    }

    private Path copy(Path logLocation) {
        return directory.resolve(
                UUID.nameUUIDFromBytes(logLocation.toString().getBytes(StandardCharsets.UTF_8)) + ".run");
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.isSameFile(one, other);
        } catch (IOException e) {
            return false;
        }
    }

    private static Optional<RunningHost> alive(Path file) {
        return parse(file).filter(host -> host.process().isAlive() && isOfItsOwner(file, host));
    }

    /** A file that somebody else planted could name any process, and any address to send a token to. */
    private static boolean isOfItsOwner(Path file, RunningHost host) {
        try {
            Optional<String> user = ProcessHandle.of(host.process().pid())
                    .flatMap(handle -> handle.info().user());
            return user.isPresent() && OwnFiles.isOf(user.get(), file);
        } catch (IOException e) {
            return false;
        }
    }

    private static Optional<RunningHost> parse(Path file) {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > LARGEST) {
                return Optional.empty();
            }
            return Optional.of(RunningHost.of(CommandJson.parse(SmallFile.read(file))));
        } catch (IOException | RuntimeException e) {
            log.debug("{} says nothing of a running host: {}", file, e.toString());
            return Optional.empty();
        }
    }
}
