package dev.holdfast.host.archive;

import java.util.List;

/** The directory of archives that a host may serve from, and the way into it for those from elsewhere. */
public interface ModelStore {

    /**
     * Opens an archive. Safe for several threads.
     *
     * @param location a file name in the store, a path or {@code file:} URL inside it, or a URL that the operator allows,
     *     which is fetched into the store first
     * @throws ArchiveException if there is no such archive, it is damaged, or the location is not allowed
     */
    Archive open(String location);

    /** The file names of all archives in the store, sorted. */
    List<String> list();

    /**
     * Removes an archive that {@link #open} fetched from a URL; does nothing for those that the operator put there.
     *
     * @param fileName a name that {@link Archive#fileName} gave
     */
    void forget(String fileName);
}
