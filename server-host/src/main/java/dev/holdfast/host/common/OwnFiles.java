package dev.holdfast.host.common;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens and creates the host's own files and directories: those below its log location, and the notes of its user's hosts.
 *
 * <ul>
 *   <li>A file is a file: where a link, a pipe or a device lies in its place it is neither followed nor opened.
 *   <li>What is made is its owner's alone, 0600 and 0700, whatever the umask is.
 *   <li>A directory that everyone may write is not used: what lies there may be anybody's.
 * </ul>
 *
 * <p>What it does not do: it looks at the last name of a path alone, because those before it are the operator's choice. Where the
 * file system has no modes and owners there is nothing to ask.
 */
public final class OwnFiles {

    private OwnFiles() {}

    /**
     * Opens a file; one that is made is of mode 0600.
     *
     * @throws UnsafePlaceException if something else than a file has its name
     */
    public static FileChannel open(Path file, OpenOption... options) throws IOException {
        requireFile(file);
        Set<OpenOption> all = new HashSet<>(List.of(options));
        all.add(LinkOption.NOFOLLOW_LINKS);
        return FileChannel.open(file, all, mode(file, "rw-------"));
    }

    /**
     * Makes an empty file of mode 0600, unless there is one: for what is then opened by code that knows of neither links nor
     * modes.
     *
     * @throws UnsafePlaceException if something else than a file has its name
     */
    public static void create(Path file) throws IOException {
        open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
    }

    /** Replaces a file, or whatever has its name; others see it whole or not at all. It is of mode 0600. */
    public static void write(Path file, String text) throws IOException {
        write(file, text, "rw-------");
    }

    /** The same for a file that everyone may read. */
    public static void writeForAll(Path file, String text) throws IOException {
        write(file, text, "rw-r--r--");
    }

    private static void write(Path file, String text, String permissions) throws IOException {
        Path temporary = file.resolveSibling(
                file.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        Files.deleteIfExists(temporary);
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    mode(temporary, permissions))) {
                writeAll(channel, text.getBytes(StandardCharsets.UTF_8));
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Writes at the channel's place; a channel may take a part alone of what it is given. */
    public static void writeAll(FileChannel channel, byte[] bytes) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            channel.write(left);
        }
    }

    /** Makes a directory and those above it that are missing, of mode 0700; one that is there stays as it is. */
    public static void createDirectories(Path directory) throws IOException {
        // The JDK's own refuses a link to a directory, which the operator may have named.
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, mode(directory, "rwx------"));
        }
    }

    /** Makes the directory in which a file lies, as {@link #createDirectories} does. */
    public static void createParent(Path file) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
            createDirectories(parent);
        }
    }

    /** Makes one directory, of mode 0700. */
    public static void createDirectory(Path directory) throws IOException {
        Files.createDirectory(directory, mode(directory, "rwx------"));
    }

    /**
     * Requires that nobody but the directory's owner and its group may write there; one that is not there is no matter.
     *
     * @param cure what to do instead, for the message
     * @throws UnsafePlaceException if everyone may
     */
    public static void requireOwn(Path directory, String cure) throws IOException {
        Optional<PosixFileAttributes> found = attributes(directory);
        if (found.isPresent() && found.get().permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new UnsafePlaceException(directory + " may be written by everyone (its mode is "
                    + PosixFilePermissions.toString(found.get().permissions())
                    + "), who could put files and links there; chmod o-w " + directory + ", or " + cure);
        }
    }

    /**
     * Requires that a name leads to a directory of its own, and not over a link; a name that is not there is no matter.
     *
     * @param cure what to do instead, for the message
     * @throws UnsafePlaceException if it is a link
     */
    public static void requireNoLink(Path directory, String cure) throws UnsafePlaceException {
        if (Files.isSymbolicLink(directory)) {
            throw new UnsafePlaceException(directory + " is a link, which is not followed; " + cure);
        }
    }

    /** Who else than this process's user may write in a directory, as the end of a sentence; empty if nobody or not to be told. */
    public static Optional<String> othersWhoMayWrite(Path directory) throws IOException {
        Optional<PosixFileAttributes> found = attributes(directory);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        List<String> others = new ArrayList<>();
        if (!isMine(directory)) {
            others.add("user " + found.get().owner().getName() + ", to whom it belongs");
        }
        if (found.get().permissions().contains(PosixFilePermission.GROUP_WRITE)) {
            others.add("group " + found.get().group().getName());
        }
        return others.isEmpty() ? Optional.empty() : Optional.of(String.join(", and ", others));
    }

    /** Takes everyone's rights to a file but its owner's, for what another program made. */
    public static void makePrivate(Path file) throws IOException {
        if (hasModes(file)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
    }

    /**
     * Requires that a file with a secret cannot be read by everyone.
     *
     * @return a warning for the log where everyone can read it and it belongs to another user, as where Kubernetes mounts it;
     *     empty if all is well
     * @throws UnsafePlaceException if it can, and belongs to this process's user
     */
    public static Optional<String> requireSecret(Path file) throws IOException {
        Optional<PosixFileAttributes> found = attributes(file);
        if (found.isEmpty() || !found.get().permissions().contains(PosixFilePermission.OTHERS_READ)) {
            return Optional.empty();
        }
        String mode = PosixFilePermissions.toString(found.get().permissions());
        if (isMine(file)) {
            throw new UnsafePlaceException(file + " holds a secret and can be read by everyone (its mode is " + mode
                    + "); chmod o-r " + file + ", or mode 0400 where Docker or Kubernetes make the file of a secret");
        }
        return Optional.of(file + " belongs to user " + found.get().owner().getName()
                + " and can be read by everyone; its mode is " + mode);
    }

    /** Whether a user wrote the file, and no other could have. */
    public static boolean isOf(String user, Path file) throws IOException {
        Optional<PosixFileAttributes> found = attributes(file, LinkOption.NOFOLLOW_LINKS);
        return found.isPresent()
                && found.get().isRegularFile()
                && found.get().owner().getName().equals(user)
                && !found.get().permissions().contains(PosixFilePermission.GROUP_WRITE)
                && !found.get().permissions().contains(PosixFilePermission.OTHERS_WRITE);
    }

    private static void requireFile(Path file) throws IOException {
        try {
            var found = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (found.isSymbolicLink()) {
                throw new UnsafePlaceException(file + " is a link, which is not followed; remove it");
            }
            if (!found.isRegularFile()) {
                throw new UnsafePlaceException(
                        file + " is " + (found.isDirectory() ? "a directory" : "a pipe or device")
                                + ", where a file must be; remove it");
            }
        } catch (NoSuchFileException e) {
            // Then it is made, or what is to open it says that it is not there.
            return;
        }
    }

    /** Whether a file is of this process's user. */
    public static boolean isMine(Path file) throws IOException {
        Path self = Path.of("/proc/self");
        return Files.exists(self)
                ? Files.getAttribute(file, "unix:uid").equals(Files.getAttribute(self, "unix:uid"))
                : Files.getOwner(file).getName().equals(System.getProperty("user.name"));
    }

    private static Optional<PosixFileAttributes> attributes(Path file, LinkOption... options) throws IOException {
        if (!hasModes(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readAttributes(file, PosixFileAttributes.class, options));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static FileAttribute<?>[] mode(Path path, String permissions) {
        return hasModes(path)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean hasModes(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
