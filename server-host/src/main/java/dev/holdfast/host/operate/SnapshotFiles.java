package dev.holdfast.host.operate;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.LackingChunks;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.transfer.BundleFile;
import dev.holdfast.host.transfer.BundleReader;
import dev.holdfast.host.transfer.BundleReader.Contents;
import dev.holdfast.host.transfer.BundleWriter;
import dev.holdfast.host.transfer.DamagedBundleException;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Snapshots as files that hold all that they need: out of a group, and into one.
 *
 * <p>Deliberately not: several snapshots in one file, for a history goes from store to store by {@link HistoryCopy}.
 */
public final class SnapshotFiles {

    /** The configuration key of the directory of archives. */
    private static final String MODEL_STORE = "model_store";

    private static final String WORKFLOW_STORE = "workflow_store";

    private static final int BUFFER = 1024 * 1024;

    private final StoreGroup group;
    private final Optional<Path> modelStore;
    private final Optional<Path> workflowStore;

    /**
     * @param modelStore where archives are; empty where nothing says it
     * @param workflowStore where those of workflows are; empty where nothing says it, or they lie among the others
     */
    public SnapshotFiles(StoreGroup group, Optional<Path> modelStore, Optional<Path> workflowStore) {
        this.group = group;
        this.modelStore = modelStore.map(Path::toAbsolutePath).map(Path::normalize);
        this.workflowStore = workflowStore.map(Path::toAbsolutePath).map(Path::normalize);
    }

    /** What was exported: as many chunks, and as many files of archives. */
    public record Exported(Snapshot snapshot, int chunks, int files) {}

    /**
     * What became of an import.
     *
     * @param snapshot as it is in the group now
     * @param isNew false if it was there already
     * @param chunks how many of the file's are in the store now; 0 for a snapshot that was there with all of them
     * @param archives how many the model store lacked
     */
    public record Imported(Snapshot snapshot, boolean isNew, int chunks, int archives) {}

    /**
     * Writes a snapshot to a stream, which stays open.
     *
     * @throws dev.holdfast.host.state.StateException if a chunk is missing or damaged; what was written is no whole file then
     * @throws IOException if an archive cannot be read or the stream fails
     */
    public Exported export(Snapshot snapshot, boolean archives, OutputStream target) throws IOException {
        HistoryPoint point = HistoryPoint.of(snapshot);
        List<BundleFile> files =
                archives ? new ModelArchives(modelStore(point), workflowStore(point)).of(point.state()) : List.of();
        Set<StateReference> states = StateReferences.of(point.state());
        Set<String> ids = new TreeSet<>();
        try (LearnedChunks learned = states.isEmpty() ? null : requireChunks()) {
            if (learned != null) {
                states.forEach(state -> ids.addAll(learned.reader().find(state).chunkIds()));
            }
            ChunkStore chunks = learned == null ? NoChunks.INSTANCE : learned.chunks();
            BundleWriter.write(snapshot, ids, chunks, group.codecs(), files, target);
        }
        return new Exported(snapshot, ids.size(), files.size());
    }

