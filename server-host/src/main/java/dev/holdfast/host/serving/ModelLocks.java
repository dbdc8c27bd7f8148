package dev.holdfast.host.serving;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** A fair lock for each model that somebody works on; one that nobody holds or waits for takes no memory. */
final class ModelLocks {

    private record Shared(ReentrantLock lock, int users) {}

    private final ConcurrentMap<String, Shared> locks = new ConcurrentHashMap<>();

    <T> T with(String model, Supplier<T> work) {
        Shared shared = locks.merge(
                model,
                new Shared(new ReentrantLock(true), 1),
                (present, ignored) -> new Shared(present.lock, present.users + 1));
        shared.lock.lock();
        try {
            return work.get();
        } finally {
            shared.lock.unlock();
            locks.computeIfPresent(
                    model, (name, present) -> present.users == 1 ? null : new Shared(present.lock, present.users - 1));
        }
    }

    /** How many models somebody works on. */
    int size() {
        return locks.size();
    }
}
