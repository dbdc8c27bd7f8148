package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Which snapshots a directory has, in order: from the index while it is right, else from the directory itself.
 *
 * <p>Readers never write. The one writer tells what it changed, and puts the index right when it finds it wrong.
 */
final class DirectoryListing {

    private static final Logger LOG = System.getLogger(DirectoryListing.class.getName());

    /** How often a reader looks again for a writer in another process to finish the moment between file and index. */
    private static final int LOOKS = 4;

    private static final long BETWEEN_LOOKS_NANOS = 200_000;

    private final Path directory;
    private final String group;
    private final Index index;
    private final AtomicBoolean toldOfIndex = new AtomicBoolean();
    private final SplittableRandom random = new SplittableRandom();

    /** The last scan, for directories where no index can be kept. */
    private volatile @Nullable Scan last;

    private record Scan(Stamp stamp, View.Scanned view) {}

    DirectoryListing(Path directory, String group, Path hidden, String boot) {
        this.directory = directory;
        this.group = group;
        this.index = new Index(hidden, boot);
    }

    /** The snapshots as they are now; none if the directory is not there. */
    View view() throws IOException {
        return Patience.with(this::look);
    }

    private View look() throws IOException {
        for (int look = 1; ; look++) {
            Stamp stamp;
            try {
                stamp = Stamp.of(directory);
            } catch (NoSuchFileException e) {
                return new View.Scanned(List.of(), Set.of(), Set.of());
            }
            try {
                View view = trusted(stamp);
                if (view != null) {
                    return view;
                }
            } catch (IndexDamagedException e) {
                // A writer in another process may be about to finish it.
                if (look == LOOKS) {
                    passedOver(e);
                }
            }
            if (look == LOOKS) {
                return scan();
            }
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
        }
    }

    /** The snapshots as the files say, without looking at the index. */
    View.Scanned truth() throws IOException {
        last = null;
        return Patience.with(() -> scan(Map.of()));
    }

    /** Tells, once, of a file of the index that is of no use: answers are the same without it, and slower. */
    void passedOver(IndexDamagedException e) {
        LOG.log(Level.DEBUG, "The index of {0} is passed over: {1}", directory, e.getMessage());
        if (e.file().isPresent() && !toldOfIndex.getAndSet(true)) {
            String told = isGone(directory)
                    ? gone(directory)
                    : "The index of " + directory + " is not used: " + e.getMessage()
                            + ". Snapshots are safe, and found more slowly. The next save makes the index anew; where it"
                            + " cannot, give " + e.file().get() + " to the user of the host or remove it";
            LOG.log(Level.WARNING, "{0}", told);
        }
    }

    /** Whether there is no directory any more where there was one. */
    static boolean isGone(Path directory) {
        return !Files.isDirectory(directory);
    }

    static String gone(Path directory) {
        return "Directory " + directory
                + " was removed, or something else stands in its place: the snapshots that were in it"
                + " are gone from there. Put the directory back";
    }

    private @Nullable View trusted(Stamp stamp) throws IOException {
        Scan scan = last;
        if (scan != null && scan.stamp.equals(stamp)) {
            return scan.view;
        }
        try {
            return index.view(stamp);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private View.Scanned scan() throws IOException {
        Map<String, Entry> hints = new HashMap<>();
        try {
            for (Entry entry : index.hints()) {
                hints.put(entry.name(), entry);
            }
        } catch (IndexDamagedException e) {
            passedOver(e);
        }
        return scan(hints);
    }

    private View.Scanned scan(Map<String, Entry> hints) throws IOException {
        Stamp stamp = Stamp.of(directory);
        boolean settled = stamp.settled(Instant.now());
        List<Entry> entries = new ArrayList<>();
        Set<String> unreadable = new HashSet<>();
        Set<String> inaccessible = new HashSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path path : files) {
                String name = path.getFileName().toString();
                if (!SnapshotHeader.isName(name)) {
                    continue;
                }
                Entry hint = hints.get(name);
                if (hint != null) {
                    entries.add(hint);
                    continue;
                }
                SnapshotFile file = SnapshotFile.of(path, group);
                if (file.listed() && file.header() != null) {
                    entries.add(Entry.of(file.header()));
                } else if (file.state() == SnapshotFile.State.UNREADABLE
                        || file.state() == SnapshotFile.State.TOO_NEW) {
                    unreadable.add(name);
                } else if (file.state() == SnapshotFile.State.INACCESSIBLE) {
                    inaccessible.add(name);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(entries);
        View.Scanned view = new View.Scanned(entries, unreadable, inaccessible);
        // That a file can be read again changes no directory.
        last = settled && inaccessible.isEmpty() ? new Scan(stamp, view) : null;
        return view;
    }

    /** How many snapshots and ruins of such there are, and files that may be either; without a look at the index. */
    long count() throws IOException {
        return Patience.with(() -> {
            long count = 0;
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                for (Path path : files) {
                    if (SnapshotHeader.isName(path.getFileName().toString())) {
                        SnapshotFile file = SnapshotFile.of(path, group);
                        count += file.counts() || file.state() == SnapshotFile.State.INACCESSIBLE ? 1 : 0;
                    }
                }
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            } catch (NoSuchFileException e) {
                return 0L;
            }
            return count;
        });
    }

    // The writer's part. A failure to write the index is no failure of a save: it is then wrong, which readers see.

    /** Reads the directory's names and writes the index anew. */
    View refresh(boolean trustHints) throws IOException {
        Stamp stamp = Stamp.mark(directory, random);
        View.Scanned view = trustHints ? scan() : scan(Map.of());
        if (!view.inaccessible().isEmpty()) {
            // Its place in the order is not known, and would be missing from the index when it can be read again.
            return view;
        }
        last = null;
        index.replace(view, stamp);
        View indexed = index.view(Stamp.of(directory));
        return indexed != null ? indexed : view;
    }

    /** The writer has added a snapshot of the highest revision. */
    void added(Entry entry, View before) throws IOException {
        index.append(entry, before.size(), before.unreadable(), Stamp.mark(directory, random));
    }

    /** The writer has replaced or removed the file of a name. */
    void changed(String name, View before) throws IOException {
        Set<String> unreadable = new HashSet<>(before.unreadable());
        unreadable.remove(name);
        index.restamp(before.size(), unreadable, Stamp.mark(directory, random));
    }

    /** Makes the index void, where it could not be put right. */
    void forget() throws IOException {
        last = null;
        index.forget();
    }
}
