package dev.holdfast.host.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * The connections of a listener that are closed on this side, and whose callers may still send: they are read from, and
 * nothing is made of it, until the caller closes too or the time is over. Safe for use by several threads.
 */
final class Lingering implements AutoCloseable {

    private static final int MOST = 1_000;
    private static final long MOST_NANOS = Duration.ofSeconds(5).toNanos();
    private static final long LOOK_MILLIS = 20;
    private static final int BUFFER = 65_536;
    private static final int MOST_READS = 16;

    /** @param until when it is closed, whatever its caller does, by {@link System#nanoTime} */
    private record Closing(SocketChannel channel, long until) {}

    private final Set<Closing> all = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean looking = new AtomicBoolean();
    private final ByteBuffer nothing = ByteBuffer.allocateDirect(BUFFER);
    private volatile boolean closed;

    /**
     * Takes a connection over, if its caller has not closed it yet and there is room.
     *
     * @param key under which it was read from so far
     * @param scheduler of one thread, on which it is read from now on
     * @return false if it is to be closed at once
     */
    boolean take(SocketChannel channel, SelectionKey key, Scheduler scheduler) {
        if (closed || all.size() >= MOST) {
            return false;
        }
        try {
            channel.shutdownOutput();
            key.cancel();
            all.add(new Closing(channel, System.nanoTime() + MOST_NANOS));
        } catch (IOException e) {
            return false;
        }
        lookLater(scheduler);
        if (closed) {
            close();
        }
        return true;
    }

    private void lookLater(Scheduler scheduler) {
        if (looking.compareAndSet(false, true)) {
            scheduler.schedule(() -> look(scheduler), LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void look(Scheduler scheduler) {
        long now = System.nanoTime();
        for (Iterator<Closing> some = all.iterator(); some.hasNext(); ) {
            Closing one = some.next();
            if (one.until() - now < 0 || !readOn(one.channel())) {
                some.remove();
                close(one.channel());
            }
        }
        looking.set(false);
        if (!all.isEmpty()) {
            lookLater(scheduler);
        }
    }

    /** False if its caller has gone. */
    private boolean readOn(SocketChannel channel) {
        try {
            for (int i = 0; i < MOST_READS; i++) {
                int read = channel.read(nothing.clear());
                if (read <= 0) {
                    return read == 0;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Nobody is there any more who could be told.
        }
    }

    /** Closes all, and takes no more. */
    @Override
    public void close() {
        closed = true;
        all.forEach(one -> close(one.channel()));
        all.clear();
    }
}
