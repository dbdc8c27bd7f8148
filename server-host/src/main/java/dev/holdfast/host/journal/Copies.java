package dev.holdfast.host.journal;

import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of the last snapshots that the store had, by when they were put here, not by revision; hard links where the store's
 * files lie on the same disk. Changed by one thread at a time, read by any.
 */
final class Copies {

    private static final Logger log = LoggerFactory.getLogger(Copies.class);
    private static final int KEPT = 3;

    private final SnapshotDirectory copies;
    private final JournalFiles files;
    private final JournalBudget room;
    private final Function<SnapshotHeader, Optional<Path>> stored;

    /** @param stored the file in which the store itself has a snapshot, if it lies on this disk */
    Copies(
            SnapshotDirectory copies,
            JournalFiles files,
            JournalBudget room,
            Function<SnapshotHeader, Optional<Path>> stored) {
        this.copies = copies;
        this.files = files;
        this.room = room;
        this.stored = stored;
    }

    /** Puts one as the newest. */
    void put(long sequence, Snapshot snapshot) throws IOException {
        SnapshotHeader header = snapshot.header();
        Optional<SnapshotDirectory.Kept> before = copies.find(header);
        if (before.isPresent() && before.get().equals(newest()) && isWhole(before.get())) {
            return;
        }
        String name = SnapshotDirectory.name(sequence, header);
        if (!link(header, copies.directory().resolve(name))) {
            files.write(copies.directory().resolve(name), FsSnapshotFormat.encode(snapshot));
        }
        added(sequence, header);
        if (before.isPresent()) {
            remove(before.get());
        }
        trim();
    }

    /** Makes the file of a snapshot that has waited until now the newest copy. */
    void takeOver(Path file, SnapshotDirectory.Kept waited, long sequence) throws IOException {
        Path copy = copies.directory().resolve(SnapshotDirectory.name(sequence, waited.header()));
        if (link(waited.header(), copy)) {
            files.delete(file);
        } else {
            files.move(file, copy);
        }
        added(sequence, waited.header());
        trim();
    }

    /** Makes a file of an older version the newest copy. */
    void takeOver(OlderSpool.Found older, long sequence) throws IOException {
        if (copies.find(older.header()).isEmpty()) {
            files.linkOrCopy(
                    older.file(), copies.directory().resolve(SnapshotDirectory.name(sequence, older.header())));
            added(sequence, older.header());
        }
    }

    private SnapshotDirectory.Kept newest() {
        List<SnapshotDirectory.Kept> all = List.copyOf(copies.all());
        return all.get(all.size() - 1);
    }

    private boolean isWhole(SnapshotDirectory.Kept file) {
        try {
            copies.read(file);
            return true;
        } catch (SnapshotStoreException e) {
            log.warn("The copy {} is written anew: {}", copies.path(file), e.getMessage());
            return false;
        }
    }

    private boolean link(SnapshotHeader header, Path copy) {
        Optional<Path> source = stored.apply(header);
        if (source.isEmpty()) {
            return false;
        }
        try {
            if (FsSnapshotFormat.header(source.get()).equals(header)) {
                files.link(source.get(), copy);
                return true;
            }
        } catch (IOException | SnapshotStoreException e) {
            log.debug("The copy of {} is written and not linked", header.name(), e);
        }
        return false;
    }

    private void added(long sequence, SnapshotHeader header) throws IOException {
        String name = SnapshotDirectory.name(sequence, header);
        long bytes = JournalFiles.ownBytes(copies.directory().resolve(name));
        copies.add(new SnapshotDirectory.Kept(name, sequence, header, bytes));
        room.use(bytes);
    }

    /** Removes those beyond the newest few. */
    void trim() throws IOException {
        List<SnapshotDirectory.Kept> all = List.copyOf(copies.all());
        for (SnapshotDirectory.Kept old : all.subList(0, Math.max(0, all.size() - KEPT))) {
            remove(old);
        }
    }

    /** Removes the oldest that takes up room, but never the newest; false if there is none. */
    boolean dropOldest() throws IOException {
        List<SnapshotDirectory.Kept> all = List.copyOf(copies.all());
        for (SnapshotDirectory.Kept old : all.subList(0, Math.max(0, all.size() - 1))) {
            if (old.bytes() > 0) {
                remove(old);
                return true;
            }
        }
        return false;
    }

    private void remove(SnapshotDirectory.Kept old) throws IOException {
        copies.remove(old);
        room.use(-old.bytes());
        files.delete(copies.path(old));
    }

    /** Those that can be read, newest first; the others are logged. */
    List<Snapshot> readable() {
        List<SnapshotDirectory.Kept> all = new ArrayList<>(copies.all());
        Collections.reverse(all);
        List<Snapshot> readable = new ArrayList<>();
        for (SnapshotDirectory.Kept file : all) {
            try {
                readable.add(copies.read(file));
            } catch (SnapshotStoreException e) {
                log.warn("A copy is passed over: {}", e.getMessage());
            }
        }
        return readable;
    }
}
