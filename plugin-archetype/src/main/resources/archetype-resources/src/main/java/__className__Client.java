package ${package};

import dev.holdfast.sdk.StoreUnavailableException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * The calls of the store: here files in a directory, {@code <directory>/<group>/<place>.snapshot}.
 *
 * <p>Put the calls of your store's library in place of what the methods do, and keep what they promise. "Unless its
 * place is taken" is an insert with a primary key in a database, and a conditional put in most other stores. Give the
 * library connect and total time-outs: every call has to end. Several threads call at once.
 */
final class ${className}Client {

    private final Path base;
    private final Path directory;

    ${className}Client(Path base, String group) {
        this.base = base;
        this.directory = base.resolve(group);
    }

    /**
     * Puts a record, whole and durably, unless its place is taken.
     *
     * @return whether the record is there now, put by this call or by an earlier one whose answer was lost
     */
    boolean putIfAbsent(long place, byte[] record) {
        try {
            Path temporary = write(record);
            try {
                Files.createLink(file(place), temporary); // one step: never over a file that is there
            } catch (FileAlreadyExistsException e) {
                if (!Arrays.equals(Files.readAllBytes(file(place)), record)) {
                    return false;
                }
            } finally {
                Files.deleteIfExists(temporary);
            }
            force(directory);
            return true;
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    /** Puts a record over the one that is there, whole and durably. */
    void replace(long place, byte[] record) {
        try {
            Files.move(write(record), file(place), StandardCopyOption.ATOMIC_MOVE);
            force(directory);
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    /** A record; empty if, and only if, the store was asked and has none. */
    Optional<byte[]> get(long place) {
        try {
            return Optional.of(Files.readAllBytes(file(place)));
        } catch (NoSuchFileException e) {
            requireBase();
            return Optional.empty();
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    /** A record's first line without what follows; empty as {@link #get} is. Yours may be a column of its own. */
    Optional<String> firstLine(long place) {
        try (BufferedReader reader = Files.newBufferedReader(file(place), StandardCharsets.ISO_8859_1)) {
            String line = reader.readLine();
            return Optional.of(line == null ? "" : line);
        } catch (NoSuchFileException e) {
            requireBase();
            return Optional.empty();
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    /** Removes the group with its records, of which the last one is at this place. Nobody uses it any more. */
    void remove(long last) {
        try {
            for (long place = last; place > 0; place--) {
                Files.deleteIfExists(file(place));
            }
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            // What a crash has left, or others have put there, is not this store's to remove.
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    /** Nothing is open between two calls here. Close your library's connections. */
    void close() {}

    /** How an operator knows the store; part of messages, so without a password. */
    @Override
    public String toString() {
        return directory.toString();
    }

    private Path file(long place) {
        return directory.resolve(String.format(Locale.ROOT, "%019d.snapshot", place));
    }

    /** A directory that is gone is not an empty store. Mount a disk above it, so that it is gone when the disk is. */
    private void requireBase() {
        if (!Files.isDirectory(base)) {
            throw new StoreUnavailableException("Directory " + base + " is not there; make it, or mount its disk");
        }
    }

    private StoreUnavailableException unavailable(IOException e) {
        return new StoreUnavailableException("Store " + directory + " cannot be used: " + e, e);
    }

    /** A new file with these bytes on the disk. A crash may leave it behind, and nobody will look at it. */
    private Path write(byte[] record) throws IOException {
        requireBase();
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory);
        }
        force(base); // also where another process has made the group's directory a moment ago
        Path temporary = directory.resolve(UUID.randomUUID() + ".temporary");
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(record);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        return temporary;
    }

    /** Makes a directory's entries durable. */
    private static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory)) {
            channel.force(true);
        }
    }
}
