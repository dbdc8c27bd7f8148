package dev.holdfast.host.retention;

/**
 * Removes what a group no longer needs: first snapshots, then chunks, so that a round that is killed leaves no snapshot without
 * its chunks.
 *
 * <p>One thread at a time. Several hosts of a group may do this at once.
 */
public final class Housekeeping implements Runnable {

    private final OldSnapshots snapshots;
    private final UnneededChunks chunks;

    public Housekeeping(OldSnapshots snapshots, UnneededChunks chunks) {
        this.snapshots = snapshots;
        this.chunks = chunks;
    }

    /**
     * Does one round.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails, or the last snapshot cannot be read
     * @throws UnknownNeedsException if it cannot be told what some snapshot needs; old snapshots have been removed by then
     */
    @Override
    public void run() {
        if (snapshots.remove()) {
            chunks.remove();
        }
    }
}
