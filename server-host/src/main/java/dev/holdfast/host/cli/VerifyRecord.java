package dev.holdfast.host.cli;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The scratch groups of one verification, in a file of the log location, for the case that it is killed.
 *
 * <pre>
 *   verify/&lt;serializer&gt;.&lt;run&gt;   one name of a group a line, written before the group is opened; removed when all are empty
 * </pre>
 *
 * <p>The lock of the file, which ends with the process, says that the run still goes on.
 */
final class VerifyRecord implements AutoCloseable {

    private final Path file;
    private final FileChannel channel;

    private VerifyRecord(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Of a run that begins. */
    static VerifyRecord begin(Path logLocation, String serializer, String run) throws IOException {
        Path file = directory(logLocation).resolve(serializer + "." + run);
        OwnFiles.createParent(file);
        return locked(file, StandardOpenOption.CREATE_NEW)
                .orElseThrow(() -> new IOException("The file " + file + " is in use"));
    }

    /** Those of runs that have ended and left groups. */
    static List<VerifyRecord> left(Path logLocation, String serializer) throws IOException {
        List<VerifyRecord> left = new ArrayList<>();
        if (!Files.isDirectory(directory(logLocation))) {
            return left;
        }
        try (Stream<Path> all = Files.list(directory(logLocation))) {
            for (Path file : all.sorted().toList()) {
                if (String.valueOf(file.getFileName()).startsWith(serializer + ".")) {
                    locked(file).ifPresent(left::add);
                }
            }
        }
        return left;
    }

    private static Path directory(Path logLocation) {
        return logLocation.resolve("verify");
    }

    /** Empty while another process has it. */
    private static Optional<VerifyRecord> locked(Path file, StandardOpenOption... more) throws IOException {
        List<StandardOpenOption> options = new ArrayList<>(List.of(more));
        options.add(StandardOpenOption.WRITE);
        options.add(StandardOpenOption.READ);
        FileChannel channel = OwnFiles.open(file, options.toArray(StandardOpenOption[]::new));
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // A run of this very process.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock == null ? Optional.empty() : Optional.of(new VerifyRecord(file, channel));
    }

    /** Writes a group down. */
    void add(String group) {
        try {
            OwnFiles.writeAll(channel, (group + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("The scratch group cannot be written into " + file + ": " + e, e);
        }
    }

    List<String> groups() throws IOException {
        return Files.readString(file).lines().filter(line -> !line.isEmpty()).toList();
    }

    /** Keeps those that are not empty, and goes where there are none. */
    void keep(Collection<String> groups) throws IOException {
        if (groups.isEmpty()) {
            Files.deleteIfExists(file);
            return;
        }
        channel.truncate(0);
        channel.position(0);
        groups.forEach(this::add);
    }

    @Override
    public String toString() {
        return file.toString();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("The file " + file + " cannot be closed", e);
        }
    }
}
