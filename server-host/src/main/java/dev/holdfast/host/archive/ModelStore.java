package dev.holdfast.host.archive;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The directory of archives that a host may serve from, and the way into it for those from elsewhere. */
public interface ModelStore {

    /**
     * Opens an archive. Safe for several threads. After a failure nothing is left, neither unpacked files nor a fetched
     * one. A URL is fetched into the store under the name that its path ends with, never in place of another file, so the
     * same URL cannot be opened twice; open the file by its name from then on.
     *
     * @param location a file name in the store, a path or {@code file:} URL inside it, or a URL that the operator allows,
     *     which is fetched into the store first
     * @return the archive, to be closed by the caller when its files are no longer needed
     * @throws ArchiveException if there is no such archive, it is damaged or over a limit, the location is not allowed, or
     *     cannot be reached; {@link ArchiveException#reason} says which
     */
    Archive open(String location);

    /**
     * The file names of everything in the store that looks like an archive, sorted. Their contents are not read; hidden
     * and foreign files, and links that lead out of the store, are passed over.
     *
     * @throws ArchiveException if the store cannot be read
     */
    List<String> list();

    /**
     * What else is in the store, by its name, hidden files apart, and why it is no archive.
     *
     * @throws ArchiveException if the store cannot be read
     */
    default SortedMap<String, String> passedOver() {
        return new TreeMap<>();
    }

    /**
     * Removes an archive that {@link #open} fetched from a URL, also in an earlier life of the host; does nothing for those
     * that the operator put there, or replaced since. A model that was loaded from it stays usable.
     *
     * @param fileName a name that {@link Archive#fileName} gave
     * @throws ArchiveException if the file cannot be removed
     */
    void forget(String fileName);

    /**
     * Moves an archive that {@link #open} fetched, and then refused as invalid, out of the way of another fetch; does nothing
     * if it is still what was fetched, or was never fetched.
     *
     * @param fileName a name that {@link Archive#fileName} gave
     * @return whether it can be fetched again
     * @throws ArchiveException if the file cannot be moved
     */
    boolean setAside(String fileName);
}
