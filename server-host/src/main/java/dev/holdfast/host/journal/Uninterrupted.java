package dev.holdfast.host.journal;

import java.io.IOException;

/** File operations that an interrupt must not end: file channels close themselves on one. Short, so it can wait. */
final class Uninterrupted {

    private Uninterrupted() {}

    interface Work<T> {
        T run() throws IOException;
    }

    static <T> T get(Work<T> work) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            return work.run();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
