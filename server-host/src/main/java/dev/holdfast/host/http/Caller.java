package dev.holdfast.host.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.BufferUtil;

/**
 * The caller of a request that was read whole and waits for its answer. Nothing else reads from its connection meanwhile, so
 * only this notices that it was closed. A caller that closes its half of the connection counts as gone: it looks the same.
 */
final class Caller {

    private final EndPoint endPoint;
    private final Connection.UpgradeTo connection;
    private final Runnable gone;
    private final long sinceNanos = System.nanoTime();

    /** Guarded by this. */
    private boolean answered;

    /**
     * @param connection what reads the next request from the end point, after the answer
     * @param gone done once the caller turns out to have gone
     */
    Caller(EndPoint endPoint, Connection.UpgradeTo connection, Runnable gone) {
        this.endPoint = endPoint;
        this.connection = connection;
        this.gone = gone;
    }

    long waitsForNanos() {
        return System.nanoTime() - sinceNanos;
    }

    /** The answer is there; from now on the server reads from the connection again. */
    synchronized void isAnswered() {
        answered = true;
    }

    /**
     * Looks whether the caller is still there.
     *
     * @return false if it is not to be looked at again
     */
    boolean look() {
        synchronized (this) {
            if (answered) {
                return false;
            }
            ByteBuffer one = BufferUtil.allocate(1);
            int filled = fill(one);
            if (filled == 0) {
                return true;
            }
            if (filled > 0) {
                // The beginning of a further request, so the caller is there.
                connection.onUpgradeTo(one);
                return false;
            }
        }
        gone.run();
        return false;
    }

    private int fill(ByteBuffer buffer) {
        try {
            return endPoint.fill(buffer);
        } catch (IOException e) {
            return -1;
        }
    }
}
