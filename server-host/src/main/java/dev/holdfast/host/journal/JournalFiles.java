package dev.holdfast.host.journal;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;

/**
 * The file operations of the journal. Directories are of mode 0700, files of 0600.
 *
 * @param temps where files are written before they get their names, in the same file system
 */
record JournalFiles(Path temps, Steps steps) {

    private static final OpenOption[] NEW = {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};

    enum Step {
        MAKE_DIRECTORY,
        WRITE,
        FORCE,
        MOVE,
        LINK,
        DELETE,
        FORCE_DIRECTORY
    }

    /** Called before each operation; may let it fail. */
    interface Steps {
        void before(Step step, Path file) throws IOException;
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

    /** Puts a whole file under a name. Its content is durable when this returns, its name only after {@link #force}. */
    void write(Path file, byte[] bytes) throws IOException {
        Path temp = temps.resolve(UUID.randomUUID().toString());
        try {
            steps.before(Step.WRITE, temp);
            try (FileChannel channel = OwnFiles.open(temp, NEW)) {
                OwnFiles.writeAll(channel, bytes);
                steps.before(Step.FORCE, temp);
                channel.force(true);
            }
            move(temp, file);
        } catch (IOException e) {
            deleteAfter(e, temp);
            throw e;
        }
    }

    /** For a file that the loss of power may destroy. */
    void writeQuickly(Path file, byte[] bytes) throws IOException {
        steps.before(Step.WRITE, file);
        try (FileChannel channel = OwnFiles.open(file, NEW)) {
            OwnFiles.writeAll(channel, bytes);
        }
    }

    /** Replaces what has the name. */
    void move(Path from, Path to) throws IOException {
        steps.before(Step.MOVE, to);
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** A second name of a file; fails where the name is in use, or links are not possible. */
    void link(Path existing, Path file) throws IOException {
        steps.before(Step.LINK, file);
        try {
            Files.createLink(file, existing);
        } catch (UnsupportedOperationException e) {
            throw new IOException("There are no hard links in " + file.getParent(), e);
        }
    }

    /** A link where one can be made, else a copy. */
    void linkOrCopy(Path existing, Path file) throws IOException {
        try {
            link(existing, file);
        } catch (IOException e) {
            write(file, Files.readAllBytes(existing));
        }
    }

    /** Whether it was there; a directory must be empty. */
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

    /** Makes the names in a directory durable; opens it each time, as a second fsync of a descriptor reports no failure. */
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

    /** @throws IOException if nothing can be written here */
    void requireWritable() throws IOException {
        Path probe = temps.resolve("probe");
        write(probe, new byte[1]);
        delete(probe);
    }

    /** Removes what a process left that died while it wrote. */
    void clearTemps() throws IOException {
        for (Path leftover : children(temps)) {
            if (Files.isRegularFile(leftover, LinkOption.NOFOLLOW_LINKS)) {
                delete(leftover);
            }
        }
    }

    /** What a directory holds, in the order of the names; nothing if it is not there. */
    static List<Path> children(Path directory) throws IOException {
        List<Path> children = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            all.forEach(children::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(children);
        return children;
    }

    /** The bytes that a file takes for the journal: none if it has another name too. */
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
