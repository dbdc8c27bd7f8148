package dev.holdfast.host;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Closes resources in the reverse order of their opening; keeps the first failure and suppresses the others. */
final class Closer implements AutoCloseable {

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T resource) {
        resources.push(resource);
        return resource;
    }

    @Override
    public void close() {
        RuntimeException first = null;
        while (!resources.isEmpty()) {
            first = close(resources.pop(), first);
        }
        if (first != null) {
            throw first;
        }
    }

    private static @Nullable RuntimeException close(AutoCloseable resource, @Nullable RuntimeException first) {
        try {
            resource.close();
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