    /**
     * Writes a snapshot to a file, which appears under its name when it is whole and durable.
     *
     * @param replace whether a file of that name may go
     * @throws RefusedException if there is one
     * @throws IOException if there is no directory for it, it is one itself, or it cannot be written
     */
    public Exported export(Snapshot snapshot, boolean archives, Path file, boolean replace) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException("it is a directory; name a file in it");
        }
        if (!replace && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new RefusedException(
                    "Not exported: " + file + " is there already. Name another file, or say --force");
        }
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException("there is no directory " + directory);
        }
        Path half = goesAtTheEnd(Files.createTempFile(directory, ".export", ".tmp"));
        try {
            Exported exported;
            try (FileChannel channel = FileChannel.open(half, StandardOpenOption.WRITE);
                    OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
                exported = export(snapshot, archives, out);
                out.flush();
                channel.force(true);
            }
            Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
            return exported;
        } finally {
            Files.deleteIfExists(half);
        }
    }

    /**
     * Reads a file into the group: all of it is checked first, and then its chunks, its archives and its snapshot are stored,
     * in that order. Where it breaks off it may be done again. Where the snapshot is there already, what it needs and is not
     * there is stored.
     *
     * @param asNewest whether it may become the newest of a group that has others
     * @throws DamagedBundleException if the file is damaged or no such file; nothing was stored
     * @throws RefusedException if the group has others, or one of this name, or an archive differs; nothing was stored
     */
    public Imported importFrom(Path file, boolean asNewest) throws IOException {
        ModelArchives archives = new ModelArchives(modelStore.orElse(Path.of("")), workflowStore);
        Contents contents;
        try (InputStream in = open(file)) {
            contents = BundleReader.check(in, (name, size, content) -> {
                requireModelStore();
                archives.comparing().take(name, size, content);
            });
        }
        archives.requireNoOther();
        HistoryPoint point = parsed(contents.snapshot());
        Optional<Snapshot> there = there(point.name());
        boolean isThere = there.filter(same -> Succession.isSame(same, contents.snapshot()))
                .isPresent();
        Optional<HistoryPoint> last = last();
        if (!isThere) {
            requireFree(point, there, last, asNewest);
        }
        if (contents.chunks() > 0) {
            requireChunks().close();
        }
        ChunkStore chunks = group.chunks().orElse(NoChunks.INSTANCE);
        boolean wantsChunks = !isThere || !missing(point, chunks).isEmpty();
        if (!wantsChunks && !archives.isLacking()) {
            return new Imported(there.get(), false, 0, 0);
        }
        if (modelStore.isPresent()) {
            archives.tidy();
        }
        int added = store(file, point, chunks, archives);
        if (isThere) {
            return new Imported(there.get(), false, wantsChunks ? contents.chunks() : 0, added);
        }
        Snapshot placed = new Succession(group.group(), last).place(contents.snapshot());
        group.serializer().save(placed);
        return new Imported(placed, true, contents.chunks(), added);
    }

    /** @return how many archives were added; half ones are not left where there may be no room for them */
    private int store(Path file, HistoryPoint point, ChunkStore chunks, ModelArchives archives) throws IOException {
        boolean whole = false;
        try (InputStream in = open(file)) {
            BundleReader.store(in, chunks, group.codecs(), archives.writing());
            requireWhole(point, chunks);
            int added = modelStore.isPresent() ? archives.finish() : 0;
            whole = true;
            return added;
        } finally {
            if (!whole && modelStore.isPresent()) {
                archives.tidy();
            }
        }
    }

    /**
     * The same from a stream, which is written to a temporary file first.
     *
     * @param directory where that file is for a while
     */
    public Imported importFrom(InputStream source, Path directory, boolean asNewest) throws IOException {
        OwnFiles.createDirectories(directory);
        Path copy = goesAtTheEnd(Files.createTempFile(directory, "import", ".tmp"));
        try {
            Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
            return importFrom(copy, asNewest);
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    /** An interrupt ends the command without its finally, and nobody would look for what it leaves. */
    private static Path goesAtTheEnd(Path half) {
        half.toFile().deleteOnExit();
        return half;
    }

    /** What a failure of an import or an export says to an operator. */
    public static String why(IOException e) {
        return e instanceof DamagedBundleException ? String.valueOf(e.getMessage()) : OneLine.of(e);
    }

    private static InputStream open(Path file) throws IOException {
        return new BufferedInputStream(Files.newInputStream(file), BUFFER);
    }

    private static HistoryPoint parsed(Snapshot snapshot) throws DamagedBundleException {
        try {
            return HistoryPoint.of(snapshot);
        } catch (SnapshotCorruptException e) {
            throw new DamagedBundleException("The snapshot in the file cannot be: " + e.getMessage(), e);
        }
    }

    /** One that is there and cannot be read is not the one that is to be stored. */
    private Optional<Snapshot> there(String name) {
        try {
            return Optional.of(group.get(name));
        } catch (SnapshotNotFoundException e) {
            return Optional.empty();
        } catch (SnapshotUnreadableException e) {
            throw new RefusedException(
                    "Not imported: group " + group.group() + " has a damaged snapshot of that name. Delete it first: "
                            + e.getMessage(),
                    e);
        }
    }

    private Optional<HistoryPoint> last() {
        try {
            return group.last().map(HistoryPoint::of);
        } catch (SnapshotUnreadableException e) {
            throw new RefusedException(
                    "Not imported, for the last snapshot of group " + group.group() + " cannot be read: "
                            + e.getMessage(),
                    e);
        }
    }

    private void requireFree(
            HistoryPoint point, Optional<Snapshot> there, Optional<HistoryPoint> last, boolean asNewest) {
        if (there.isPresent()) {
            throw new RefusedException("Not imported: group " + group.group() + " of store " + group.store()
                    + " has another snapshot that is named " + point.name()
                    + ". Import it into another group: --group NAME");
        }
        if (last.isPresent() && !asNewest) {
            throw new RefusedException("Not imported: group " + group.group() + " of store " + group.store()
                    + " has snapshots, and the next start would restore this one in place of "
                    + last.get().name() + ". If that is meant, say --as-newest; else --group NAME");
        }
    }

    private void requireWhole(HistoryPoint point, ChunkStore chunks) throws DamagedBundleException {
        Set<String> ids = missing(point, chunks);
        if (!ids.isEmpty()) {
            throw new DamagedBundleException("Neither the file nor store " + group.store() + " has in full "
                    + Sizes.count(ids.size(), "chunk") + " that the snapshot needs, the first of them "
                    + ids.iterator().next());
        }
    }

    /** Those that the store lacks of what the snapshot needs, in the order of their names. */
    private Set<String> missing(HistoryPoint point, ChunkStore chunks) {
        LackingChunks lacking = new LackingChunks(chunks, group.codecs());
        Set<String> ids = new TreeSet<>();
        StateReferences.of(point.state()).forEach(state -> ids.addAll(lacking.of(state)));
        return ids;
    }

    private LearnedChunks requireChunks() {
        return LearnedChunks.of(group)
                .orElseThrow(() -> new IllegalStateException("Store " + group.store()
                        + " keeps no learned states, and the snapshot has some; they are on the disks of the hosts"));
    }

    /** Where nothing else says it, what the host served from that took the snapshot; a placeholder means another place here. */
    private Path modelStore(HistoryPoint point) {
        return modelStore
                .or(() -> place(point, MODEL_STORE))
                .orElseThrow(() -> new IllegalStateException(
                        "Archives are in a model store, and neither the configuration nor the snapshot says where it is:"
                                + " -D model_store=DIR"));
    }

    private Optional<Path> workflowStore(HistoryPoint point) {
        return workflowStore.or(() -> modelStore.isPresent() ? Optional.empty() : place(point, WORKFLOW_STORE));
    }

    private static Optional<Path> place(HistoryPoint point, String key) {
        return Optional.ofNullable(point.content().config().get(key))
                .map(String::strip)
                .filter(text -> !text.isEmpty() && !text.contains("$$"))
                .map(Path::of)
                .filter(Path::isAbsolute);
    }

    private Path requireModelStore() {
        return modelStore.orElseThrow(() -> new IllegalStateException(
                "Archives are in a model store, and nothing says where it is: -D model_store=DIR"));
    }
}
