package dev.holdfast.host.rpc;

import dev.holdfast.host.runtime.InvalidInputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Model files in a directory, {@code <ip>_<port>_<type>_<id>.jubatus}. A file is written beside its place and put there when
 * it is whole and durable: whoever reads it, or saves under the same id meanwhile, never sees a part of one.
 *
 * @param server the {@code <ip>_<port>} of file names, and of answers
 */
record ModelDirectory(Path directory, String server) {

    private static final Logger log = LoggerFactory.getLogger(ModelDirectory.class);
    private static final int LONGEST_ID = 200;
    private static final String UNFINISHED = ".unfinished";
    private static final Duration OLD = Duration.ofHours(1);

    /** Reads or writes an open file. */
    interface Access {
        void to(FileChannel file) throws IOException;
    }

    /**
     * The file of an id.
     *
     * @throws InvalidInputException if the id is none
     */
    Path file(String type, String id) {
        if (id.isEmpty()) {
            throw new InvalidInputException("empty id is not allowed");
        }
        if (id.charAt(0) == '.' || id.chars().anyMatch(c -> c < 0x20 || c > 0x7e || c == '/')) {
            throw new InvalidInputException("model ID contains invalid character");
        }
        if (id.length() > LONGEST_ID) {
            throw new InvalidInputException(
                    "model ID has " + id.length() + " characters; it must have " + LONGEST_ID + " or fewer");
        }
        return directory.resolve(server + "_" + type + "_" + id + ".jubatus");
    }

    /** Writes a file; when this returns it is durable. After an exception what was there before is there still. */
    void save(Path file, Access writer) throws IOException {
        Path unfinished = file.resolveSibling("." + server + "_" + UUID.randomUUID() + UNFINISHED);
        try {
            try (FileChannel channel = FileChannel.open(
                    unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                writer.to(channel);
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel entries = FileChannel.open(directory)) {
                entries.force(true);
            }
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** Reads a file as it is when it is opened, whoever replaces it meanwhile. */
    static void load(Path file, Access reader) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(file);
        } catch (NoSuchFileException | java.nio.file.AccessDeniedException e) {
            throw new InvalidInputException("cannot open input file", e);
        }
        try (channel) {
            reader.to(channel);
        }
    }

    /** Removes what processes that were killed had begun to write: of this server, and of others where it is old. */
    void clean() {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, ".*" + UNFINISHED)) {
            Instant old = Instant.now().minus(OLD);
            for (Path file : left) {
                boolean own = file.getFileName().toString().startsWith("." + server + "_");
                if (own || Files.getLastModifiedTime(file).toInstant().isBefore(old)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            log.warn("What was left of unfinished saves in {} could not be removed: {}", directory, e.toString());
        }
    }
}
