package dev.holdfast.host.rpc;

import java.util.concurrent.atomic.AtomicLong;

/** How many bytes of calls that are not whole yet lie in memory, of all connections together. */
final class BufferedBytes {

    /** A connection with no more than this never has to go. */
    private static final int SMALL = 1 << 16;

    private final long most;
    private final AtomicLong all = new AtomicLong();

    BufferedBytes(long most) {
        this.most = most;
    }

    void add(long bytes) {
        all.addAndGet(bytes);
    }

    /**
     * @param own those of the connection that has just been sent some
     * @throws GarbageException if they are too many, and this connection has a part in it
     */
    void check(int own) {
        if (own > SMALL && all.get() > most) {
            throw new GarbageException("calls that are not whole have more than " + most + " bytes in memory");
        }
    }
}
