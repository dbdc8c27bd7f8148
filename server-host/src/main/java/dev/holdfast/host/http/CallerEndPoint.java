package dev.holdfast.host.http;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This end of a caller's connection. When it is closed, what the caller sends meanwhile is {@linkplain Lingering passed over}
 * for a moment: the system would tell a caller whose bytes nobody reads that the connection is broken, and the last answer would
 * be lost with it.
 */
final class CallerEndPoint extends SocketChannelEndPoint {

    private static final Logger log = LoggerFactory.getLogger(CallerEndPoint.class);

    private final SelectionKey key;
    private final Scheduler scheduler;
    private final Lingering lingering;
    private volatile long blockedSince;
    private volatile boolean callerEnded;
    private volatile boolean abrupt;
    private volatile boolean closed;

    CallerEndPoint(
            SocketChannel channel,
            ManagedSelector selector,
            SelectionKey key,
            Scheduler scheduler,
            Lingering lingering) {
        super(channel, selector, key, scheduler);
        this.key = key;
        this.scheduler = scheduler;
        this.lingering = lingering;
    }

    /** The end of a caller's connection, below TLS if there is any. */
    static CallerEndPoint of(EndPoint endPoint) {
        EndPoint.Wrapper above = endPoint instanceof EndPoint.Wrapper wrapper ? wrapper : null;
        return (CallerEndPoint) (above == null ? endPoint : above.unwrap());
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        int filled = super.fill(buffer);
        if (filled < 0) {
            callerEnded = true;
        }
        return filled;
    }

    @Override
    public boolean flush(ByteBuffer... buffers) throws IOException {
        boolean all = super.flush(buffers);
        if (all) {
            blockedSince = 0;
        } else if (blockedSince == 0) {
            // 0 says that nothing waits.
            blockedSince = System.nanoTime() | 1;
        }
        return all;
    }

    /** For how many nanoseconds what is written has waited for the caller to take it; 0 if nothing waits. */
    long blockedFor(long now) {
        long since = blockedSince;
        return since == 0 ? 0 : now - since;
    }

    /** Closes it at once, with whatever was not sent yet: a caller that does not take its answer must not hold it. */
    void cutOff(String why) {
        abrupt = true;
        try {
            if (getChannel().supportedOptions().contains(StandardSocketOptions.SO_LINGER)) {
                getChannel().setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException e) {
            log.debug("A connection is closed already", e);
        }
        close(new TimeoutException(why));
    }

    @Override
    public boolean isOpen() {
        return !closed && super.isOpen();
    }

    @Override
    public void doClose() {
        closed = true;
        if (abrupt || callerEnded || !lingering.take(getChannel(), key, scheduler)) {
            super.doClose();
        }
    }
}
