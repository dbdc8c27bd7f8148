package dev.holdfast.host.runtime.process;

import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private directory of this host's workers.
 *
 * <pre>
 *   (temporary directory)/holdfast-ID/   0700
 *     w.9000                             the socket of worker 9000
 *     w.9000.json                        what is for that worker alone
 *     worker/                            and others: what runtimes put there for all workers
 *   (log location)/python-workers        which directory that is
 * </pre>
 *
 * <p>The path of a Unix socket has at most 100 bytes or so, which a log location may use up alone; hence the temporary
 * directory. A worker's command line has the directory in it, and so have the processes that it forks: that is how those of
 * a host that was killed are found.
 */
public final class WorkerDirectory implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkerDirectory.class);
    private static final String NOTE = "python-workers";
    private static final Pattern OURS = Pattern.compile("holdfast-[0-9a-f]{16}");
    private static final int LONGEST_NOTE = 4096;

    private final Path logLocation;
    private final Path note;
    private final Path temporary;
    private final LeftProcesses processes = new LeftProcesses();
    private @Nullable Path directory;

    public WorkerDirectory(Path logLocation, Path temporary) {
        this.logLocation = logLocation;
        this.note = logLocation.resolve(NOTE);
        this.temporary = temporary.toAbsolutePath();
    }

    /** The file for what one worker alone is told beside the wire; it goes with the worker. */
    public static Path besides(Path socket) {
        return socket.resolveSibling(socket.getFileName() + ".json");
    }

    /** The directory; made when the first worker needs it. */
    public synchronized Path get() throws IOException {
        if (directory == null) {
            Path made = temporary.resolve(
                    "holdfast-" + UUID.randomUUID().toString().replace("-", "").substring(0, 16));
            OwnFiles.createDirectory(made);
            // Before the first worker is there.
            OwnFiles.createDirectories(logLocation);
            OwnFiles.write(note, made.toString());
            directory = made;
        }
        return directory;
    }

    /** Ends what the workers of a host that was killed have left, and says so. */
    public synchronized void clean() {
        Optional<Path> left = noted();
        if (left.isEmpty() || left.get().equals(directory)) {
            return;
        }
        try {
            long ended = LeftProcesses.end(argument -> argument.startsWith(left.get() + "/"));
            FileTrees.delete(left.get());
            Files.deleteIfExists(note);
            if (ended > 0) {
                log.warn(
                        "Ended {} of an earlier host, which was killed",
                        ended == 1 ? "a worker process" : ended + " worker processes");
            }
        } catch (IOException e) {
            log.warn(
                    "What the worker processes of an earlier host left in {} cannot be removed: {}",
                    left.get(),
                    e.toString());
        }
    }

    private Optional<Path> noted() {
        try (InputStream in = Files.newInputStream(note, LinkOption.NOFOLLOW_LINKS)) {
            Path path = Path.of(new String(in.readNBytes(LONGEST_NOTE), StandardCharsets.UTF_8).strip());
            // The note is a file that anything may have written to; what it names is about to be deleted.
            return path.isAbsolute()
                            && OURS.matcher(String.valueOf(path.getFileName())).matches()
                    ? Optional.of(path)
                    : Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Ends every process that has a certain socket on its command line; one look at all processes does for all who ask at once. */
    void endOf(Path socket) {
        processes.end(socket.toString());
    }

    @Override
    public synchronized void close() {
        if (directory == null) {
            return;
        }
        try {
            FileTrees.delete(directory);
            Files.deleteIfExists(note);
            directory = null;
        } catch (IOException e) {
            log.warn("The directory {} of worker processes cannot be removed: {}", directory, e.toString());
        }
    }
}
