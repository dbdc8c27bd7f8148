package dev.holdfast.plugin.fs;

import dev.holdfast.plugin.fs.SnapshotFile.State;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of one group as files in one directory, one {@link SnapshotFile} each under the snapshot's name.
 *
 * <p>One writer at a time, by a lock that the first save takes and close gives back; readers need none, also in other
 * processes. Other files, directories and links there are left alone. What fs needs besides lies in the hidden
 * directory {@code .holdfast} and may be deleted while no host runs.
 *
 * <p>It deliberately keeps no list that must be right: the files are the truth, and the {@link Index} only saves time.
 */
final class FsSnapshotSerializer implements SnapshotSerializer {

    private static final Logger LOG = System.getLogger(FsSnapshotSerializer.class.getName());

    private final Path directory;
    private final Path hidden;
    private final String group;
    private final String host;
    private final DirectoryListing catalog;
    private final ReentrantLock writing = new ReentrantLock();
    private final ReadWriteLock publishing = new ReentrantReadWriteLock();
    /**
     * Shared by those who put or remove chunks; whoever gives the writer's lock back has it alone, for they rely on that
     * lock. Taken with {@link #writing} held, which they then let go of.
     */
    private final ReadWriteLock chunkWork = new ReentrantReadWriteLock();

    /** The files that lists leave out, and that the log has named. */
    private final Set<String> toldOf = ConcurrentHashMap.newKeySet();

    private final AtomicBoolean toldOfNeighbours = new AtomicBoolean();
    private final AtomicBoolean toldOfTorchServe = new AtomicBoolean();
    private volatile int ofTorchServe;
    private final ExecutorService disk = diskThreads();
    private final ChunkStore chunks;
    private final KnownDirectory home;
    private @Nullable Writer writer;
    /** Where the writer has its lock; another directory of the same path needs another writer. */
    private KnownDirectory.@Nullable Found writerHome;

    /** The highest revision saved or removed here: removing the last one does not make its revision free. */
    private long highest = -1;

    private volatile boolean closed;

    FsSnapshotSerializer(Path directory, String group, String host, String boot) {
        this(directory, group, host, boot, KnownDirectory::new);
    }

    FsSnapshotSerializer(Path directory, String group, String host, String boot, KnownDirectory.Kind kind) {
        this.directory = directory;
        this.hidden = directory.resolve(".holdfast");
        this.group = group;
        this.host = host;
        this.catalog = new DirectoryListing(directory, group, hidden, boot);
        this.home = kind.of(directory, hidden, group);
        this.chunks = new FsChunkStore(directory, hidden, new ChunkGate(), disk, Clock.systemUTC());
    }

