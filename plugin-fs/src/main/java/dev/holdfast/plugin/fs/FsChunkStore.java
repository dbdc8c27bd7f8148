package dev.holdfast.plugin.fs;

import dev.holdfast.plugin.fs.FsSnapshotSerializer.Work;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.regex.Pattern;

/**
 * The chunks of one group as files of one directory, each under its id.
 *
 * <pre>
 *   write .holdfast/temp-… and fsync it, several at once  ─▶  move each to .chunks/&lt;id&gt;  ─▶  fsync .chunks  ─▶  return
 * </pre>
 *
 * <p>When a chunk was put last is the time of its file's last change. Only the one writer of the group puts and removes,
 * so a lock of this process is enough to keep a removal from a chunk that is just being put.
 */
final class FsChunkStore implements ChunkStore {

    private static final int MAX_CHUNK_BYTES = 4 * 1024 * 1024;
    /** Beside the snapshots. */
    static final String DIRECTORY = ".chunks";

    private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");

    private final Path group;
    private final Path directory;
    private final Path hidden;
    private final Gate gate;
    private final ExecutorService disk;
    private final Clock clock;
    private final ReadWriteLock putting = new ReentrantReadWriteLock();

    /** How the serializer lets its chunk store at the disk. */
    interface Gate {

        /** Something done with the files; an {@link IOException} becomes a StoreUnavailableException with advice. */
        <T> T read(String failure, Work<T> work);

        /** The same as the one writer of the group, which has the lock and the directories. */
        <T> T write(String failure, Work<T> work);
    }

    /**
     * @param group the directory of the group's snapshots, in which the chunks get a directory of their own
     * @param hidden where temporary files lie, of the same file system
     * @param disk runs the writes of one call beside each other, so that the disk gathers their fsyncs
     * @param clock tells when a chunk was put
     */
    FsChunkStore(Path group, Path hidden, Gate gate, ExecutorService disk, Clock clock) {
        this.group = group;
        this.directory = group.resolve(DIRECTORY);
        this.hidden = hidden;
        this.gate = gate;
        this.disk = disk;
        this.clock = clock;
    }

    @Override
    public int maxChunkBytes() {
        return MAX_CHUNK_BYTES;
    }

    @Override
    public void put(Map<String, byte[]> chunks) {
        ChunkStore.requireChunks("fs", chunks, MAX_CHUNK_BYTES);
        gate.write("Chunks could not be stored in " + directory, () -> {
            putting.readLock().lock();
            try {
                if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                    Disk.makeDirectory(directory);
                    Disk.forceDirectory(group);
                }
                together(chunks.entrySet(), chunk -> put(chunk.getKey(), chunk.getValue()));
                if (!chunks.isEmpty()) {
                    Disk.forceDirectory(directory);
                }
                return true;
            } finally {
                putting.readLock().unlock();
            }
        });
    }

    private void put(String id, byte[] content) throws IOException {
        Path temp = hidden.resolve(Writer.TEMP + UUID.randomUUID());
        Disk.writeDurably(temp, content);
        try {
            // The kernel's own stamps are some milliseconds old, and a chunk must not seem older than it is.
            Files.setLastModifiedTime(temp, FileTime.from(clock.instant()));
            Files.move(temp, directory.resolve(id), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Disk.deleteAfter(e, temp);
            throw e;
        }
    }

    private interface Step<T> {
        void of(T item) throws IOException;
    }

    /**
     * Runs a step for every item; the first failure is thrown when all steps have ended. Until then an interrupt has to wait:
     * what runs on would write without the locks of this call.
     */
    private <T> void together(Collection<T> items, Step<T> step) throws IOException {
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (T item : items) {
            running.add(CompletableFuture.runAsync(() -> unchecked(step, item), disk));
        }
        IOException failure = null;
        for (CompletableFuture<Void> one : running) {
            try {
                one.join();
            } catch (CompletionException e) {
                IOException cause = e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
                if (failure == null) {
                    failure = cause;
                } else {
                    failure.addSuppressed(cause);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static <T> void unchecked(Step<T> step, T item) {
        try {
            step.of(item);
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        ChunkStore.requireIds(ids);
        return gate.read("Chunks could not be read from " + directory, () -> {
            Map<String, byte[]> found = new HashMap<>();
            for (String id : ids) {
                try {
                    found.put(id, content(directory.resolve(id)));
                } catch (NoSuchFileException e) {
                    // An absent chunk is left out.
                }
            }
            return found;
        });
    }

    private static byte[] content(Path file) throws IOException {
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile() || attributes.size() > MAX_CHUNK_BYTES) {
            throw new SnapshotCorruptException("Chunk file " + file + " is no chunk: "
                    + (attributes.isRegularFile()
                            ? "it has " + attributes.size() + " bytes"
                            : "it is no regular file"));
        }
        return Files.readAllBytes(file);
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        ChunkStore.requireIds(ids);
        return gate.read("Chunks could not be looked for in " + directory, () -> {
            Set<String> missing = new HashSet<>();
            for (String id : ids) {
                if (!Files.isRegularFile(directory.resolve(id), LinkOption.NOFOLLOW_LINKS)) {
                    missing.add(id);
                }
            }
            return missing;
        });
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("Limit " + limit + " must be 1 or more");
        }
        return gate.read("The chunks in " + directory + " could not be listed", () -> {
            SortedMap<String, Instant> page = new TreeMap<>();
            List<String> ids = firstAfter(after, limit);
            for (String id : ids) {
                try {
                    page.put(
                            id, Files.getLastModifiedTime(directory.resolve(id)).toInstant());
                } catch (NoSuchFileException e) {
                    // Removed meanwhile; the others are no less listed.
                }
            }
            return !page.isEmpty() || ids.isEmpty() ? page : list(ids.get(ids.size() - 1), limit);
        });
    }

    /** The first ids after one, in order, without holding all of them. */
    private List<String> firstAfter(String after, int limit) throws IOException {
        PriorityQueue<String> first = new PriorityQueue<>(Collections.reverseOrder());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String id = String.valueOf(file.getFileName());
                if (id.compareTo(after) > 0 && ID.matcher(id).matches()) {
                    first.add(id);
                    if (first.size() > limit) {
                        first.remove();
                    }
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        }
        List<String> ids = new ArrayList<>(first);
        Collections.sort(ids);
        return ids;
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        ChunkStore.requireIds(ids);
        return gate.write("Chunks could not be removed from " + directory, () -> {
            putting.writeLock().lock();
            try {
                int removed = 0;
                for (String id : ids) {
                    removed += delete(directory.resolve(id), putBefore) ? 1 : 0;
                }
                return removed;
            } finally {
                putting.writeLock().unlock();
            }
        });
    }

    private static boolean delete(Path file, Instant putBefore) throws IOException {
        try {
            return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                            .toInstant()
                            .isBefore(putBefore)
                    && Files.deleteIfExists(file);
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
