package dev.holdfast.host.serving;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Serializes the training calls of one model, in the order of their arrival; each runs on its caller's thread. */
final class Training {

    private final String name;
    private final ReentrantLock turn = new ReentrantLock(true);
    private volatile boolean ended;
    private volatile long begunNanos;

    /** @param name the model's, for messages */
    Training(String name) {
        this.name = name;
    }

    /**
     * Trains when it is the caller's turn.
     *
     * @param patience how long the caller waits for its turn
     * @throws ServingException if its turn does not come in time, or the model is being taken out of service
     */
    <T> T learn(Duration patience, Supplier<T> training) {
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
            begunNanos = System.nanoTime();
            return training.get();
        } finally {
            turn.unlock();
        }
    }

    /** Whether somebody has the turn, so that the next one waits. */
    boolean isBusy() {
        return turn.isLocked();
    }

    private boolean takeTurn(Duration patience) {
        try {
            return turn.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServingException(Kind.UNAVAILABLE, "This host is stopping.", e);
        }
    }

    /**
     * Lets no training begin any more, and waits for the one that is under way.
     *
     * @param patience how long a training may take, from its own beginning
     * @return completes when none is under way
     */
    CompletableFuture<Void> end(Duration patience) {
        ended = true;
        CompletableFuture<Void> over = new CompletableFuture<>();
        Duration left = patience.minusNanos(turn.isLocked() ? System.nanoTime() - begunNanos : 0);
        try {
            if (turn.tryLock(Math.max(0, left.toNanos()), TimeUnit.NANOSECONDS)) {
                turn.unlock();
                over.complete(null);
                return over;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        DaemonThreads.start("training-of-" + name, () -> {
            turn.lock();
            try {
                over.complete(null);
            } finally {
                turn.unlock();
            }
        });
        return over;
    }
}
