package dev.holdfast.host.journal;

import java.io.IOException;

/** Work with files that a thread's interrupt has to wait for: file channels close themselves on one, and it is short. */
final class Uninterrupted {

    private Uninterrupted() {}

    /** Something done with files. */
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
