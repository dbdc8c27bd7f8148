package dev.holdfast.host.journal;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** The few steps on the disk of which the journal is made. Directories are of mode 0700, files of 0600. */
final class JournalFiles {

    private static final OpenOption[] NEW = {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};

    private final Path temps;
    private final Steps steps;

    /** What can be done to a file. */
    enum Step {
        MAKE_DIRECTORY,
        WRITE,
        FORCE,
        MOVE,
        LINK,
        DELETE,
        FORCE_DIRECTORY
    }

    /** Is told of each step before it is done, and may let it fail. */
    interface Steps {
        void before(Step step, Path file) throws IOException;
    }

    /** @param temps where files are written before they get their names, in the same file system */
    JournalFiles(Path temps, Steps steps) {
        this.temps = temps;
        this.steps = steps;
    }

    /** Makes a directory and those above it that are missing, each durable in its parent. */
    void makeDirectories(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            makeDirectories(parent);
        }
        steps.before(Step.MAKE_DIRECTORY, directory);
        try {
            OwnFiles.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            throw new NotDirectoryException(directory.toString());
        }
        if (parent != null) {
            force(parent);
        }
    }

    /** Puts a whole file under a name, whose content is on the disk when this returns; its name not before {@link #force}. */
    void write(Path file, byte[] bytes) throws IOException {
        Path temp = temps.resolve(UUID.randomUUID().toString());
        try {
            steps.before(Step.WRITE, temp);
            try (FileChannel channel = OwnFiles.open(temp, NEW)) {
                write(channel, bytes);
                steps.before(Step.FORCE, temp);
                channel.force(true);
            }
            move(temp, file);
        } catch (IOException e) {
            deleteAfter(e, temp);
            throw e;
        }
    }

    private static void write(FileChannel channel, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** A file that may be lost, or torn, with the power. */
    void writeQuickly(Path file, byte[] bytes) throws IOException {
        steps.before(Step.WRITE, file);
        try (FileChannel channel = OwnFiles.open(file, NEW)) {
            write(channel, bytes);
        }
    }

    /** Replaces what has the name. */
    void move(Path from, Path to) throws IOException {
        steps.before(Step.MOVE, to);
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** A second name of a file; fails where the name is taken, or the file system or its owner forbids it. */
    void link(Path existing, Path file) throws IOException {
        steps.before(Step.LINK, file);
        try {
            Files.createLink(file, existing);
        } catch (UnsupportedOperationException e) {
            throw new IOException("There are no hard links in " + file.getParent(), e);
        }
    }

    /** The same where links can be made, else a file of its own. */
    void linkOrCopy(Path existing, Path file) throws IOException {
        try {
            link(existing, file);
        } catch (IOException e) {
            write(file, Files.readAllBytes(existing));
        }
    }

    /** Whether it was there; a directory is removed if it is empty. */
    boolean delete(Path file) throws IOException {
        steps.before(Step.DELETE, file);
        return Files.deleteIfExists(file);
    }

    void deleteAfter(IOException failure, Path file) {
        try {
            delete(file);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Makes the names in a directory durable; opened anew each time, for a second fsync of a descriptor tells no failure. */
    void force(Path directory) throws IOException {
        if (!posix(directory)) {
            // Windows opens no directory as a file, and makes its entries durable itself.
            return;
        }
        steps.before(Step.FORCE_DIRECTORY, directory);
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Writes and removes a byte.
     *
     * @throws IOException if nothing can be written here, for another reason than a full disk
     */
    void requireWritable() throws IOException {
        Path probe = temps.resolve("probe");
        try {
            write(probe, new byte[1]);
            delete(probe);
        } catch (IOException e) {
            if (!meansFull(e)) {
                throw e;
            }
        }
    }

    /** What a process left that died while it wrote. */
    void clearTemps() throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(temps)) {
            for (Path leftover : leftovers) {
                if (Files.isRegularFile(leftover, LinkOption.NOFOLLOW_LINKS)) {
                    delete(leftover);
                }
            }
        }
    }

    /** The bytes that a file takes for the journal: none if another name leads to it too. */
    static long ownBytes(Path file) throws IOException {
        try {
            boolean shared = file.getFileSystem().supportedFileAttributeViews().contains("unix")
                    && (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS) > 1;
            return shared ? 0 : Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** Whether a failure means that the disk has no room. */
    static boolean meansFull(IOException failure) {
        String text = String.valueOf(failure.getMessage());
        return text.contains("No space left") || text.contains("quota") || text.contains("File too large");
    }

    private static boolean posix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
