package dev.holdfast.host.keeper;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A store in memory that keeps the contract, and breaks it where a switch says so. */
public class FakeStore implements SnapshotSerializer {

    /** What outlives a serializer, and is shared by the hosts of a group. */
    public static final class Disk {
        public final Map<String, Snapshot> snapshots = new LinkedHashMap<>();
        public final Set<String> damaged = ConcurrentHashMap.newKeySet();
        public final Set<String> unlisted = ConcurrentHashMap.newKeySet();
        public final Set<String> tooNew = ConcurrentHashMap.newKeySet();
        public final List<SnapshotHeader> writes = new ArrayList<>();
        /** Whom a save is told to. */
        final Set<Runnable> told = ConcurrentHashMap.newKeySet();

        public synchronized List<SnapshotHeader> newestFirst() {
            return snapshots.values().stream()
                    .map(Snapshot::header)
                    .sorted(Comparator.comparingLong(SnapshotHeader::revision)
                            .thenComparing(SnapshotHeader::name)
                            .reversed())
                    .toList();
        }

        public synchronized void put(Snapshot snapshot) {
            snapshots.put(snapshot.header().name(), snapshot);
            writes.add(snapshot.header());
            told.forEach(Runnable::run);
        }

        public synchronized List<String> names() {
            return List.copyOf(snapshots.keySet());
        }

        public synchronized List<SnapshotHeader> writes() {
            return List.copyOf(writes);
        }

        public synchronized Snapshot newest() {
            return snapshots.get(newestFirst().get(0).name());
        }
    }

    public final Disk disk;
    public volatile boolean down;
    public volatile boolean losesReplies;
    public volatile boolean deletesFail;
    /** Snapshots cannot be had by their names, as where a role may do one thing and not the other. */
    public volatile boolean getFails;

    public volatile boolean listLags;
    public volatile boolean lastLies;
    /** The newest one cannot be read, for now. */
    public volatile boolean newestUnreadable;

    public volatile boolean gone;
    public volatile Throwable failure;
    public volatile CountDownLatch hangs = new CountDownLatch(0);
    public volatile CountDownLatch hanging = new CountDownLatch(1);
    public volatile Runnable onSave = () -> {};
    /** Whether it says which snapshot is the last without reading it, and tells of saves. */
    volatile boolean tellsHead;

    final AtomicInteger lastRead = new AtomicInteger();
    private long highest = -1;

    private final Optional<ChunkStore> chunks;

    public FakeStore(Disk disk) {
        this.disk = disk;
        this.chunks = Optional.empty();
    }

    /** A store that keeps chunks too. */
    public FakeStore(Disk disk, ChunkStore chunks) {
        this.disk = disk;
        this.chunks = Optional.of(chunks);
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return chunks;
    }

    @Override
    public Optional<String> lastSaveId() {
        reach("lastSaveId");
        return tellsHead ? disk.newestFirst().stream().findFirst().map(SnapshotHeader::saveId) : Optional.empty();
    }

    @Override
    public void onSave(Runnable told) {
        if (tellsHead) {
            disk.told.add(told);
        }
    }

    /** From now on every call hangs until {@link #hangs} is released. */
    public void hang() {
        // In this order: who is counted as hanging does hang.
        hangs = new CountDownLatch(1);
        hanging = new CountDownLatch(1);
    }

    private void reach(String what) {
        boolean interrupted = false;
        while (true) {
            try {
                // Again and again, as it may have come here while a test told the store to hang.
                do {
                    hanging.countDown();
                } while (!hangs.await(10, TimeUnit.MILLISECONDS));
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (gone) {
            throw new IllegalStateException("The store is closed");
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        if (down) {
            throw new StoreUnavailableException("store is down for " + what);
        }
    }

    @Override
    public void save(Snapshot snapshot) {
        reach("save");
        onSave.run();
        synchronized (disk) {
            SnapshotHeader header = snapshot.header();
            Snapshot same = disk.snapshots.get(header.name());
            if (same == null || !same.header().saveId().equals(header.saveId())) {
                long last = disk.snapshots.values().stream()
                        .mapToLong(some -> some.header().revision())
                        .max()
                        .orElse(-1);
                if (same != null || header.revision() <= Math.max(last, highest)) {
                    throw new SnapshotConflictException("revision " + header.revision() + " or name " + header.name()
                            + " is taken, the last is " + last);
                }
                requirePredecessor(header);
                disk.put(snapshot);
            }
            highest = Math.max(highest, header.revision());
        }
        if (losesReplies) {
            throw new StoreUnavailableException("the reply was lost");
        }
    }

    private void requirePredecessor(SnapshotHeader header) {
        if (header.follows().isEmpty()) {
            return;
        }
        Optional<SnapshotHeader> last = disk.newestFirst().stream().findFirst();
        boolean unknown =
                last.filter(newest -> disk.unlisted.contains(newest.name())).isPresent();
        if (!unknown && !last.map(SnapshotHeader::saveId).equals(header.follows())) {
            throw new SnapshotConflictException(
                    header.name() + " follows " + header.follows().get() + ", and the last is "
                            + last.map(SnapshotHeader::toLine).orElse("none"));
        }
    }

    @Override
    public OptionalLong count() {
        reach("count");
        synchronized (disk) {
            return OptionalLong.of(disk.snapshots.size());
        }
    }

    @Override
    public Optional<Snapshot> getLast() {
        lastRead.incrementAndGet();
        reach("getLast");
        synchronized (disk) {
            List<SnapshotHeader> headers = disk.newestFirst();
            return headers.isEmpty() || lastLies
                    ? Optional.empty()
                    : Optional.of(get(headers.get(0).name()));
        }
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        reach("list");
        synchronized (disk) {
            List<SnapshotHeader> listed = disk.newestFirst().stream()
                    .filter(header -> !disk.unlisted.contains(header.name()) && request.accepts(header))
                    .skip(listLags ? 1 : 0)
                    .toList();
            int start = request.pageToken().map(Integer::parseInt).orElse(0);
            int end = Math.min(listed.size(), start + request.limit());
            List<SnapshotHeader> page = listed.subList(Math.min(start, end), end);
            return end < listed.size() ? SnapshotPage.of(page, String.valueOf(end)) : SnapshotPage.last(page);
        }
    }

    @Override
    public Snapshot get(String name) {
        reach("get");
        if (getFails) {
            throw new StoreUnavailableException("Snapshot " + name + " may not be read");
        }
        synchronized (disk) {
            Snapshot found = disk.snapshots.get(name);
            if (newestUnreadable && found != null && disk.newest() == found) {
                throw new StoreUnavailableException("Snapshot " + name + " cannot be read: Input/output error");
            }
            if (found == null) {
                throw new SnapshotNotFoundException("no snapshot " + name);
            }
            if (disk.damaged.contains(name)) {
                throw new SnapshotCorruptException("Snapshot " + name + " is damaged");
            }
            if (disk.tooNew.contains(name)) {
                throw new SnapshotFormatTooNewException("Snapshot " + name + " is of a newer format");
            }
            return found;
        }
    }

    @Override
    public boolean delete(String name) {
        reach("delete");
        if (deletesFail) {
            throw new StoreUnavailableException("cannot delete");
        }
        synchronized (disk) {
            return disk.snapshots.remove(name) != null;
        }
    }

    @Override
    public void close() {}
}
