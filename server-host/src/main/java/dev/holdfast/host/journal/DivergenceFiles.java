package dev.holdfast.host.journal;

import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The sides of a divergence, one file for each role, and what lost by decisions, each under its name. None of it is dropped
 * to make room. Changed by one thread at a time, read by any.
 */
record DivergenceFiles(Path pins, SnapshotDirectory losers, JournalFiles files, JournalBudget room) {

    /** Counts what is there; returns what cannot be read. */
    List<DamagedFile> scan() throws IOException {
        List<DamagedFile> damaged = new ArrayList<>(losers.scan());
        losers.all().forEach(file -> room.use(file.bytes()));
        for (Pin role : Pin.values()) {
            Path file = pins.resolve(role.word());
            try {
                if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                    FsSnapshotFormat.header(file);
                    room.use(JournalFiles.ownBytes(file));
                }
            } catch (IOException | RuntimeException e) {
                damaged.add(new DamagedFile(file.toString(), String.valueOf(e.getMessage())));
            }
        }
        return damaged;
    }

    /** Forgets what lay aside in files that are gone; the bytes of pins are counted anew by the next start. */
    void forgetMissing() {
        room.use(-losers.forgetMissing());
    }

    void pin(Pin role, Snapshot snapshot) throws IOException {
        Path file = pins.resolve(role.word());
        byte[] content = FsSnapshotFormat.encode(snapshot);
        long before = JournalFiles.ownBytes(file);
        files.write(file, content);
        room.use(content.length - before);
        files.force(pins);
    }

    Optional<Snapshot> pinned(Pin role) {
        try {
            return Optional.of(SnapshotDirectory.read(pins.resolve(role.word()), role.word()));
        } catch (SnapshotNotFoundException e) {
            return Optional.empty();
        }
    }

    void unpin(Pin role) throws IOException {
        Path file = pins.resolve(role.word());
        long bytes = JournalFiles.ownBytes(file);
        if (files.delete(file)) {
            room.use(-bytes);
        }
        files.force(pins);
    }

    void setAside(Snapshot snapshot) throws IOException {
        SnapshotHeader header = snapshot.header();
        Path file = losers.directory().resolve(header.name());
        Optional<SnapshotDirectory.Kept> there = losers.find(header.name());
        if (there.isPresent() && !there.get().header().equals(header)) {
            throw new JournalException("Snapshot " + header.name() + " cannot be set aside: " + file
                    + " holds another one of that name; restore or delete that one first");
        }
        byte[] content = FsSnapshotFormat.encode(snapshot);
        files.write(file, content);
        files.force(losers.directory());
        there.ifPresent(before -> room.use(-before.bytes()));
        room.use(content.length);
        losers.add(new SnapshotDirectory.Kept(header.name(), 0, header, content.length));
    }

    /** Newest first. */
    List<SnapshotHeader> aside() {
        return losers.all().stream()
                .map(SnapshotDirectory.Kept::header)
                .sorted(Comparator.comparing(SnapshotHeader::createdOn)
                        .thenComparing(SnapshotHeader::name)
                        .reversed())
                .toList();
    }

    Snapshot aside(String name) {
        return losers.read(losers.find(name)
                .orElseThrow(() ->
                        SnapshotNotFoundException.of(name, losers.directory().toString())));
    }

    boolean deleteAside(String name) throws IOException {
        Optional<SnapshotDirectory.Kept> file = losers.find(name);
        if (file.isEmpty()) {
            return false;
        }
        files.delete(losers.path(file.get()));
        files.force(losers.directory());
        losers.remove(file.get());
        room.use(-file.get().bytes());
        return true;
    }
}
