package dev.holdfast.host;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.http.HttpApis;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.text.OneLine;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a host stops in order, within one budget of time.
 *
 * <pre>
 *   no more calls ─▶ running and queued requests end ─▶ states and the last snapshot are stored ─▶ everything else
 *                    at most what is left beside ──────▶ a third of the budget, 20 s at the most
 * </pre>
 *
 * <p>Nothing waits for stuck runs, and what hangs is left behind: the process ends all the same.
 *
 * @param saveStates stores what models have learned, and says what could not be stored
 * @param takeLastSnapshot takes the last snapshot, and waits for it as long as it is told
 * @param rest lets go of everything that the host has taken
 */
record OrderlyStop(
        HttpApis http,
        ModelServing serving,
        Supplier<List<String>> saveStates,
        Function<Duration, Durability> takeLastSnapshot,
        Runnable rest) {

    private static final Logger log = LoggerFactory.getLogger(OrderlyStop.class);
    private static final Duration MOST_FOR_STORING = Duration.ofSeconds(20);

    /** For the answers of requests that were given up, and for what is left when all is stored. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    /** Requests that run are waited for no longer; what is stored is stored all the same. */
    void hurry() {
        http.hurry();
    }

    /** @param budget for all of it */
    void run(Duration budget) {
        long end = System.nanoTime() + budget.toNanos();
        Duration storing = shorter(MOST_FOR_STORING, budget.dividedBy(3));
        serving.stopping();
        http.refuse();
        try {
            endRequests(budget.minus(storing));
            within(
                    left(end).minus(storing.dividedBy(3)),
                    "storing what models have learned",
                    () -> saveStates.get().forEach(log::error));
            Durability last = takeLastSnapshot.apply(left(end).minus(LAST_WORDS));
            if (last.kind() == Durability.Kind.LOST_ON_RESTART) {
                log.error("The shutdown snapshot is not durable: {}", String.join("; ", last.notice()));
            }
        } finally {
            within(left(end), "letting go of models, stores and files", rest);
        }
        log.info("Stopped");
    }

    private void endRequests(Duration limit) {
        int open = http.awaitAnswered(limit);
        if (open > 0) {
            log.warn(
                    "{} request{} not ended in the time that the stop leaves them",
                    open,
                    open == 1 ? " has" : "s have");
            serving.failAll("This host is stopping, and the request did not end in time.");
            http.awaitAnswered(LAST_WORDS);
        }
    }

    /** On a thread of its own, because what hangs must not keep the rest from being done. */
    private static void within(Duration limit, String what, Runnable step) {
        FutureTask<Void> task = new FutureTask<>(step, null);
        DaemonThreads.start("stop", task);
        try {
            task.get(Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            log.error("The stop goes on without this, which has not ended in its time: {}", what);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException own
                    ? own
                    : new IllegalStateException(OneLine.of(e.getCause() == null ? e : e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Duration left(long endNanos) {
        return Duration.ofNanos(Math.max(1, endNanos - System.nanoTime()));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
