package dev.holdfast.host.runtime.python;

import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private directory of this host's workers.
 *
 * <pre>
 *   (temporary directory)/holdfast-ID/   0700
 *     worker/                            the worker's own files
 *     w.9000                             the socket of worker 9000
 *     w.9000.json                        what its model's configuration file says
 *   (log location)/python-workers        which directory that is
 * </pre>
 *
 * <p>The path of a Unix socket has at most 100 bytes or so, which a log location may use up alone; hence the temporary
 * directory. A worker's command line has the directory in it, and so have the processes that it forks: that is how those of
 * a host that was killed are found.
 */
final class WorkerDirectory implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WorkerDirectory.class);
    private static final String NOTE = "python-workers";
    private static final Pattern OURS = Pattern.compile("holdfast-[0-9a-f]{16}");
    private static final int LONGEST_NOTE = 4096;
    private static final int SECONDS_TO_END = 10;

    /** What {@code worker/} holds. */
    static final List<String> FILES = List.of(
            "worker.py",
            "holdfast_worker/__init__.py",
            "holdfast_worker/context.py",
            "holdfast_worker/envelopes.py",
            "holdfast_worker/loader.py",
            "holdfast_worker/main.py",
            "holdfast_worker/metrics.py",
            "holdfast_worker/service.py",
            "holdfast_worker/wire.py",
            "ts/__init__.py",
            "ts/context.py",
            "ts/handler_utils/__init__.py",
            "ts/handler_utils/utils.py",
            "ts/metrics/__init__.py",
            "ts/metrics/dimension.py",
            "ts/metrics/metric_type_enum.py",
            "ts/protocol/__init__.py",
            "ts/protocol/otf_message_handler.py",
            "ts/utils/__init__.py",
            "ts/utils/util.py");

    private final Path logLocation;
    private final Path note;
    private final Path temporary;
    private @Nullable Path directory;

    WorkerDirectory(Path logLocation, Path temporary) {
        this.logLocation = logLocation;
        this.note = logLocation.resolve(NOTE);
        this.temporary = temporary.toAbsolutePath();
    }

    /** The directory; made when the first worker needs it. */
    synchronized Path get() throws IOException {
        if (directory == null) {
            Path made = temporary.resolve(
                    "holdfast-" + UUID.randomUUID().toString().replace("-", "").substring(0, 16));
            OwnFiles.createDirectory(made);
            // Before the first worker is there.
            OwnFiles.createDirectories(logLocation);
            OwnFiles.write(note, made.toString());
            for (String file : FILES) {
                copy(file, made.resolve("worker").resolve(file));
            }
            directory = made;
        }
        return directory;
    }

    private static void copy(String file, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        try (InputStream in = WorkerDirectory.class.getResourceAsStream("worker/" + file)) {
            if (in == null) {
                throw new IOException("The host lacks its file worker/" + file + "; install it again");
            }
            Files.copy(in, to);
        }
    }

    /** Ends what the workers of a host that was killed have left, and says so. */
    synchronized void clean() {
        Optional<Path> left = noted();
        if (left.isEmpty() || left.get().equals(directory)) {
            return;
        }
        try {
            long ended = end(argument -> argument.startsWith(left.get() + "/"));
            FileTrees.delete(left.get());
            Files.deleteIfExists(note);
            if (ended > 0) {
                log.warn(
                        "Ended {} of an earlier host, which was killed",
                        ended == 1 ? "a Python worker" : ended + " Python workers");
            }
        } catch (IOException e) {
            log.warn(
                    "What the Python workers of an earlier host left in {} cannot be removed: {}",
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

    /**
     * Ends every process of this user that has a certain argument on its command line, but for this one.
     *
     * @return how many there were
     */
    static long end(Predicate<String> argument) {
        List<ProcessHandle> left = ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(process -> process.info()
                        .arguments()
                        .filter(arguments -> Arrays.stream(arguments).anyMatch(argument))
                        .isPresent())
                .filter(ProcessHandle::destroyForcibly)
                .toList();
        for (ProcessHandle process : left) {
            try {
                process.onExit().orTimeout(SECONDS_TO_END, TimeUnit.SECONDS).join();
            } catch (RuntimeException e) {
                log.warn("Process {} does not end: {}", process.pid(), OneLine.of(e));
            }
        }
        return left.size();
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
            log.warn("The directory {} of Python workers cannot be removed: {}", directory, e.toString());
        }
    }
}
