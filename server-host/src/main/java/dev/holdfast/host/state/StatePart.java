package dev.holdfast.host.state;

/**
 * One named part of a captured state, such as a tensor or a tree. Its bytes stay the same while the capture is open,
 * whatever the model learns meanwhile.
 *
 * <p>Safe for use by several threads.
 */
public interface StatePart {

    /** Matches {@code [A-Za-z0-9][A-Za-z0-9._/-]{0,199}}, unique among the parts. */
    String name();

    /** The number of bytes, 0 or more. */
    long size();

    /** Copies {@code length} bytes from {@code offset} on to the beginning of {@code target}. */
    void read(long offset, byte[] target, int length);

    /**
     * Whether a range is known to be unchanged since an earlier capture. A part that does not track its changes answers false,
     * as is the default: its bytes are then read and compared by digest.
     *
     * @param capture the {@linkplain StateCapture#number() number} of the earlier capture
     */
    default boolean unchangedSince(long capture, long offset, long length) {
        return false;
    }

    /** A part whose bytes no longer change. */
    static StatePart of(String name, byte[] bytes) {
        return new BytesPart(name, bytes);
    }
}
