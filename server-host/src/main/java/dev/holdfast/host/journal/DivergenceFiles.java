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
 * The sides of a divergence, one file for each role, and what lost by decisions, each under its name. Nothing here is ever
 * dropped to make room. Changed by one thread at a time, read by any.
 */
final class DivergenceFiles {

    private final Path pins;
    private final SnapshotDirectory aside;
    private final JournalFiles files;
    private final JournalBudget room;

    DivergenceFiles(Path pins, SnapshotDirectory aside, JournalFiles files, JournalBudget room) {
        this.pins = pins;
        this.aside = aside;
        this.files = files;
        this.room = room;
    }

    /** Counts what is there, and tells what cannot be read. */
    List<DamagedFile> scan() throws IOException {
        List<DamagedFile> damaged = new ArrayList<>(aside.scan());
        aside.all().forEach(file -> room.use(file.bytes()));
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

    /** Forgets what lay aside in files that are not there any more; of the pins the next start counts the bytes anew. */
    void forgetMissing() {
        room.use(-aside.forgetMissing());
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
        Path file = aside.directory().resolve(header.name());
        Optional<SnapshotDirectory.Kept> there = aside.find(header.name());
        if (there.isPresent() && !there.get().header().equals(header)) {
            throw new JournalException("Snapshot " + header.name() + " cannot be set aside: " + file
                    + " holds another one of that name; restore or delete that one first");
        }
        byte[] content = FsSnapshotFormat.encode(snapshot);
        files.write(file, content);
        files.force(aside.directory());
        there.ifPresent(before -> room.use(-before.bytes()));
        room.use(content.length);
        aside.add(new SnapshotDirectory.Kept(header.name(), 0, header, content.length));
    }

    /** Newest first. */
    List<SnapshotHeader> aside() {
        return aside.all().stream()
                .map(SnapshotDirectory.Kept::header)
                .sorted(Comparator.comparing(SnapshotHeader::createdOn)
                        .thenComparing(SnapshotHeader::name)
                        .reversed())
                .toList();
    }

    Snapshot aside(String name) {
        return aside.read(aside.find(name)
                .orElseThrow(() ->
                        SnapshotNotFoundException.of(name, aside.directory().toString())));
    }

    boolean deleteAside(String name) throws IOException {
        Optional<SnapshotDirectory.Kept> file = aside.find(name);
        if (file.isEmpty()) {
            return false;
        }
        files.delete(aside.path(file.get()));
        files.force(aside.directory());
        aside.remove(file.get());
        room.use(-file.get().bytes());
        return true;
    }
}
