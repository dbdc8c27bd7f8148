package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The archives of a model store as files, on their way to other hosts and back. Safe for several threads.
 *
 * <p>An archive is one file, the files of a directory, or a bare model with the files beside it that hold its weights.
 */
public final class ArchiveFiles {

    private static final int BUFFER = 256 * 1024;

    private final Path store;
    private final FetchedFiles fetched;
    private final Digests digests;
    private final ArchiveLimits limits;

    ArchiveFiles(Path store, FetchedFiles fetched, Digests digests, ArchiveLimits limits) {
        this.store = store;
        this.fetched = fetched;
        this.digests = digests;
        this.limits = limits;
    }

    /** Where the content of an archive's files comes from. */
    public interface Source {

        /** @param path one of those that were given */
        InputStream open(String path) throws IOException;
    }

    /** Whether something has the archive's name. */
    public boolean has(String fileName) {
        return Files.exists(store.resolve(fileName), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * The files of an archive, by their paths below the model store, with slashes between.
     *
     * @throws ArchiveException if there are too many, or a path is none that every host can have
     * @throws IOException if they cannot be read
     */
    public SortedMap<String, Path> of(String fileName) throws IOException {
        return of(store, fileName);
    }

    private SortedMap<String, Path> of(Path root, String fileName) throws IOException {
        Path real = root.resolve(fileName).toRealPath();
        SortedMap<String, Path> files = new TreeMap<>();
        if (Files.isDirectory(real)) {
            try (Stream<Path> tree = Files.walk(real)) {
                for (Iterator<Path> i = tree.iterator(); i.hasNext(); ) {
                    Path path = i.next();
                    if (Files.isRegularFile(path)) {
                        files.put(
                                fileName + "/"
                                        + real.relativize(path).toString().replace('\\', '/'),
                                path);
                    }
                }
            }
        } else {
            files.put(fileName, real);
            if (isBare(fileName)) {
                Path directory = real.resolveSibling(".").normalize();
                for (Path data : ExternalData.of(real)) {
                    files.put(directory.relativize(data).toString().replace('\\', '/'), data);
                }
            }
        }
        requireFew(fileName, files.size());
        files.keySet().forEach(path -> requireSafe(fileName, path));
        return files;
    }

    /**
     * The SHA-256 that {@link Archive#sha256} gives of the archive as it is now.
     *
     * @throws IOException if it cannot be read
     */
    public String sha256(String fileName) throws IOException {
        return sha256(store, fileName);
    }

    private String sha256(Path root, String fileName) throws IOException {
        Path real = root.resolve(fileName).toRealPath();
        if (Files.isDirectory(real)) {
            return digests.ofDirectory(real, limits, fileName);
        }
        return isBare(fileName)
                ? digests.ofModel(real.resolveSibling(".").normalize(), real, ExternalData.of(real))
                : digests.ofFile(real);
    }

    private static boolean isBare(String fileName) {
        return fileName.toLowerCase(Locale.ROOT).endsWith(".onnx");
    }

    /**
     * Puts an archive into the model store: whole, with the content that it is to have, or not at all. Nothing that is there is
     * replaced. When this returns, it is on the disk.
     *
     * @param sha256 what {@link Archive#sha256} gives of it
     * @param paths its files, as {@link #of} gives them
     * @throws ArchiveException if the content is another one, a path leads elsewhere, or another file has the name of one of
     *     them
     * @throws IOException if the disk fails
     */
    public void bring(String fileName, String sha256, List<String> paths, Source source) throws IOException {
        requireFew(fileName, paths.size());
        paths.forEach(path -> requireSafe(fileName, path));
        Path staged = fetched.part();
        try {
            OwnFiles.createDirectory(staged);
            for (String path : paths) {
                Path file = staged.resolve(path);
                OwnFiles.createParent(file);
                try (InputStream in = source.open(path)) {
                    write(in, file);
                }
            }
            requireIs(staged, fileName, sha256);
            place(staged, fileName, paths);
        } catch (NoSuchFileException e) {
            throw new ArchiveException(
                    Reason.FAILED,
                    "Archive " + fileName + " cannot be written to the model store " + store + ": " + e,
                    e);
        } finally {
            FileTrees.delete(staged);
        }
    }

    private static void write(InputStream in, Path file) throws IOException {
        try (FileChannel channel = OwnFiles.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (byte[] some = in.readNBytes(BUFFER); some.length > 0; some = in.readNBytes(BUFFER)) {
                OwnFiles.writeAll(channel, some);
            }
            channel.force(true);
        }
    }

    private void requireIs(Path root, String fileName, String sha256) throws IOException {
        String found = sha256(root, fileName);
        // Once the file alone was counted, also where weights lie beside it.
        boolean isEarlier =
                isBare(fileName) && digests.ofFile(root.resolve(fileName)).equals(sha256);
        if (!found.equals(sha256) && !isEarlier) {
            throw new ArchiveException("Archive " + fileName + " has the SHA-256 " + found + ", and " + sha256
                    + " is what was registered");
        }
    }

    /** A file alone is marked as fetched, so that it goes when nothing uses it any more. */
    private void place(Path staged, String fileName, List<String> paths) throws IOException {
        Path archive = staged.resolve(fileName);
        if (Files.isDirectory(archive)) {
            fetched.placeUnmarked(archive, fileName);
        } else if (paths.size() == 1) {
            fetched.place(archive, fileName);
        } else {
            for (String path : paths) {
                if (!path.equals(fileName)) {
                    placeBeside(staged.resolve(path), fileName, path);
                }
            }
            // Last: without what it needs nobody takes it for an archive.
            placeBeside(archive, fileName, fileName);
        }
    }

    private void placeBeside(Path file, String fileName, String path) throws IOException {
        Path there = store.resolve(path);
        if (!Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
            OwnFiles.createParent(there);
            try {
                fetched.placeUnmarked(file, path);
                return;
            } catch (FileAlreadyExistsException e) {
                // Brought meanwhile for another model.
            }
        }
        if (!Files.isRegularFile(there) || !digests.ofFile(there).equals(digests.ofFile(file))) {
            throw new ArchiveException(
                    Reason.ALREADY_EXISTS,
                    "Archive " + fileName + " needs the file " + path + ", and the model store " + store
                            + " has another one of that name; move it away");
        }
    }

    private void requireFew(String fileName, int files) {
        if (files < 1 || files > limits.entries()) {
            throw new ArchiveException(
                    Reason.TOO_BIG,
                    "Archive " + OneLine.name(fileName) + " must have 1 to " + limits.entries() + " files, not "
                            + files);
        }
    }

    /** What comes from a store may have been written by anybody. */
    private static void requireSafe(String fileName, String path) {
        String top = ArchivePaths.components(fileName, path)[0];
        boolean own = path.equals(fileName) || path.startsWith(fileName + "/");
        if (!ModelNames.isSafe(fileName)
                || fileName.startsWith(".")
                || top.startsWith(".")
                || !(own || isBare(fileName))) {
            throw new ArchiveException(
                    Reason.NOT_ALLOWED,
                    "Archive " + OneLine.name(fileName) + " cannot have a file " + OneLine.name(path)
                            + " of the model store");
        }
    }
}
