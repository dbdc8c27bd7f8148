package dev.holdfast.host.operate;

/**
 * What a host that does not run has left on its disk beside its store.
 *
 * @param waiting how many snapshots the store has not taken yet
 * @param undecided whether a divergence waits for a decision, which may need any older snapshot of the store
 */
public record HostDisk(int waiting, boolean undecided) {

    /** Nothing. */
    public static final HostDisk NOTHING = new HostDisk(0, false);
}
