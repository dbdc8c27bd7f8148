package dev.holdfast.host.journal;

import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts of an open journal, each of which has one of its directories. Used by one thread at a time. */
final class JournalParts {

    private static final Logger log = LoggerFactory.getLogger(JournalParts.class);

    private static final List<String> PARTS = List.of("temp", "pending", "copies", "pins", "aside");

    final Path directory;
    final String group;
    final JournalBudget room;
    final SnapshotDirectory pending;
    final SnapshotDirectory copied;
    final Copies copies;
    final DivergenceFiles sides;
    final PendingSnapshots waiting;
    final DowngradeGuard guard;
    final OlderChunks olderChunks;
    final List<DamagedFile> damaged = new ArrayList<>();
    private final JournalFiles files;
    private final Reserve reserve;
    private final OlderSpool older;
    private long sequence;

    /**
     * Makes what is missing, scans what is there, and takes over what an older version left.
     *
     * @param spool where that version kept snapshots of the store
     */
    static JournalParts open(
            Path directory,
            Path spool,
            String group,
            long maxBytes,
            Function<SnapshotHeader, Optional<Path>> stored,
            JournalFiles.Steps steps,
            int reserve)
            throws IOException {
        JournalFiles files = new JournalFiles(directory.resolve("temp"), steps);
        makeDirectories(directory, files);
        files.clearTemps();
        requireWritableOrFull(files);
        JournalParts parts = new JournalParts(directory, spool, group, maxBytes, stored, files, reserve);
        parts.scan();
        parts.takeOver();
        parts.reserve.take();
        parts.damaged.forEach(
                file -> log.error("{} is left where it is, and passed over: {}", file.file(), file.reason()));
        return parts;
    }

    /** Of a journal that cannot be used: nothing is scanned or made. */
    static JournalParts unusable(Path directory, Path spool, String group, JournalException why) {
        JournalFiles files = new JournalFiles(directory.resolve("temp"), (step, file) -> {});
        JournalParts parts = new JournalParts(directory, spool, group, 1, header -> Optional.empty(), files, 0);
        parts.damaged.add(new DamagedFile(directory.toString(), String.valueOf(why.getMessage())));
        return parts;
    }

    private JournalParts(
            Path directory,
            Path spool,
            String group,
            long maxBytes,
            Function<SnapshotHeader, Optional<Path>> stored,
            JournalFiles files,
            int reserveBytes) {
        this.directory = directory;
        this.group = group;
        this.files = files;
        room = new JournalBudget("Journal " + directory, maxBytes);
        reserve = new Reserve(directory.resolve("reserve"), files, reserveBytes);
        older = new OlderSpool(spool, group, files);
        olderChunks = new OlderChunks(spool, group);
        pending = SnapshotDirectory.inOrder(directory.resolve("pending"), group);
        copied = SnapshotDirectory.inOrder(directory.resolve("copies"), group);
        copies = new Copies(copied, files, room, stored);
        sides = new DivergenceFiles(
                directory.resolve("pins"), SnapshotDirectory.byName(directory.resolve("aside"), group), files, room);
        waiting = new PendingSnapshots(pending, copies, files, room, reserve, older::settled);
        guard = new DowngradeGuard(older.pending(), pending.directory(), files);
    }

    /** A journal on a full disk opens: its reserve has room for the newest state. */
    private static void requireWritableOrFull(JournalFiles files) throws IOException {
        try {
            files.requireWritable();
        } catch (IOException e) {
            if (!JournalFiles.meansFull(e)) {
                throw e;
            }
        }
    }

    void requireWritable() throws IOException {
        files.requireWritable();
    }

    private static void makeDirectories(Path directory, JournalFiles files) throws IOException {
        for (String part : PARTS) {
            files.makeDirectories(directory.resolve(part));
        }
    }

    /** Whether its directories and the newest that waits are there. */
    boolean isThere() {
        return PARTS.stream().allMatch(part -> Files.isDirectory(directory.resolve(part))) && pending.hasNewest();
    }

    /** Whether its directories and all that waits are there. */
    boolean isWhole() {
        return isThere() && pending.isWhole();
    }

    /** Makes the directories again, and forgets what was in them. */
    void makeAgain() throws IOException {
        makeDirectories(directory, files);
        room.use(-pending.forgetMissing());
        room.use(-copied.forgetMissing());
        sides.forgetMissing();
        reserve.take();
    }

    private void scan() throws IOException {
        damaged.addAll(pending.scan());
        damaged.addAll(copied.scan());
        damaged.addAll(sides.scan());
        pending.all().forEach(file -> room.use(file.bytes()));
        copied.all().forEach(file -> room.use(file.bytes()));
        copies.trim();
        sequence = Math.max(pending.highest(), copied.highest());
    }

    private void takeOver() throws IOException {
        List<OlderSpool.Found> found = older.waiting(damaged);
        for (OlderSpool.Found snapshot : found) {
            waiting.takeOver(snapshot, next());
        }
        if (!found.isEmpty()) {
            files.force(pending.directory());
        }
        takeOverCopies();
        older.takenOver(found.size());
        guard.begin(!pending.all().isEmpty(), othersWait());
    }

    private void takeOverCopies() {
        try {
            if (copied.all().isEmpty()) {
                for (OlderSpool.Found snapshot : older.copies()) {
                    copies.takeOver(snapshot, next());
                }
                copies.trim();
            }
        } catch (IOException e) {
            log.warn("The copies that an older version kept cannot be taken over: {}", e.toString());
        }
    }

    /** Whether snapshots of other groups may wait for the same store. */
    private boolean othersWait() {
        try {
            for (Path other : JournalFiles.children(directory.resolve(".."))) {
                if (!other.endsWith(group)
                        && !JournalFiles.children(other.resolve("pending")).isEmpty()) {
                    return true;
                }
            }
            return older.othersWait();
        } catch (IOException e) {
            log.warn("Whether snapshots of other groups wait beside {} cannot be read: {}", directory, e.toString());
            return true;
        }
    }

    /** The next place in the journal's order. */
    long next() {
        return ++sequence;
    }
}
