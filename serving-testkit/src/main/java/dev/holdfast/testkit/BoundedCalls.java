package dev.holdfast.testkit;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Calls into a serializer that may hang: each on a thread of its own, which is left behind when its time is up. */
final class BoundedCalls {

    static final String THREAD = "verification";

    private final Duration limit;

    BoundedCalls(Duration limit) {
        this.limit = limit;
    }

    /** Runs the calls, of which there are {@code calls} to the store at the most.
     *
     * @throws StoreUnavailableException if they have not ended in time
     */
    <T> T get(int calls, Callable<T> body) {
        Duration all = limit.multipliedBy(calls);
        FutureTask<T> task = new FutureTask<>(body);
        Thread thread = new Thread(task, THREAD);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(all.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new StoreUnavailableException("The store has not answered within " + inWords(all), e);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("Interrupted while waiting for the store", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException(String.valueOf(e.getCause()), e);
        }
    }

    private static String inWords(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }
}
