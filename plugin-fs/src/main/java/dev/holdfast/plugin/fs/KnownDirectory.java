package dev.holdfast.plugin.fs;

import dev.holdfast.plugin.fs.FsSnapshotSerializer.Work;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Which directory the store is, so that nothing in its place is taken for an empty store: a mount point whose file system
 * has gone, a directory that was removed, or was made anew.
 *
 * <pre>
 *   never there                                   nothing is stored, and the first save makes it
 *   the one that was there                        the store
 *   another one, with snapshots or chunks         the store from now on: mounted again, or put back from a copy
 *   another one without, where there were some    refused: nobody can tell what has become of them
 *   gone                                          refused
 * </pre>
 *
 * <p>A file system may give the number of a removed directory to the next one that is made, so the hidden directory in it
 * has to be the same too. Safe for use by several threads.
 */
final class KnownDirectory {

    /** What {@link #require} found. */
    record Found(
            boolean there,
            @Nullable Object directory,
            @Nullable Object hidden) {

        /** Whether both are one directory of one file system, whatever became of what is in it. */
        boolean isIn(Found other) {
            return there == other.there && String.valueOf(directory).equals(String.valueOf(other.directory));
        }
    }

    private record Seen(Found found, boolean stocked) {}

    private static final String CURE =
            ". Mount its file system again, or put it back; nothing is made anew there. Where it is meant"
                    + " to be empty, start the host again";

    /** Whose directory it is. */
    interface Kind {
        KnownDirectory of(Path directory, Path hidden, String group);
    }

    private final Path directory;
    private final Path hidden;
    private final String group;
    private final boolean ofTheHost;
    private volatile @Nullable Seen seen;

    /** A store's: what has gone is away. */
    KnownDirectory(Path directory, Path hidden, String group) {
        this(directory, hidden, group, false);
    }

    /** The host's own: what has gone was removed, and may be made again. */
    static KnownDirectory ofTheHost(Path directory, Path hidden, String group) {
        return new KnownDirectory(directory, hidden, group, true);
    }

    private KnownDirectory(Path directory, Path hidden, String group, boolean ofTheHost) {
        this.ofTheHost = ofTheHost;
        this.directory = directory;
        this.hidden = hidden;
        this.group = group;
        try {
            Found unused = require();
        } catch (IOException e) {
            // The first use tells what is wrong; nothing is known of the directory until then.
            seen = null;
        }
    }

    /** Runs work, and lets it count only if it was done in the one directory that was there before and is there after. */
    <T> T during(Work<T> work) throws IOException {
        Found before = require();
        T result;
        try {
            result = work.run();
        } catch (IOException | SnapshotStoreException e) {
            try {
                requireSame(before);
            } catch (IOException | StoreUnavailableException gone) {
                gone.addSuppressed(e);
                throw gone;
            }
            throw e;
        }
        requireSame(before);
        return result;
    }

    private void requireSame(Found before) throws IOException {
        Found now = require();
        if (before.there() && !now.isIn(before)) {
            throw new StoreUnavailableException("The directory of the snapshots " + directory
                    + " became another one meanwhile, so that what was done there is unknown: try again");
        }
    }

    /**
     * Looks at the directory.
     *
     * @throws StoreUnavailableException if it is not the one that was there, and nothing of a store is in it
     */
    Found require() throws IOException {
        // Before the look: what another thread makes after it must not seem to have been there.
        Seen before = seen;
        Found now = Patience.with(this::look);
        if (ofTheHost) {
            return now;
        }
        if (before == null) {
            seen = now.there() ? new Seen(now, isStocked()) : null;
            return now;
        }
        if (!now.there()) {
            throw new StoreUnavailableException("The directory of the snapshots " + directory
                    + " is gone: it was there when the host looked last" + CURE);
        }
        if (before.stocked() && now.equals(before.found())) {
            return now;
        }
        boolean stocked = isStocked();
        if (before.stocked() && !stocked) {
            throw new StoreUnavailableException("The directory of the snapshots " + directory
                    + " is not the one that was there when the host looked last, and nothing is in it" + CURE);
        }
        seen = new Seen(now, stocked);
        return now;
    }

    private Found look() throws IOException {
        Found none = new Found(false, null, null);
        try {
            return new Found(true, identity(directory), Files.isDirectory(hidden) ? identity(hidden) : null);
        } catch (NoSuchFileException e) {
            return none;
        }
    }

    /** Where directories cannot be told apart, it has to be enough that there is one. */
    private static Object identity(Path directory) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(directory, BasicFileAttributes.class);
        if (!attributes.isDirectory()) {
            throw new NotDirectoryException(directory.toString());
        }
        return attributes.fileKey() == null ? "" : attributes.fileKey();
    }

    private boolean isStocked() throws IOException {
        return Patience.with(() ->
                any(directory, this::isSnapshot) || any(directory.resolve(FsChunkStore.DIRECTORY), chunk -> true));
    }

    private boolean isSnapshot(Path file) {
        if (!SnapshotHeader.isName(String.valueOf(file.getFileName()))) {
            return false;
        }
        SnapshotFile found = SnapshotFile.of(file, group);
        return found.counts() || found.state() == SnapshotFile.State.INACCESSIBLE;
    }

    private static boolean any(Path directory, DirectoryStream.Filter<Path> wanted) throws IOException {
        try (DirectoryStream<Path> some = Files.newDirectoryStream(directory, wanted)) {
            return some.iterator().hasNext();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return false;
        }
    }
}
