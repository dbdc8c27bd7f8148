package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.common.FileTrees;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archives in a model store that this host fetched, as against those that the operator put there.
 *
 * <pre>
 *   .fetch-UUID.part    being fetched; a directory, where several files may belong together
 *   x.mar               fetched, whole
 *   .x.mar.fetched      says so: the SHA-256 of what was fetched
 *   .x.mar.damaged      was fetched, could not be read later, and gave way to another fetch
 * </pre>
 *
 * <p>The mark is written before the file appears, so that a host that dies in between never takes a fetched file for the
 * operator's. It holds the digest, so that a file which the operator has replaced since is never taken for a fetched one.
 */
final class FetchedFiles {

    private static final Logger LOG = LoggerFactory.getLogger(FetchedFiles.class);
    private static final Pattern PART = Pattern.compile("\\.fetch-[0-9a-f-]{36}\\.part");

    /** What brings a file's content, or a directory's entries, to the disk before it returns. */
    @FunctionalInterface
    interface Force {
        void force(Path path) throws IOException;
    }

    private final Path store;
    private final Digests digests;
    private final Force disk;

    FetchedFiles(Path store, Digests digests) {
        this(store, digests, FetchedFiles::force);
    }

    FetchedFiles(Path store, Digests digests, Force disk) {
        this.store = store;
        this.digests = digests;
        this.disk = disk;
    }

    /** The name of a file to fetch into; the store does not show it. */
    Path part() {
        return store.resolve(".fetch-" + UUID.randomUUID() + ".part");
    }

    /** Refuses a name that is taken. */
    void requireFree(String fileName) {
        if (Files.exists(store.resolve(fileName), LinkOption.NOFOLLOW_LINKS)) {
            throw taken(fileName);
        }
    }

    /**
     * Puts a fetched file into the store under its name, whole or not at all, and never in place of another. When this
     * returns, the file is on the disk: a snapshot that names it is about to be, and must not outlive it.
     */
    synchronized void place(Path part, String fileName) throws IOException {
        requireFree(fileName);
        disk.force(part);
        writeMark(fileName, digests.ofFile(part));
        try {
            link(part, fileName);
        } catch (FileAlreadyExistsException e) {
            throw taken(fileName);
        }
        disk.force(store);
        LOG.info("Fetched {} into the model store {}", fileName, store);
    }

    /**
     * The same for a directory, or a file that belongs to an archive of several: {@link #forget} leaves it alone. Its files are
     * on the disk already.
     *
     * @param path below the store
     * @throws FileAlreadyExistsException if something has that name
     */
    synchronized void placeUnmarked(Path part, String path) throws IOException {
        Path target = store.resolve(path);
        if (Files.isDirectory(part)) {
            // A rename would take the place of an empty directory.
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            forceTree(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } else {
            link(part, path);
        }
        disk.force(Optional.ofNullable(target.getParent()).orElse(store));
        LOG.info("Fetched {} into the model store {}", path, store);
    }

    private void forceTree(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path some : tree.filter(Files::isDirectory).toList()) {
                disk.force(some);
            }
        }
    }

    private void link(Path part, String path) throws IOException {
        Path target = store.resolve(path);
        try {
            Files.createLink(target, part);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | IOException e) {
            LOG.debug("Moving {} into place, for the file system has no hard links", path, e);
            Files.move(part, target);
        }
    }

    private void writeMark(String fileName, String sha256) throws IOException {
        Path part = part();
        try {
            Files.writeString(part, sha256, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            disk.force(part);
            Files.move(part, mark(fileName), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
        disk.force(store);
    }

    private static void force(Path path) throws IOException {
        boolean directory = Files.isDirectory(path);
        if (directory && !path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            // Windows opens no directory as a file, and makes entries durable itself.
            return;
        }
        // Windows forces only what is open for writing.
        try (FileChannel channel =
                FileChannel.open(path, directory ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** Removes a file that was fetched; leaves every other one alone. */
    synchronized void forget(String fileName) throws IOException {
        Path mark = mark(fileName);
        Path file = store.resolve(fileName);
        String fetched;
        try {
            fetched = Files.readString(mark);
        } catch (NoSuchFileException e) {
            return;
        }
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && digests.ofFile(file).equals(fetched)) {
            Files.delete(file);
            LOG.info("Removed {}, which had been fetched, from the model store {}", fileName, store);
        }
        Files.deleteIfExists(mark);
    }

    /**
     * Moves a fetched file whose content has changed since out of the way; leaves every other one alone. It is not removed,
     * because the operator may have put it there.
     *
     * @return whether the name is free now
     */
    synchronized boolean setAside(String fileName) throws IOException {
        Path file = store.resolve(fileName);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !Files.exists(mark(fileName))) {
            return false;
        }
        if (digests.ofFile(file).equals(Files.readString(mark(fileName)))) {
            return false;
        }
        Path aside = store.resolve("." + fileName + ".damaged");
        Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        LOG.warn("{} is not what was fetched any more, and cannot be read; it lies in {} now", fileName, aside);
        return true;
    }

    /** Removes what fetches that were cut off have left; another host's may still be under way if it is young. */
    void clean(Clock clock, Duration longestFetch) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(store)) {
            for (Path entry : entries) {
                if (PART.matcher(entry.getFileName().toString()).matches()
                        && Files.getLastModifiedTime(entry, LinkOption.NOFOLLOW_LINKS)
                                .toInstant()
                                .isBefore(clock.instant().minus(longestFetch))) {
                    FileTrees.delete(entry);
                }
            }
        }
    }

    private Path mark(String fileName) {
        return store.resolve("." + fileName + ".fetched");
    }

    private static ArchiveException taken(String fileName) {
        return new ArchiveException(Reason.ALREADY_EXISTS, "Model file already exists " + fileName);
    }
}
