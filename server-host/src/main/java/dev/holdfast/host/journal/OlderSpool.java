package dev.holdfast.host.journal;

import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host without a journal left on this disk for a store: directories of serializer {@code fs}, that of the group {@code
 * default} directly and those of others in subdirectories.
 *
 * <pre>
 *   spool/&lt;store&gt;/pending ─▶ its snapshots go into the journal ─▶ renamed to pending.taken-over
 *                                                               ─▶ each file removed when its snapshot waits no more
 *   spool/&lt;store&gt;/copies  ─▶ the newest go into the journal    ─▶ removed
 * </pre>
 *
 * <p>Every step can be repeated: a snapshot is recognized by its header. Other groups' files move along, and are taken over
 * when a host of that group starts. Used by one thread at a time.
 */
record OlderSpool(Path spool, String group, JournalFiles files) {

    private static final Logger log = LoggerFactory.getLogger(OlderSpool.class);
    private static final String DEFAULT_GROUP = "default";

    /** A snapshot's file. */
    record Found(SnapshotHeader header, Path file) {}

    Path pending() {
        return spool.resolve("pending");
    }

    private Path takenOver() {
        return spool.resolve("pending.taken-over");
    }

    private Path own(Path directory) {
        return group.equals(DEFAULT_GROUP) ? directory : directory.resolve(group);
    }

    /** This group's waiting snapshots, in the order of the revisions. Those that cannot be read are reported, and stay. */
    List<Found> waiting(List<DamagedFile> damaged) throws IOException {
        List<Found> all = new ArrayList<>(snapshots(own(pending()), damaged));
        all.addAll(snapshots(own(takenOver()), damaged));
        all.sort(byRevision());
        return all;
    }

    /** The copies there, in the order of the revisions. */
    List<Found> copies() throws IOException {
        List<Found> all = new ArrayList<>(snapshots(own(spool.resolve("copies")), new ArrayList<>()));
        all.sort(byRevision());
        return all;
    }

    private static Comparator<Found> byRevision() {
        return Comparator.<Found>comparingLong(found -> found.header().revision())
                .thenComparing(found -> found.header().name());
    }

    private List<Found> snapshots(Path directory, List<DamagedFile> damaged) throws IOException {
        List<Found> snapshots = new ArrayList<>();
        for (Path file : named(directory)) {
            try {
                SnapshotHeader header = FsSnapshotFormat.header(file);
                if (header.group().equals(group)) {
                    snapshots.add(new Found(header, file));
                }
            } catch (SnapshotCorruptException e) {
                damaged.add(new DamagedFile(file.toString(), String.valueOf(e.getMessage())));
            } catch (IOException e) {
                damaged.add(new DamagedFile(file.toString(), "It cannot be read: " + e));
            }
        }
        return snapshots;
    }

    /** The files of a directory that have a snapshot's name; none if it is not there. */
    private static List<Path> named(Path directory) throws IOException {
        return JournalFiles.children(directory).stream()
                .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                        && SnapshotHeader.isName(String.valueOf(file.getFileName())))
                .toList();
    }

    /** The journal has what waited: moves its directory out of the way, and removes the copies. */
    void takenOver(int count) {
        try {
            if (Files.isDirectory(pending(), LinkOption.NOFOLLOW_LINKS)) {
                merge(pending(), takenOver());
                files.force(spool);
                log.info("{} snapshots that waited in {} wait in the journal now", count, pending());
            }
            removeIfSettled();
            Path copies = own(spool.resolve("copies"));
            for (Path copy : named(copies)) {
                files.delete(copy);
            }
            removeEmpty(copies, spool.resolve("copies"));
        } catch (IOException e) {
            log.error(
                    "What the older version left in {} is in the journal, and cannot be moved out of the way: {}",
                    spool,
                    e.toString());
        }
    }

    private void merge(Path from, Path to) throws IOException {
        if (!Files.exists(to, LinkOption.NOFOLLOW_LINKS)) {
            files.move(from, to);
            return;
        }
        for (Path child : JournalFiles.children(from)) {
            Path target = to.resolve(String.valueOf(child.getFileName()));
            if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                merge(child, target);
            } else {
                files.move(child, target);
            }
        }
        files.delete(from);
    }

    /** Removes the file of a snapshot that waits no more, durably, or it would be taken over again. */
    void settled(SnapshotHeader header) throws IOException {
        Path file = own(takenOver()).resolve(header.name());
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && holds(file, header)) {
            files.delete(file);
            files.force(own(takenOver()));
            removeIfSettled();
        }
    }

    private static boolean holds(Path file, SnapshotHeader header) throws IOException {
        try {
            return FsSnapshotFormat.header(file).equals(header);
        } catch (SnapshotCorruptException e) {
            log.debug("{} was damaged meanwhile, and stays", file, e);
            return false;
        }
    }

    private void removeIfSettled() throws IOException {
        if (named(own(takenOver())).isEmpty()) {
            removeEmpty(own(takenOver()), takenOver());
        }
    }

    /** Removes a group's directory and the one above it, if nothing but fs's own files is left in them. */
    private void removeEmpty(Path own, Path all) throws IOException {
        removeEmpty(own);
        removeEmpty(all);
    }

    /** Removes a directory of fs in which nothing but fs's own files is left. */
    static void removeEmpty(Path directory) throws IOException {
        if (!JournalFiles.children(directory).stream()
                        .allMatch(child -> child.endsWith(".holdfast") || child.endsWith(".chunks"))
                || !JournalFiles.children(directory.resolve(".chunks")).isEmpty()) {
            return;
        }
        for (Path hidden : JournalFiles.children(directory.resolve(".holdfast"))) {
            Files.delete(hidden);
        }
        for (Path each : List.of(directory.resolve(".holdfast"), directory.resolve(".chunks"), directory)) {
            if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) {
                Files.delete(each);
            }
        }
    }

    /** Whether snapshots of other groups wait there that no journal has yet. */
    boolean othersWait() throws IOException {
        List<Path> places = new ArrayList<>(JournalFiles.children(takenOver()));
        places.add(takenOver());
        places.remove(own(takenOver()));
        for (Path place : places) {
            if (!place.endsWith(".holdfast") && !named(place).isEmpty()) {
                return true;
            }
        }
        return false;
    }
}