    /** Few enough for a spinning disk, many enough for a journal to gather their fsyncs; none while nothing is put. */
    private static ExecutorService diskThreads() {
        ThreadPoolExecutor threads =
                new ThreadPoolExecutor(8, 8, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                    Thread thread = new Thread(work, "fs-chunks");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** Something done with the files of the directory. */
    interface Work<T> {
        T run() throws IOException;
    }

    private interface Writing<T> {
        T with(Writer writer) throws IOException;
    }

    private interface Reading<T> {
        T from(View view) throws IOException;
    }

    @Override
    public void save(Snapshot snapshot) {
        SnapshotHeader header = snapshot.header();
        header.requireGroup(group);
        write("Snapshot " + header.name() + " could not be saved in " + directory, () -> {
            withWriter(one -> {
                one.save(snapshot, highest);
                return true;
            });
            highest = Math.max(highest, header.revision());
            return true;
        });
    }

    @Override
    public boolean delete(String name) {
        if (!SnapshotHeader.isName(name)) {
            requireOpen();
            return false;
        }
        return write("Snapshot " + name + " could not be removed from " + directory, () -> {
            if (!SnapshotFile.of(directory.resolve(name), group).accessible().counts()) {
                return false;
            }
            return withWriter(one -> {
                try (View view = catalog.view()) {
                    highest = Math.max(
                            highest,
                            view.size() == 0 ? -1 : view.entry(view.size() - 1).revision());
                }
                return one.delete(name);
            });
        });
    }

    /** A new writer puts right what was damaged or removed under the old one: the index, or the whole hidden directory. */
    private <T> T withWriter(Writing<T> work) throws IOException {
        Writer one = writer();
        try {
            return work.with(one);
        } catch (IndexDamagedException | NoSuchFileException e) {
            LOG.log(Level.DEBUG, "The writer of {0} begins anew: {1}", directory, e);
            closeWriter();
            return work.with(writer());
        }
    }

    private Writer writer() throws IOException {
        KnownDirectory.Found now = home.require();
        if (writer != null && !now.equals(writerHome)) {
            if (writerHome != null && !now.isIn(writerHome)) {
                highest = -1;
            }
            closeWriter();
        }
        Writer one = writer;
        if (one == null) {
            one = new Writer(directory, hidden, group, host, catalog, publishing.writeLock());
            writer = one;
            writerHome = home.require();
        }
        return one;
    }

    @Override
    public Optional<Snapshot> getLast() {
        return read("The last snapshot could not be read from " + directory, view -> {
            SnapshotFile last = last(view);
            requireNoneUnreadableAfter(last, view);
            if (last == null) {
                if (!toldOfNeighbours.getAndSet(true)) {
                    Neighbours.tell(directory, group);
                }
                return Optional.empty();
            }
            tellOfTorchServe(last, view);
            return Optional.of(last.snapshot());
        });
    }

    private @Nullable SnapshotFile last(View view) throws IOException {
        for (int i = view.size() - 1; i >= 0; i--) {
            Entry entry = view.entry(i);
            SnapshotFile file = SnapshotFile.whole(directory.resolve(entry.name()), group);
            if (file.accessible().state() == State.UNREADABLE || isOfLaterFormat(file)) {
                file.snapshot();
            }
            if (isAt(entry, file)) {
                return file;
            }
        }
        return null;
    }

    /** One of which not even the header can be read. */
    private static boolean isOfLaterFormat(SnapshotFile file) {
        return file.state() == State.TOO_NEW && file.header() == null;
    }

    /** False if the file has gone; a file that is something else than the view says makes the view void. */
    private static boolean isAt(Entry entry, SnapshotFile file) throws IndexDamagedException {
        if (file.state() == State.ABSENT) {
            return false;
        }
        if (!file.listed() || file.header() == null || !entry.equals(Entry.of(file.header()))) {
            throw new IndexDamagedException(file.path() + " is not what it was");
        }
        return true;
    }

    /**
     * A file without a readable header counts as the last one where its text or, if that is gone, its name says that it is
     * newer, unless the last readable one is known to have been saved when it was damaged already. So does one that cannot
     * be read at all.
     */
    private void requireNoneUnreadableAfter(@Nullable SnapshotFile last, View view) throws IOException {
        String lastName =
                last == null || last.header() == null ? "" : last.header().name();
        for (String name : view.withoutHeader()) {
            if (name.compareTo(lastName) <= 0 || (last != null && last.after().contains(name))) {
                continue;
            }
            SnapshotFile file =
                    SnapshotFile.whole(directory.resolve(name), group).accessible();
            if (isOfLaterFormat(file)) {
                file.snapshot();
            }
            if (file.state() == State.UNREADABLE) {
                if (last != null && isOlder(file, last)) {
                    continue;
                }
                throw new SnapshotCorruptException("Snapshot file " + file.path() + " is damaged: it " + file.reason()
                        + (file.revisionInText().isPresent()
                                ? ". By the revision in its text, "
                                        + file.revisionInText().getAsLong() + ", it is the last one"
                                : ". By its name it is the last one"));
            }
            throw new IndexDamagedException(file.path() + " is not what it was");
        }
    }

    /** Names that people give say nothing of time. */
    private boolean isOlder(SnapshotFile ruin, SnapshotFile last) {
        if (ruin.revisionInText().isEmpty()
                || last.header() == null
                || ruin.revisionInText().getAsLong() >= last.header().revision()) {
            return false;
        }
        if (toldOf.add(String.valueOf(ruin.path().getFileName()))) {
            LOG.log(
                    Level.WARNING,
                    "Snapshot file {0} is damaged: it {1}. It is not the last one, by the revision in its text, {2}",
                    ruin.path(),
                    ruin.reason(),
                    Long.toString(ruin.revisionInText().getAsLong()));
        }
        return true;
    }

    private void tellOfTorchServe(SnapshotFile last, View view) throws IOException {
        if (last.state() == State.TORCHSERVE || last.header() == null) {
            return;
        }
        if (toldOfTorchServe.get() || view.entry(0).revision() > 0) {
            return; // as nearly always: TorchServe's have no revision, so that they come first
        }
        int count = countOfTorchServe(view, last.header());
        String newest = view.entry(count - 1).name();
        if (newest.compareTo(last.header().name()) > 0 && toldOfTorchServe.compareAndSet(false, true)) {
            LOG.log(
                    Level.WARNING,
                    "{0} has a snapshot of TorchServe that is newer by its name, {1}; the last one of Holdfast, {2}, is"
                            + " taken. To take the other: --snapshot {1}",
                    directory,
                    newest,
                    last.header().name());
        }
    }

    /** Found by a search once, and then where it was found: a search reads the more, the more snapshots there are. */
    private int countOfTorchServe(View view, SnapshotHeader any) throws IOException {
        int known = ofTorchServe;
        if (known == 0
                || known >= view.size()
                || view.entry(known).revision() == 0
                || view.entry(known - 1).revision() > 0) {
            known = view.indexOf(new Entry(1, "", Instant.EPOCH, any.kind()));
            ofTorchServe = known;
        }
        return known;
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        Optional<Entry> after = request.pageToken().map(Entry::fromToken);
        return read("The snapshots in " + directory + " could not be listed", view -> {
            List<SnapshotHeader> headers = new ArrayList<>();
            SnapshotFile leftOut = null;
            int start = after.isPresent() ? view.indexOf(after.get()) : view.size();
            for (int i = start - 1; i >= 0; i--) {
                Entry entry = view.entry(i);
                if (!entry.mayPass(request)) {
                    continue;
                }
                SnapshotFile file = SnapshotFile.of(directory.resolve(entry.name()), group);
                if (file.state() == State.INACCESSIBLE) {
                    tellOfLeftOut(file);
                    leftOut = file;
                    continue;
                }
                if (file.state() == State.UNREADABLE || !isAt(entry, file) || file.header() == null) {
                    continue;
                }
                headers.add(file.header());
                if (headers.size() == request.limit() && i > 0) {
                    return SnapshotPage.of(headers, entry.toToken());
                }
            }
            for (String name : view.inaccessible()) {
                leftOut = SnapshotFile.of(directory.resolve(name), group);
                tellOfLeftOut(leftOut);
            }
            if (headers.isEmpty() && leftOut != null) {
                // An empty list would say that nothing is there.
                leftOut.accessible();
            }
            return SnapshotPage.last(headers);
        });
    }

    private void tellOfLeftOut(SnapshotFile file) {
        if (file.state() == State.INACCESSIBLE
                && toldOf.add(String.valueOf(file.path().getFileName()))) {
            LOG.log(
                    Level.WARNING,
                    "Lists leave out {0}, which {1}. It may be whole: check the disk, and its owner and mode",
                    file.path(),
                    file.reason());
        }
    }

    @Override
    public Snapshot get(String name) {
        requireOpen();
        if (!SnapshotHeader.isName(name)) {
            throw SnapshotNotFoundException.of(name, directory.toString());
        }
        return translate("Snapshot " + name + " could not be read from " + directory, () -> {
            SnapshotFile file = SnapshotFile.whole(directory.resolve(name), group);
            if (file.state() == State.ABSENT) {
                throw SnapshotNotFoundException.of(name, directory.toString());
            }
            if (file.state() == State.FOREIGN) {
                throw new SnapshotNotFoundException("There is no snapshot " + name + " in " + directory
                        + ": the file of that name " + file.reason());
            }
            return file.snapshot();
        });
    }

    @Override
    public OptionalLong count() {
        requireOpen();
        return translate(
                "The snapshots in " + directory + " could not be counted", () -> OptionalLong.of(catalog.count()));
    }

    /** The directory with the notes in it; that of group {@code default} is not this plugin's to remove. */
    @Override
    public void removeEmptyGroup() {
        writing.lock();
        try {
            requireOpen();
            if (group.equals("default") || !home.require().there()) {
                return;
            }
            // Its lock says that nobody else writes here.
            writer();
            if (holdsNothing()) {
                closeWriter();
                removeTree(directory);
            }
        } catch (IOException e) {
            throw unavailable("The directory of group " + group + ", " + directory + ", could not be removed", e);
        } finally {
            writing.unlock();
        }
    }

    /** Whether there are notes and directories alone. */
    private boolean holdsNothing() throws IOException {
        return inTree(directory).stream()
                .allMatch(path -> path.startsWith(hidden) || Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS));
    }

    private static void removeTree(Path root) throws IOException {
        List<Path> all = inTree(root);
        for (int i = all.size() - 1; i >= 0; i--) {
            Files.delete(all.get(i));
        }
    }

    /** Each directory before what is in it; links are not followed. */
    private static List<Path> inTree(Path root) throws IOException {
        try (Stream<Path> tree = Files.walk(root)) {
            return tree.toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return Optional.of(chunks);
    }

    /** Chunks need the writer's lock and directories, but neither wait for a save nor hold one up. */
    private final class ChunkGate implements FsChunkStore.Gate {

        @Override
        public <T> T read(String failure, Work<T> work) {
            requireOpen();
            return translate(failure, work);
        }

        @Override
        public <T> T write(String failure, Work<T> work) {
            requireOpen();
            return translate(failure, () -> {
                try {
                    return asWriter(work);
                } catch (NoSuchFileException e) {
                    // The hidden directory was removed under the writer.
                    renewWriter();
                    return asWriter(work);
                }
            });
        }

        private <T> T asWriter(Work<T> work) throws IOException {
            writing.lock();
            try {
                requireOpen();
                writer();
                chunkWork.readLock().lock();
            } finally {
                writing.unlock();
            }
            try {
                return work.run();
            } finally {
                chunkWork.readLock().unlock();
            }
        }

        private void renewWriter() throws IOException {
            writing.lock();
            try {
                requireOpen();
                closeWriter();
                writer();
            } finally {
                writing.unlock();
            }
        }
    }

    /** Waits for those who put or remove chunks: the next writer would clear away what they have not moved yet. */
    private void closeWriter() throws IOException {
        chunkWork.writeLock().lock();
        try {
            Writer one = writer;
            writer = null;
            if (one != null) {
                one.close();
            }
        } finally {
            chunkWork.writeLock().unlock();
        }
    }

    @Override
    public void close() {
        writing.lock();
        try {
            closed = true;
            closeWriter();
        } catch (IOException e) {
            throw unavailable("The lock of " + directory + " could not be given back", e);
        } finally {
            writing.unlock();
            disk.shutdown();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The serializer of " + directory + " is closed");
        }
    }

    private <T> T write(String failure, Work<T> work) {
        writing.lock();
        try {
            requireOpen();
            return translate(failure, work);
        } finally {
            writing.unlock();
        }
    }

    private <T> T read(String failure, Reading<T> reading) {
        requireOpen();
        return translate(failure, () -> {
            publishing.readLock().lock();
            try (View view = catalog.view()) {
                return reading.from(view);
            } catch (IndexDamagedException e) {
                catalog.passedOver(e);
                return reading.from(catalog.truth());
            } finally {
                publishing.readLock().unlock();
            }
        });
    }

    /** File channels close themselves when a thread is interrupted; this work is short, so the interrupt waits for it. */
    private <T> T translate(String failure, Work<T> work) {
        boolean interrupted = Thread.interrupted();
        try {
            return home.during(work);
        } catch (IOException e) {
            throw unavailable(failure, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static StoreUnavailableException unavailable(String failure, IOException e) {
        String text = String.valueOf(e.getMessage());
        String advice = "";
        if (text.contains("No space left") || text.contains("quota") || text.contains("File too large")) {
            advice = ". Nothing that was saved is lost: make room there, or remove old snapshots, and try again";
        } else if (text.contains("Read-only") || e instanceof AccessDeniedException) {
            advice = ". The host needs to read and write there: check the mount, the owner and the mode";
        } else if (e instanceof NotDirectoryException) {
            advice = ". A file or a link stands where a directory belongs: remove it, or put the directory back";
        }
        return new StoreUnavailableException(failure + ": " + e + advice, e);
    }
}
