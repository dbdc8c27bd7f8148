package dev.holdfast.host;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a host: started in the order in which they were added, once all are built, and closed in the reverse order,
 * whether they were started or not. One thread at a time.
 */
final class Lifecycle implements AutoCloseable {

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final List<Runnable> starts = new ArrayList<>();

    /** A part that works as soon as it is built. */
    <T extends AutoCloseable> T add(T part) {
        parts.push(part);
        return part;
    }

    /** What is to be done at the start, after the starts that were added before. */
    void atStart(Runnable start) {
        starts.add(start);
    }

    /** Starts what is built; the first failure ends it. */
    void start() {
        starts.forEach(Runnable::run);
        starts.clear();
    }

    /** Keeps the first failure, and suppresses the others. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!parts.isEmpty()) {
            first = close(parts.pop(), first);
        }
        if (first != null) {
            throw first;
        }
    }

    private static @Nullable RuntimeException close(AutoCloseable part, @Nullable RuntimeException first) {
        try {
            part.close();
            return first;
        } catch (Exception e) {
            RuntimeException failure =
                    e instanceof RuntimeException known ? known : new IllegalStateException(e.toString(), e);
            if (first == null) {
                return failure;
            }
            first.addSuppressed(failure);
            return first;
        }
    }
}
