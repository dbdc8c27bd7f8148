package dev.holdfast.host.journal;

import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots that wait for the store, within the bound.
 *
 * <pre>
 *   no room ─▶ drop the copies but the newest ─▶ drop waiting ones, oldest first: never a named save, never the newest
 *           ─▶ still none, by the bound: the newest state is kept all the same, a named save is refused
 *           ─▶ still none, on the disk: the newest state gets the reserve
 * </pre>
 *
 * <p>Those between may go because a later serving state holds every earlier change. The newest stays while its successor is
 * written, as that may fail. Changed by one thread at a time, read by any.
 */
final class PendingSnapshots {

    private static final Logger log = LoggerFactory.getLogger(PendingSnapshots.class);

    private final SnapshotDirectory pending;
    private final Copies copies;
    private final JournalFiles files;
    private final JournalBudget room;
    private final Reserve reserve;
    private final Settled settled;
    private final AtomicLong dropped = new AtomicLong();
    private volatile boolean full;
    private boolean toldOfDropping;

    /** Called before the file of a snapshot that waits no more is removed. */
    interface Settled {
        void settled(SnapshotHeader header) throws IOException;
    }

    PendingSnapshots(
            SnapshotDirectory pending,
            Copies copies,
            JournalFiles files,
            JournalBudget room,
            Reserve reserve,
            Settled settled) {
        this.pending = pending;
        this.copies = copies;
        this.files = files;
        this.room = room;
        this.reserve = reserve;
        this.settled = settled;
    }

    Entry append(long sequence, Snapshot snapshot) throws IOException {
        SnapshotHeader header = snapshot.header();
        byte[] content = FsSnapshotFormat.encode(snapshot);
        boolean save = header.kind() == SnapshotKind.SAVE;
        while (!room.fits(content.length) && dropOne()) {}
        if (save && !room.fits(content.length)) {
            full = true;
            throw new JournalFullException("The named save " + header.name() + " of " + content.length
                    + " bytes finds no room in " + pending.directory() + ": " + room
                    + ", and what is there may not be dropped. Raise spool_max_size, or see to the store");
        }
        SnapshotDirectory.Kept file =
                new SnapshotDirectory.Kept(SnapshotDirectory.name(sequence, header), sequence, header, content.length);
        write(pending.path(file), content, save);
        pending.add(file);
        room.use(content.length);
        full = false;
        if (!save) {
            reserve.kept(content.length);
        }
        return new Entry(sequence, header);
    }

    /** Takes over one from a file of an older version, unless it waits already; durable after the directory's fsync. */
    void takeOver(OlderSpool.Found older, long sequence) throws IOException {
        if (pending.find(older.header()).isEmpty()) {
            String name = SnapshotDirectory.name(sequence, older.header());
            long bytes = Files.size(older.file());
            files.linkOrCopy(older.file(), pending.directory().resolve(name));
            pending.add(new SnapshotDirectory.Kept(name, sequence, older.header(), bytes));
            room.use(bytes);
        }
    }

    private void write(Path file, byte[] content, boolean save) throws IOException {
        try {
            writeOnce(file, content);
            return;
        } catch (IOException e) {
            requireFull(e);
        }
        try {
            while (dropOne()) {}
            if (!save) {
                reserve.release();
            }
            writeOnce(file, content);
        } catch (IOException e) {
            requireFull(e);
            full = true;
            throw new JournalFullException(
                    "The disk of " + pending.directory() + " is full, and nothing there may be dropped: " + file
                            + " of " + content.length
                            + " bytes finds no room. Nothing that was kept is lost: make room",
                    e);
        }
    }

    private static void requireFull(IOException failure) throws IOException {
        if (!JournalFiles.meansFull(failure)) {
            throw failure;
        }
    }

    private void writeOnce(Path file, byte[] content) throws IOException {
        try {
            files.write(file, content);
            files.force(pending.directory());
            // Some file systems report success for an fsync of a disk that is gone.
            if (Files.size(file) != content.length) {
                throw new IOException(file + " has not the size that was written");
            }
        } catch (IOException e) {
            // Nobody was told of it, so it must not come back.
            files.deleteAfter(e, file);
            throw e;
        }
    }

    private boolean dropOne() throws IOException {
        if (copies.dropOldest()) {
            return true;
        }
        Optional<SnapshotDirectory.Kept> unneeded = pending.all().stream()
                .limit(Math.max(0, pending.all().size() - 1))
                .filter(file -> file.header().kind() != SnapshotKind.SAVE)
                .findFirst();
        if (unneeded.isEmpty()) {
            return false;
        }
        remove(unneeded.get());
        dropped.incrementAndGet();
        if (!toldOfDropping) {
            toldOfDropping = true;
            log.warn(
                    "The journal in {} is full ({}): waiting snapshots are dropped, oldest first, beginning with {}. The"
                            + " newest one holds their changes, and waits on",
                    pending.directory(),
                    room,
                    unneeded.get().header().name());
        }
        return true;
    }

    private void remove(SnapshotDirectory.Kept file) throws IOException {
        settled.settled(file.header());
        files.delete(pending.path(file));
        pending.remove(file);
        room.use(-file.bytes());
        toldOfDropping &= !pending.all().isEmpty();
    }

    /** They are gone when this returns, also after the loss of power. */
    void refused(Collection<Entry> entries) throws IOException {
        for (Entry entry : entries) {
            Optional<SnapshotDirectory.Kept> file = find(entry);
            if (file.isPresent()) {
                remove(file.get());
            }
        }
        // Even for one that was dropped before, whose removal may not have reached the disk.
        files.force(pending.directory());
    }

    /** The store has it: the file becomes a copy, or goes. If a crash undoes this, it waits again, which is harmless. */
    void passed(Entry entry, long sequence) throws IOException {
        Optional<SnapshotDirectory.Kept> file = find(entry);
        if (file.isEmpty()) {
            return;
        }
        pending.remove(file.get());
        room.use(-file.get().bytes());
        toldOfDropping &= !pending.all().isEmpty();
        try {
            settled.settled(entry.header());
            copies.takeOver(pending.path(file.get()), file.get(), sequence);
        } catch (IOException e) {
            files.deleteAfter(e, pending.path(file.get()));
            throw e;
        }
    }

    private Optional<SnapshotDirectory.Kept> find(Entry entry) {
        return pending.find(SnapshotDirectory.name(entry.sequence(), entry.header()));
    }

    long dropped() {
        return dropped.get();
    }

    boolean full() {
        return full;
    }
}
