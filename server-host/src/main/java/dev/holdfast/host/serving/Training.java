package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The turns of those who teach one model: one at a time, in the order in which they came, and none after the end. Every
 * caller learns on its own thread.
 */
final class Training {

    private final String name;
    private final ReentrantLock turn = new ReentrantLock(true);
    /** Guarded by the turn. */
    private boolean ended;

    /** @param name the model's, for messages */
    Training(String name) {
        this.name = name;
    }

    /**
     * Learns when it is the caller's turn.
     *
     * @param patience how long the caller waits for its turn
     * @throws ServingException if its turn does not come in time, or the model is being taken out of service
     */
    long learn(Duration patience, LongSupplier lesson) {
        if (!takeTurn(patience)) {
            throw new ServingException(
                    Kind.TIMEOUT,
                    name + " was still learning from others after its response_timeout of " + patience.toSeconds()
                            + " s.");
        }
        try {
            if (ended) {
                throw new ServingException(Kind.UNAVAILABLE, name + " is being unregistered or replaced; try again.");
            }
            return lesson.getAsLong();
        } finally {
            turn.unlock();
        }
    }

    private boolean takeTurn(Duration patience) {
        try {
            return turn.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServingException(Kind.UNAVAILABLE, "This host is stopping.", e);
        }
    }

    /** Waits for the lesson that is under way, and lets none begin any more. */
    void end() {
        turn.lock();
        try {
            ended = true;
        } finally {
            turn.unlock();
        }
    }
}
