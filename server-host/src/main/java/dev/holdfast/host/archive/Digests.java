package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Iterator;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The SHA-256 of files and directories. A file's is kept until its size or its time of change differ, for models are
 * large and opened often.
 */
final class Digests {

    /** Enough for every model store that a person looks after; beyond it, computing again is the smaller evil. */
    private static final int MOST_KEPT = 10_000;

    private final Map<Path, Known> known = new ConcurrentHashMap<>();

    /** @param state when the file's content or its place on the disk changed last; no tool sets that back */
    private record Known(long size, FileTime changed, String state, String sha256) {}

    /** The SHA-256 of a file's content. */
    String ofFile(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        String state = state(file);
        Known earlier = known.get(file);
        if (earlier != null
                && earlier.size() == attributes.size()
                && earlier.changed().equals(attributes.lastModifiedTime())
                && earlier.state().equals(state)) {
            return earlier.sha256();
        }
        String sha256 = Sha256.of(file);
        if (known.size() >= MOST_KEPT) {
            known.clear();
        }
        known.put(file, new Known(attributes.size(), attributes.lastModifiedTime(), state, sha256));
        return sha256;
    }

    private static String state(Path file) throws IOException {
        return file.getFileSystem().supportedFileAttributeViews().contains("unix")
                ? Files.readAttributes(file, "unix:ctime,ino").toString()
                : "";
    }

    /**
     * The SHA-256 of a bare model: of its file or, if it keeps weights in others, of the list that {@code sha256sum} would
     * print for all of them, sorted by path.
     *
     * @param directory where the model's file is
     * @param data the files with the weights, beside the model's or below
     */
    String ofModel(Path directory, Path model, SortedSet<Path> data) throws IOException {
        if (data.isEmpty()) {
            return ofFile(model);
        }
        Map<String, Path> files = new TreeMap<>();
        for (Path file : data) {
            files.put(nameIn(directory, file), file);
        }
        files.put(nameIn(directory, model), model);
        return ofList(files);
    }

    private static String nameIn(Path directory, Path file) {
        return directory.relativize(file).toString().replace('\\', '/');
    }

    /**
     * The SHA-256 of the list that {@code sha256sum} would print for the files of a directory, sorted by path: a line for
     * each, with its SHA-256, two spaces and its path relative to the directory.
     *
     * @param name the archive's name, for messages
     * @throws ArchiveException if there are too many files, or a link in it leads out of it
     */
    String ofDirectory(Path directory, ArchiveLimits limits, String name) throws IOException {
        Path root = directory.toRealPath();
        Map<String, Path> files = new TreeMap<>();
        int entries = 0;
        try (Stream<Path> tree = Files.walk(root)) {
            for (Iterator<Path> i = tree.iterator(); i.hasNext(); ) {
                Path path = i.next();
                if (++entries > limits.entries()) {
                    throw new ArchiveException(
                            Reason.TOO_BIG, "Archive " + name + " has more than " + limits.entries() + " entries");
                }
                requireInside(root, path, name);
                if (Files.isRegularFile(path)) {
                    files.put(nameIn(root, path), path);
                }
            }
        }
        return ofList(files);
    }

    private String ofList(Map<String, Path> files) throws IOException {
        StringBuilder list = new StringBuilder();
        for (Map.Entry<String, Path> file : files.entrySet()) {
            list.append(ofFile(file.getValue()))
                    .append("  ")
                    .append(file.getKey())
                    .append('\n');
        }
        return Sha256.of(list.toString());
    }

    private static void requireInside(Path root, Path path, String name) throws IOException {
        if (!Files.isSymbolicLink(path)) {
            if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new ArchiveException("Archive " + name + " holds '"
                        + OneLine.name(root.relativize(path).toString())
                        + "', which is neither a file nor a directory");
            }
            return;
        }
        if (!Files.exists(path) || !path.toRealPath().startsWith(root)) {
            throw new ArchiveException(
                    Reason.NOT_ALLOWED,
                    "Archive " + name + " holds the link '"
                            + OneLine.name(root.relativize(path).toString()) + "', which leads out of it");
        }
    }
}
