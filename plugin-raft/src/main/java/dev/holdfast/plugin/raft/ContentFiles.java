package dev.holdfast.plugin.raft;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;

/**
 * The contents that the state refers to, a file for each.
 *
 * <p>A file is not durable when it is written: until the next snapshot the log has its content, and a peer that starts writes
 * it again. {@link #force} makes all of them durable, before a snapshot says that they are there.
 */
final class ContentFiles {

    private static final String DAMAGED = " is damaged: ";

    private final Path directory;
    private final Set<Path> notForced = new TreeSet<>();

    ContentFiles(Path directory) {
        this.directory = directory;
    }

    Path path(ContentFile file) {
        return directory.resolve(file.name());
    }

    ContentFile write(String name, byte[] content) throws IOException {
        Files.createDirectories(directory);
        ContentFile file = new ContentFile(name, content.length, md5(content));
        Path path = path(file);
        // A name that is there is of the start before; its content is the same, if it was written to the end.
        Path half = directory.resolve(name + ".half");
        Files.write(half, content);
        Files.move(half, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        notForced.add(path);
        return file;
    }

    /**
     * The content of a file.
     *
     * @throws NoSuchFileException if it is not there
     * @throws DamagedException if it is another one than was written
     */
    byte[] read(ContentFile file) throws IOException {
        byte[] content = Files.readAllBytes(path(file));
        if (content.length != file.length()) {
            throw new DamagedException(
                    path(file) + DAMAGED + "it has " + content.length + " bytes of " + file.length());
        }
        String found = md5(content);
        if (!found.equals(file.md5())) {
            throw new DamagedException(
                    path(file) + DAMAGED + "its MD5 is " + found + " where the state says " + file.md5());
        }
        return content;
    }

    /** @throws IOException if it is not there, or has another length */
    void require(ContentFile file) throws IOException {
        long size = Files.size(path(file));
        if (size != file.length()) {
            throw new DamagedException(path(file) + DAMAGED + "it has " + size + " bytes of " + file.length());
        }
    }

    void force() throws IOException {
        for (Path path : notForced) {
            if (Files.exists(path)) {
                Durable.force(path);
            }
        }
        if (!notForced.isEmpty()) {
            Durable.forceDirectory(directory);
        }
        notForced.clear();
    }

    /** Removes what is not to be kept. */
    void keepOnly(Set<String> names) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path path : all) {
                if (!names.contains(String.valueOf(path.getFileName()))) {
                    Files.deleteIfExists(path);
                    notForced.remove(path);
                }
            }
        }
    }

    static String md5(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has MD5", e);
        }
    }

    /** What is there is not what was written. */
    static final class DamagedException extends IOException {

        private static final long serialVersionUID = 1;

        DamagedException(String message) {
            super(message);
        }
    }

    /** Steps that are on the disk when they return. */
    static final class Durable {

        private Durable() {}

        static void force(Path file) throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }

        static void forceDirectory(Path directory) throws IOException {
            if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                // Windows opens no directory as a file, and makes entries durable itself.
                return;
            }
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
