package dev.holdfast.host.archive;

import java.nio.file.Path;

/**
 * A model's file, opened: a directory with its content, and what it says of itself. Closing it removes what was unpacked
 * for it; a model that reads its files lazily keeps it open.
 */
public interface Archive extends AutoCloseable {

    /** The file's name in the model store, such as {@code digits.mar}; what a snapshot keeps as {@code marName}. */
    String fileName();

    /** The directory with the content; for a bare model the directory that holds it. */
    Path root();

    ArchiveManifest manifest();

    /**
     * The SHA-256 of the file, 64 lower-case hexadecimal digits. For a directory it is the SHA-256 of a list with a line
     * for each file in it, sorted by path: the file's SHA-256, two spaces, its path, a line feed. So it is
     * for a bare model that keeps weights in other files, with these files and its own.
     */
    String sha256();

    /** Whether a snapshot that holds this SHA-256 means this very content; earlier versions may have counted less of it. */
    default boolean is(String pinned) {
        return pinned.equals(sha256());
    }

    @Override
    void close();
}
