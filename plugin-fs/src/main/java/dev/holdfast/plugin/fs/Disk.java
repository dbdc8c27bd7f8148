package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.ConfigurationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/** The few durable steps of which a save is made; each is shown by a test to be needed. */
final class Disk {

    private static final Set<OpenOption> NEW =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    private static final Set<OpenOption> IN_PLACE =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

    /** Up to this length reading a file again, from memory as a rule, costs less than a tenth of making it durable. */
    private static final int READ_WHOLE = 1 << 20;

    private static final int END = 4096;

    private Disk() {}

    /** A new file of mode 0600, on the disk when this returns; nothing is left of it after a failure. */
    static void writeDurably(Path file, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, NEW, mode(file, "rw-------"))) {
            write(channel, bytes, 0);
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (IOException e) {
            deleteAfter(e, file);
            throw e;
        }
    }

    /** Writes into a file of mode 0600 without waiting for the disk: for what may be lost. */
    static void writeInPlace(Path file, byte[] bytes, long position) throws IOException {
        try (FileChannel channel = FileChannel.open(file, IN_PLACE, mode(file, "rw-------"))) {
            write(channel, bytes, position);
        }
    }

    private static void write(FileChannel channel, byte[] bytes, long position) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer, position + buffer.position());
        }
    }

    static void deleteAfter(IOException failure, Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Makes the entries of a directory durable. After a failure the directory must be opened anew, as each call does: a
     * second fsync of the same descriptor would report success.
     */
    static void forceDirectory(Path directory) throws IOException {
        if (!posix(directory)) {
            // Windows opens no directory as a file, and makes entries durable itself.
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Looks at a file that is said to be on the disk: all of it, or of a large one its length and end. XFS, for one, answers
     * the fsync of a directory with success after it has shut itself down and thrown the entry away.
     *
     * @throws IOException if it is not there, or is not what was written
     */
    static void requireThere(Path file, byte[] written) throws IOException {
        int length = written.length <= READ_WHOLE ? written.length : END;
        int from = written.length - length;
        long size;
        ByteBuffer found = ByteBuffer.allocate(length);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            size = channel.size();
            while (found.hasRemaining() && channel.read(found, from + found.position()) >= 0) {
                // One read may give less than was asked for.
            }
        } catch (NoSuchFileException e) {
            throw new IOException(
                    file + " is not there, though the fsync of its directory said that it is: check the disk", e);
        }
        if (size != written.length || !found.flip().equals(ByteBuffer.wrap(written, from, length))) {
            throw new IOException(file + " is not what was written (it has " + size + " bytes of " + written.length
                    + "), though its fsync said that it is: check the disk");
        }
    }

    /** Makes a directory and the missing ones above it, mode 0700, each durable in its parent. */
    static void makeDirectories(Path directory) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path path = directory; path != null && !Files.exists(path); path = path.getParent()) {
            missing.push(path);
        }
        for (Path path : missing) {
            makeDirectory(path);
            Path parent = path.toAbsolutePath().getParent();
            if (parent != null) {
                forceDirectory(parent);
            }
        }
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
    }

    /** Makes one directory, mode 0700, unless it is there; a link or a file in its place is refused. */
    static void makeDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, mode(directory, "rwx------"));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                throw new NotDirectoryException(directory.toString());
            }
        }
    }

    /**
     * Requires that not everyone may write in a directory: what lies there would be anybody's.
     *
     * @throws ConfigurationException if everyone may
     */
    static void requireOwn(Path directory) {
        try {
            if (posix(directory)
                    && Files.getPosixFilePermissions(directory).contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new ConfigurationException(
                        "The directory of the snapshots " + directory
                                + " may be written by everyone, who could put snapshots and links there; chmod o-w "
                                + directory
                                + ", or name a directory in it with snapshot.fs.directory, which is then made for this host alone");
            }
        } catch (IOException e) {
            // Not there yet, or not to be read: then the first look at the snapshots says so.
            return;
        }
    }

    private static FileAttribute<?>[] mode(Path path, String permissions) {
        return posix(path)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean posix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
