package dev.holdfast.plugin.ddb;

import java.time.Duration;
import java.util.function.Function;

/** What every call of the host goes through: it is refused after the close, and has a time at which it must end. */
final class Gate {

    private final String group;
    private volatile boolean closed;

    Gate(String group) {
        this.group = group;
    }

    /** The work is bounded, so an interrupt from before waits for it; one that comes meanwhile ends it. */
    <T> T call(Duration time, Function<Deadline, T> work) {
        requireOpen();
        boolean interrupted = Thread.interrupted();
        try {
            return work.apply(Deadline.in(time));
        } catch (IllegalStateException e) {
            requireOpen();
            throw e;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The serializer of group " + group + " is closed");
        }
    }

    /** Refuses every call from now on. */
    void close() {
        closed = true;
    }
}
