package dev.holdfast.host.journal;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host keeps on its own disk of one group's snapshots in one store.
 *
 * <pre>
 *   append ─▶ pending ── passed ──▶ one of the three newest copies
 *                  └──── refused ─▶ gone
 *   copy ─────────────────────────▶ one of the three newest copies
 *   pin, setAside ────────────────▶ kept until unpin, deleteAside
 * </pre>
 *
 * <p>It has an order of its own and compares no revisions, so the store's history does not matter here. A file that cannot be
 * read costs that one snapshot; it is logged, told by {@link #damaged}, and left alone.
 *
 * <p>One process uses it at a time, which is the caller's duty. Any thread may call any method; readers do not wait for
 * writers. Where a change fails, a {@link JournalException} says why, and it may be tried again.
 */
public final class Journal implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Journal.class);
    private static final int RESERVE = 1024 * 1024;

    private final JournalParts parts;
    private final ReentrantLock changing = new ReentrantLock();
    private volatile boolean copiesFail;
    private boolean closed;
    private final Optional<JournalException> unusable;

    private Journal(JournalParts parts, Optional<JournalException> unusable) {
        this.parts = parts;
        this.unusable = unusable;
    }

    /**
     * Opens the journal of a store and a group; makes it if it is missing.
     *
     * @param logLocation below which it lies, in {@code journal/<store>/<group>}
     * @param maxBytes the bound
     * @param stored the file in which the store keeps a snapshot, if on the same disk: a copy is then a hard link
     * @throws JournalException if its directory cannot be read or written; the host can do without, and has to say so
     */
    public static Journal open(
            Path logLocation,
            String store,
            String group,
            long maxBytes,
            Function<SnapshotHeader, Optional<Path>> stored) {
        return open(logLocation, store, group, maxBytes, stored, (step, file) -> {}, RESERVE);
    }

    /** Stands in for a journal that cannot be used: it holds nothing, and refuses everything with the reason. */
    public static Journal without(Path logLocation, String store, String group, JournalException why) {
        Path directory =
                logLocation.resolve("journal").resolve(store).resolve(group).toAbsolutePath();
        Path spool = logLocation.resolve("spool").resolve(store);
        return new Journal(JournalParts.unusable(directory, spool, group, why), Optional.of(why));
    }

    /** Whether it can be used. */
    public boolean isUsable() {
        return unusable.isEmpty();
    }

    static Journal open(
            Path logLocation,
            String store,
            String group,
            long maxBytes,
            Function<SnapshotHeader, Optional<Path>> stored,
            JournalFiles.Steps steps,
            int reserve) {
        Path directory =
                logLocation.resolve("journal").resolve(store).resolve(group).toAbsolutePath();
        Path spool = logLocation.resolve("spool").resolve(store);
        try {
            return Uninterrupted.get(() -> new Journal(
                    JournalParts.open(directory, spool, group, maxBytes, stored, steps, reserve), Optional.empty()));
        } catch (IOException e) {
            throw new JournalException(
                    "Journal " + directory + " cannot be used: " + e
                            + ". This host needs to read and write there: check"
                            + " the disk, the mount, the owner and the mode",
                    e);
        }
    }

    /** Takes the guard down when nothing waits any more. */
    private void guard() {
        if (parts.pending.all().isEmpty()) {
            parts.guard.down();
        }
    }

    /**
     * Keeps a snapshot until the store has passed it or refused it; durable when this returns.
     *
     * @throws JournalFullException if it finds no room. A snapshot that is no named save does so only on a disk that is full.
     * @throws JournalException if it cannot be written; it is not kept then
     */
    public Entry append(Snapshot snapshot) {
        snapshot.header().requireGroup(parts.group);
        return change("Snapshot " + snapshot.header().name() + " cannot be kept in " + parts.directory, () -> {
            parts.guard.up();
            try {
                return parts.waiting.append(parts.next(), snapshot);
            } finally {
                guard();
            }
        });
    }

    /** @throws JournalException if nothing can be written there now; writes a byte to find out */
    public void requireWritable() {
        change("Nothing can be written to " + parts.directory, () -> {
            parts.requireWritable();
            return true;
        });
    }

    /** Whether its directories and the newest that waits are there; costs the same however much waits. */
    public boolean isThere() {
        return unusable.isPresent() || parts.isThere();
    }

    /**
     * Makes the journal's directories again where somebody has removed them, and forgets what was in them.
     *
     * @return whether anything was missing
     */
    public boolean mend() {
        if (unusable.isPresent() || parts.isWhole()) {
            return false;
        }
        try {
            return change("Journal " + parts.directory + " was removed and cannot be made again", () -> {
                parts.makeAgain();
                log.error(
                        "Journal {} was removed while the host ran; it is made again, and what waited in it alone is lost",
                        parts.directory);
                return true;
            });
        } catch (JournalException e) {
            log.debug("Whoever writes into the journal is told", e);
            return false;
        }
    }

    /** What waits, oldest first; without entries whose header cannot be read. */
    public List<Entry> pending() {
        return parts.pending.all().stream()
                .map(file -> new Entry(file.sequence(), file.header()))
                .toList();
    }

    /**
     * The snapshot of an entry, checked.
     *
     * @throws SnapshotNotFoundException if it waits no more
     * @throws SnapshotStoreException if it is damaged, of a later format, or cannot be read now
     */
    public Snapshot read(Entry entry) {
        String name = entry.header().name();
        return parts.pending.read(parts.pending
                .find(SnapshotDirectory.name(entry.sequence(), entry.header()))
                .orElseThrow(() -> SnapshotNotFoundException.of(
                        name, parts.pending.directory().toString())));
    }

    /** The store has what waited, which becomes the newest copy. A failure is logged, and costs only the copy. */
    public void passed(Entry entry) {
        attempt(entry.header(), () -> {
            try {
                parts.waiting.passed(entry, parts.next());
            } finally {
                guard();
            }
        });
    }

    /**
     * Removes what waited, for good: it does not come back, not even after the loss of power.
     *
     * @throws JournalException if that is not certain; then nobody may be told that it was refused
     */
    public void refused(Entry entry) {
        refused(List.of(entry));
    }

    /** The same for several, in one step. */
    public void refused(Collection<Entry> entries) {
        change("What was refused cannot be removed from " + parts.directory, () -> {
            parts.waiting.refused(entries);
            guard();
            return true;
        });
    }

    /** Keeps a copy of a snapshot that the store has; the three copies put last stay. A failure is logged. */
    public void copy(Snapshot snapshot) {
        attempt(snapshot.header(), () -> parts.copies.put(parts.next(), snapshot));
    }

    /** The copies that can be read, the one put last first. */
    public List<Snapshot> copies() {
        return parts.copies.readable();
    }

    /** Keeps a side of a divergence, in place of what had its role; durable when this returns. */
    public void pin(Pin role, Snapshot snapshot) {
        change("Snapshot " + snapshot.header().name() + " cannot be pinned in " + parts.directory, () -> {
            parts.sides.pin(role, snapshot);
            return true;
        });
    }

    /** @throws SnapshotStoreException if it is damaged, or cannot be read now */
    public Optional<Snapshot> pinned(Pin role) {
        return parts.sides.pinned(role);
    }

    /** Removes what has a role, if anything has. */
    public void unpin(Pin role) {
        change("The pin " + role.word() + " cannot be removed from " + parts.directory, () -> {
            parts.sides.unpin(role);
            return true;
        });
    }

    /** Keeps what lost by a decision, under its name, until it is deleted; durable when this returns. */
    public void setAside(Snapshot snapshot) {
        snapshot.header().requireGroup(parts.group);
        change("Snapshot " + snapshot.header().name() + " cannot be set aside in " + parts.directory, () -> {
            parts.sides.setAside(snapshot);
            return true;
        });
    }

    /** What was set aside, newest first. */
    public List<SnapshotHeader> aside() {
        return parts.sides.aside();
    }

    /**
     * One that was set aside.
     *
     * @throws SnapshotNotFoundException if there is none of that name
     * @throws SnapshotStoreException if it is damaged, or cannot be read now
     */
    public Snapshot aside(String name) {
        return parts.sides.aside(name);
    }

    /** Deletes one that was set aside; false if there is none of that name. */
    public boolean deleteAside(String name) {
        return change(
                "Snapshot " + name + " cannot be removed from " + parts.directory, () -> parts.sides.deleteAside(name));
    }

    /**
     * Every snapshot here, to find out which learned states are needed. Damaged ones are left out, as nothing can be restored
     * from them.
     *
     * @throws SnapshotStoreException if one cannot be read for another reason; then it is not known what is needed
     */
    public List<Snapshot> all() {
        List<Supplier<Snapshot>> all = new ArrayList<>();
        parts.pending.all().forEach(file -> all.add(() -> parts.pending.read(file)));
        parts.copied.all().forEach(file -> all.add(() -> parts.copied.read(file)));
        aside().forEach(header -> all.add(() -> aside(header.name())));
        for (Pin role : Pin.values()) {
            all.add(() -> pinned(role).orElseThrow(() -> SnapshotNotFoundException.of(role.word(), "the journal")));
        }
        List<Snapshot> readable = new ArrayList<>();
        for (Supplier<Snapshot> one : all) {
            try {
                readable.add(one.get());
            } catch (SnapshotNotFoundException e) {
                log.debug("One has gone meanwhile, or was not there", e);
            } catch (SnapshotCorruptException e) {
                log.warn("What a damaged snapshot of the journal needs is not known: {}", e.getMessage());
            }
        }
        return readable;
    }

    /** The journal's chunks; opened once. */
    KeptChunks chunks(ChunkContent content, boolean keepCopies) {
        KeptChunks chunks = new KeptChunks(parts.directory, parts.room, content, keepCopies);
        try {
            chunks.begin(parts.olderChunks);
            return chunks;
        } catch (IOException | SnapshotStoreException e) {
            chunks.close();
            throw new JournalException("The chunks in " + parts.directory + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** The files that could not be read when the journal was opened. */
    public List<DamagedFile> damaged() {
        return List.copyOf(parts.damaged);
    }

    /** How full it is. */
    public JournalSize size() {
        return new JournalSize(
                parts.room.used(),
                parts.room.limit(),
                parts.pending.all().size(),
                parts.waiting.dropped(),
                parts.damaged.size(),
                parts.waiting.full());
    }

    private interface Step {
        void run() throws IOException;
    }

    private void attempt(SnapshotHeader header, Step step) {
        try {
            change("The copy of snapshot " + header.name() + " cannot be kept in " + parts.directory, () -> {
                step.run();
                copiesFail = false;
                return true;
            });
        } catch (JournalException e) {
            if (copiesFail) {
                log.debug("{}", e.getMessage());
            } else {
                copiesFail = true;
                log.warn("{}; the snapshot itself is in the store", e.getMessage());
            }
        }
    }

    private <T> T change(String failure, Uninterrupted.Work<T> work) {
        changing.lock();
        try {
            if (closed) {
                throw new IllegalStateException("Journal " + parts.directory + " is closed");
            }
            if (unusable.isPresent()) {
                throw new JournalException(String.valueOf(unusable.get().getMessage()), unusable.get());
            }
            return Uninterrupted.get(work);
        } catch (IOException e) {
            if (JournalFiles.meansFull(e)) {
                throw new JournalFullException(failure + ": the disk is full (" + e + "). Make room", e);
            }
            throw new JournalException(failure + ": " + e, e);
        } finally {
            changing.unlock();
        }
    }

    /** Waits for a change under way; reading goes on. */
    @Override
    public void close() {
        changing.lock();
        try {
            closed = true;
        } finally {
            changing.unlock();
        }
    }
}
