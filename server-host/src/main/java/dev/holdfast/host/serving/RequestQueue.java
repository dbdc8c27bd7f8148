package dev.holdfast.host.serving;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a pool that wait for a worker, first in, first out. Those that nobody waits for any more, because their time
 * is over or their caller has gone, count for nothing.
 *
 * <p>Used under the pool's lock, all of it.
 */
final class RequestQueue implements Iterable<PendingRequest> {

    private final Deque<PendingRequest> waiting = new ArrayDeque<>();
    private final int most;

    /** @param most how many requests may wait at once */
    RequestQueue(int most) {
        this.most = most;
    }

    int most() {
        return most;
    }

    boolean isFull() {
        if (waiting.size() >= most) {
            dropAnswered();
        }
        return waiting.size() >= most;
    }

    boolean isEmpty() {
        while (!waiting.isEmpty() && waiting.getFirst().answer().isDone()) {
            waiting.removeFirst();
        }
        return waiting.isEmpty();
    }

    /** How many wait, not counting those that nobody waits for. */
    int size() {
        dropAnswered();
        return waiting.size();
    }

    private void dropAnswered() {
        waiting.removeIf(request -> request.answer().isDone());
    }

    void add(PendingRequest request) {
        waiting.addLast(request);
    }

    /** Puts requests back before all others, in their order; they may make the queue longer than it should be. */
    void putBack(List<PendingRequest> requests) {
        for (int i = requests.size() - 1; i >= 0; i--) {
            waiting.addFirst(requests.get(i));
        }
    }

    /** Takes the first; null if none waits. */
    @Nullable
    PendingRequest poll() {
        return isEmpty() ? null : waiting.removeFirst();
    }

    List<PendingRequest> takeAll() {
        List<PendingRequest> all = new ArrayList<>(waiting);
        waiting.clear();
        return all;
    }

    @Override
    public Iterator<PendingRequest> iterator() {
        return waiting.iterator();
    }
}
