package dev.holdfast.host.journal;

import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of the journal's directories of snapshots: the files by their names, in order. Changed by one thread at a time, read
 * by any.
 */
final class SnapshotDirectory {

    private static final Pattern NUMBERED = Pattern.compile("([0-9]{12})-(.+)");
    private static final Pattern PLAIN = Pattern.compile("()(.+)");

    private final Path directory;
    private final String group;
    private final Pattern form;
    private final ConcurrentSkipListMap<String, Kept> files = new ConcurrentSkipListMap<>();

    /**
     * A snapshot's file.
     *
     * @param name the file's
     * @param sequence 0 where the files of the directory have none
     * @param bytes those that it takes for the journal
     */
    record Kept(String name, long sequence, SnapshotHeader header, long bytes) {}

    private SnapshotDirectory(Path directory, String group, Pattern form) {
        this.directory = directory;
        this.group = group;
        this.form = form;
    }

    /** One whose files begin with their place in the journal's order. */
    static SnapshotDirectory inOrder(Path directory, String group) {
        return new SnapshotDirectory(directory, group, NUMBERED);
    }

    /** One whose files have the names of their snapshots. */
    static SnapshotDirectory byName(Path directory, String group) {
        return new SnapshotDirectory(directory, group, PLAIN);
    }

    static String name(long sequence, SnapshotHeader header) {
        return String.format(Locale.ROOT, "%012d-%s", sequence, header.name());
    }

    /**
     * Reads the headers of all files.
     *
     * @return the files that are no entries
     */
    List<DamagedFile> scan() throws IOException {
        List<DamagedFile> damaged = new ArrayList<>();
        for (Path file : JournalFiles.children(directory)) {
            try {
                add(kept(file));
            } catch (SnapshotCorruptException e) {
                damaged.add(new DamagedFile(file.toString(), String.valueOf(e.getMessage())));
            } catch (IOException e) {
                damaged.add(new DamagedFile(file.toString(), "It cannot be read: " + e));
            }
        }
        return damaged;
    }

    private Kept kept(Path file) throws IOException {
        Matcher name = form.matcher(String.valueOf(file.getFileName()));
        if (!name.matches()) {
            throw new SnapshotCorruptException("File " + file + " has no name of the journal");
        }
        SnapshotHeader header = FsSnapshotFormat.header(file);
        if (!header.name().equals(name.group(2)) || !header.group().equals(group)) {
            throw new SnapshotCorruptException(
                    "File " + file + " has snapshot " + header.name() + " of group " + header.group());
        }
        long sequence = name.group(1).isEmpty() ? 0 : Long.parseLong(name.group(1));
        return new Kept(name.group(), sequence, header, JournalFiles.ownBytes(file));
    }

    /** The highest number that a file's name begins with, whatever the file is. */
    long highest() throws IOException {
        long highest = 0;
        for (Path file : JournalFiles.children(directory)) {
            Matcher name = NUMBERED.matcher(String.valueOf(file.getFileName()));
            highest = name.matches() ? Math.max(highest, Long.parseLong(name.group(1))) : highest;
        }
        return highest;
    }

    void add(Kept file) {
        files.put(file.name(), file);
    }

    void remove(Kept file) {
        files.remove(file.name());
    }

    /** Oldest first, by their names; reflects later changes. */
    Collection<Kept> all() {
        return Collections.unmodifiableCollection(files.values());
    }

    Optional<Kept> find(SnapshotHeader header) {
        return files.values().stream()
                .filter(file -> file.header().equals(header))
                .findFirst();
    }

    Optional<Kept> find(String name) {
        return Optional.ofNullable(files.get(name));
    }

    /** Whether the newest file is there, or there is none. */
    boolean hasNewest() {
        Map.Entry<String, Kept> newest = files.lastEntry();
        return newest == null || Files.exists(path(newest.getValue()));
    }

    boolean isWhole() {
        return files.values().stream().allMatch(file -> Files.exists(path(file)));
    }

    /** Forgets the files that are gone; returns the bytes that they took. */
    long forgetMissing() {
        long bytes = 0;
        for (Kept file : List.copyOf(files.values())) {
            if (!Files.exists(path(file))) {
                remove(file);
                bytes += file.bytes();
            }
        }
        return bytes;
    }

    Path directory() {
        return directory;
    }

    Path path(Kept file) {
        return directory.resolve(file.name());
    }

    /**
     * The snapshot, checked.
     *
     * @throws SnapshotNotFoundException if the file is gone
     * @throws SnapshotCorruptException if it is damaged
     * @throws dev.holdfast.sdk.SnapshotFormatTooNewException if a later version wrote it
     * @throws StoreUnavailableException if the disk does not give it
     */
    Snapshot read(Kept file) {
        return read(path(file), file.header().name());
    }

    static Snapshot read(Path file, String name) {
        try {
            return Uninterrupted.get(() -> FsSnapshotFormat.read(file));
        } catch (NoSuchFileException e) {
            throw SnapshotNotFoundException.of(name, file.toString());
        } catch (IOException e) {
            throw new StoreUnavailableException("Snapshot " + name + " cannot be read from " + file + ": " + e, e);
        }
    }
}
