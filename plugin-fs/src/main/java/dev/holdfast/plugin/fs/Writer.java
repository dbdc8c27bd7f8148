package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of a directory. It lives from the first save to the close; one thread at a time is in it.
 *
 * <pre>
 *   write .holdfast/temp-…  ─▶  fsync it  ─▶  link it under its name  ─▶  index  ─▶  fsync the directory  ─▶  look at it again  ─▶  return
 *                                             (fails if the name is there)
 * </pre>
 *
 * <p>The temporary file lies in the hidden directory of the same file system, so that the directory itself changes once a
 * save. After a power cut at any point a name leads to a whole file or is not there.
 */
final class Writer implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Writer.class.getName());
    static final String TEMP = "temp-";
    /** Lines of removed snapshots that the index may carry before it is written anew. */
    private static final int STALE = 1000;

    private final Path directory;
    private final Path hidden;
    private final String group;
    private final DirectoryListing catalog;
    private final Lock publishing;
    private final WriterLock lock;
    private final boolean links;
    /** The snapshot that this writer published last: while it is the newest, what it is need not be read. */
    private @Nullable SnapshotHeader newest;

    private int stale;
    private boolean warned;

    /**
     * Takes the lock, clears what dead processes left, and puts the index right.
     *
     * @param publishing held for the moment between a file and its line in the index, in which no reader of this process
     *     should look
     */
    Writer(Path directory, Path hidden, String group, String host, DirectoryListing catalog, Lock publishing)
            throws IOException {
        this.directory = directory;
        this.hidden = hidden;
        this.group = group;
        this.catalog = catalog;
        this.publishing = publishing;
        Disk.makeDirectories(directory);
        Disk.makeDirectory(hidden);
        lock = WriterLock.take(hidden, host);
        boolean ready = false;
        try {
            clearLeftovers();
            links = canLink();
            // A name that a killed writer left without this is visible, and must not vanish under a later one.
            Disk.forceDirectory(directory);
            refresh().close();
            ready = true;
        } finally {
            if (!ready) {
                lock.close();
            }
        }
    }

    private void clearLeftovers() throws IOException {
        for (Path leftover : Patience.with(this::leftovers)) {
            try {
                Files.deleteIfExists(leftover);
            } catch (IOException e) {
                // It takes room and hinders no save: the next name is another one.
                LOG.log(Level.WARNING, "{0} is of no use and could not be removed: {1}", leftover, e);
            }
        }
    }

    private List<Path> leftovers() throws IOException {
        List<Path> leftovers = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(hidden, TEMP + "*")) {
            files.forEach(leftovers::add);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return leftovers;
    }

    /** Some file systems have no hard links; some report that as a failure like any other, so it is tried. */
    private boolean canLink() throws IOException {
        Path from = hidden.resolve(TEMP + "probe");
        Path to = hidden.resolve(TEMP + "probe-link");
        try {
            Disk.writeInPlace(from, new byte[0], 0);
            Files.createLink(to, from);
            return true;
        } catch (UnsupportedOperationException | IOException e) {
            LOG.log(Level.DEBUG, () -> "No hard links in " + directory + ": names are checked, then moved to", e);
            return false;
        } finally {
            deleteProbe(to);
            deleteProbe(from);
        }
    }

    private static void deleteProbe(Path probe) {
        try {
            Patience.with(() -> Files.deleteIfExists(probe));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "The next writer clears {0} away, if it can: {1}", probe, e);
        }
    }

    /** The index put right, or the directory's own view where no index can be written. */
    private View refresh() throws IOException {
        try {
            stale = 0;
            return catalog.refresh(true);
        } catch (IOException e) {
            indexFailed(e);
            return catalog.truth();
        }
    }

    private View view() throws IOException {
        View view = catalog.view();
        if (view.indexed()) {
            return view;
        }
        view.close();
        return refresh();
    }

    /** @param highest the highest revision that this serializer knows to have been used */
    void save(Snapshot snapshot, long highest) throws IOException {
        SnapshotHeader header = snapshot.header();
        Path file = directory.resolve(header.name());
        Path temp = hidden.resolve(TEMP + header.saveId());
        try (View view = view()) {
            if (isStored(snapshot, file)) {
                again(snapshot, file, temp);
                return;
            }
            requireNewest(header, view, highest);
            List<String> after = view.withoutHeader().stream()
                    .filter(name -> name.compareTo(header.name()) > 0)
                    .sorted()
                    .toList();
            Files.deleteIfExists(temp);
            byte[] bytes = SnapshotFile.encode(snapshot, after);
            Disk.writeDurably(temp, bytes);
            publish(snapshot, file, temp, highest, view);
            makeDurable(file, bytes);
        }
    }

    /** Only then does the snapshot survive the loss of power. A failure means "unknown", and the same save settles it. */
    private void makeDurable(Path file, byte[] bytes) throws IOException {
        Disk.forceDirectory(directory);
        Disk.requireThere(file, bytes);
    }

    /** @param seen the view by which the snapshot was found to be the newest, before its file was written */
    private void publish(Snapshot snapshot, Path file, Path temp, long highest, View seen) throws IOException {
        publishing.lock();
        try {
            if (seen.holds(Stamp.of(directory))) {
                publish(snapshot, file, temp, seen);
                return;
            }
            try (View now = view()) {
                requireNewest(snapshot.header(), now, highest);
                publish(snapshot, file, temp, now);
            }
        } catch (IOException e) {
            Disk.deleteAfter(e, temp);
            throw e;
        } catch (RuntimeException e) {
            Files.deleteIfExists(temp);
            throw e;
        } finally {
            publishing.unlock();
        }
    }

    private void publish(Snapshot snapshot, Path file, Path temp, View view) throws IOException {
        try {
            link(file, temp);
        } catch (IOException e) {
            // The name may have come into being all the same: a file server's lost reply, a fault after the fact.
            if (!isStored(snapshot, file)) {
                if (e instanceof FileAlreadyExistsException) {
                    throw taken(snapshot.header());
                }
                throw e;
            }
        }
        newest = snapshot.header();
        Files.deleteIfExists(temp);
        try {
            if (view.indexed()) {
                catalog.added(Entry.of(snapshot.header()), view);
            }
        } catch (IOException e) {
            indexFailed(e);
        }
    }

    /** Never replaces a name: where there are no hard links, the lock keeps other hosts out between look and move. */
    private void link(Path file, Path temp) throws IOException {
        if (links) {
            Files.createLink(file, temp);
        } else if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString());
        } else {
            Files.move(temp, file, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /** The same save once more, whose first try may have failed before it was durable: written anew, then put in place. */
    private void again(Snapshot snapshot, Path file, Path temp) throws IOException {
        Files.deleteIfExists(temp);
        byte[] bytes =
                SnapshotFile.encode(snapshot, SnapshotFile.of(file, group).after());
        Disk.writeDurably(temp, bytes);
        publishing.lock();
        try (View view = view()) {
            Files.move(temp, file, StandardCopyOption.ATOMIC_MOVE);
            changed(snapshot.header().name(), view);
        } catch (IOException e) {
            Disk.deleteAfter(e, temp);
            throw e;
        } finally {
            publishing.unlock();
        }
        makeDurable(file, bytes);
    }

    private boolean isStored(Snapshot snapshot, Path file) {
        SnapshotHeader found = SnapshotFile.of(file, group).accessible().header();
        // Where there is none, as nearly always: the first comparison of records costs a start some milliseconds.
        return found != null && snapshot.header().equals(found);
    }

    private void requireNewest(SnapshotHeader header, View view, long highest) throws IOException {
        long last = highest;
        SnapshotFile looked = null;
        for (int i = view.size() - 1; i >= 0; i--) {
            Entry entry = view.entry(i);
            if (entry.revision() <= last) {
                break;
            }
            SnapshotFile file =
                    SnapshotFile.of(directory.resolve(entry.name()), group).accessible();
            if (file.state() != SnapshotFile.State.ABSENT) {
                last = entry.revision();
                looked = file;
            }
        }
        if (header.revision() <= last) {
            throw new SnapshotConflictException("Revision " + header.revision() + " of group " + group
                    + " cannot be saved as " + header.name() + ": the last one in " + directory + " is revision "
                    + last);
        }
        if (Files.exists(directory.resolve(header.name()), LinkOption.NOFOLLOW_LINKS)) {
            throw taken(header);
        }
        if (header.follows().isPresent() || !view.inaccessible().isEmpty()) {
            requireFollowed(header, view, looked);
        }
    }

    /**
     * That the newest snapshot is the one that this one follows. Where its last line is damaged the revision alone decides;
     * where it cannot be read, nobody can tell what the new one would come after.
     *
     * @param looked the file that was looked at already, if one was
     */
    private void requireFollowed(SnapshotHeader header, View view, @Nullable SnapshotFile looked) throws IOException {
        for (int i = view.size() - 1; i >= 0; i--) {
            Entry entry = view.entry(i);
            SnapshotHeader own = newest;
            if (own != null && view.withoutHeader().isEmpty() && entry.equals(Entry.of(own))) {
                requireFollowed(header, own);
                return;
            }
            Path path = directory.resolve(entry.name());
            SnapshotFile file = looked != null && looked.path().equals(path) ? looked : SnapshotFile.of(path, group);
            if (file.accessible().state() == SnapshotFile.State.UNREADABLE) {
                return;
            }
            if (file.listed() && file.header() != null) {
                if (!isHidden(file.header().name(), file.after(), view)) {
                    requireFollowed(header, file.header());
                }
                return;
            }
        }
        if (!isHidden("", Set.of(), view) && header.follows().isPresent()) {
            throw new SnapshotConflictException("Snapshot " + header.name() + " follows save-id "
                    + header.follows().get() + ", and " + directory + " has no snapshot of group " + group);
        }
    }

    /** Whether a file without a header is newer by its name than the newest one that has one. */
    private boolean isHidden(String newestName, Set<String> after, View view) {
        boolean hidden = false;
        for (String name : view.withoutHeader()) {
            if (name.compareTo(newestName) > 0 && !after.contains(name)) {
                SnapshotFile.of(directory.resolve(name), group).accessible();
                hidden = true;
            }
        }
        return hidden;
    }

    private void requireFollowed(SnapshotHeader header, SnapshotHeader last) {
        if (header.follows().isPresent() && !header.follows().get().equals(last.saveId())) {
            throw new SnapshotConflictException("Snapshot " + header.name() + " follows save-id "
                    + header.follows().get() + ", and the last one in " + directory + " is " + last.name()
                    + " of revision " + last.revision() + ", save-id " + last.saveId());
        }
    }

    private SnapshotConflictException taken(SnapshotHeader header) {
        return new SnapshotConflictException("Snapshot " + header.name() + " cannot be saved: " + directory
                + " has a file or directory of that name already");
    }

    /** Whether there was one. */
    boolean delete(String name) throws IOException {
        Path file = directory.resolve(name);
        publishing.lock();
        try (View view = view()) {
            if (!SnapshotFile.of(file, group).accessible().counts()) {
                return false;
            }
            // The index may keep the line of what is gone, so the newest by the index is looked at again.
            newest = null;
            Files.delete(file);
            changed(name, view);
            stale++;
            if (stale > STALE && stale > view.size() / 2) {
                refresh().close();
            }
        } finally {
            publishing.unlock();
        }
        Disk.forceDirectory(directory);
        return true;
    }

    private void changed(String name, View view) {
        try {
            if (view.indexed()) {
                catalog.changed(name, view);
            }
        } catch (IOException e) {
            indexFailed(e);
        }
    }

    /** The snapshots are safe without the index; finding the last one is then slower. */
    private void indexFailed(IOException failure) {
        try {
            catalog.forget();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        if (!warned) {
            warned = true;
            String told = DirectoryListing.isGone(directory)
                    ? DirectoryListing.gone(directory)
                    : "The index in " + hidden + " could not be written (" + failure
                            + "); snapshots are safe, and found more slowly. What is there under the name of the index may"
                            + " be removed, and must be writable for the host";
            LOG.log(Level.WARNING, "{0}", told);
        }
        LOG.log(Level.DEBUG, "Index of " + directory, failure);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
