package dev.holdfast.host;

import dev.holdfast.host.common.DaemonThreads;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host does by itself again and again while it runs: tries models that failed, clears away what is not needed.
 *
 * <p>Each kind of work has a thread, and never runs twice at the same time. With one thread for all, a store that is slow
 * would keep failed models out of service, and a model that loads for minutes would put off the clearing away.
 */
final class Upkeep implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Upkeep.class);

    /** What is being done has this long to notice that it is to end, before what it works with is taken away. */
    private static final Duration LAST_MOMENTS = Duration.ofSeconds(5);

    private final ScheduledThreadPoolExecutor threads =
            new ScheduledThreadPoolExecutor(0, DaemonThreads.named("upkeep"));

    private volatile boolean closing;

    /**
     * Does something again and again. To be called by one thread at a time.
     *
     * @param failure what the log says when it throws, as {@code "Failed models could not be tried again"}; it is done again
     *     all the same
     * @param first how long from now until it is done first
     * @param then how long from the end of one time to the next
     */
    void every(String failure, Duration first, Duration then, Runnable work) {
        threads.setCorePoolSize(threads.getCorePoolSize() + 1);
        threads.scheduleWithFixedDelay(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException | Error e) {
                        // It would end the schedule.
                        if (!closing) {
                            log.error("{}: {}", failure, e.toString());
                        }
                        log.debug("{}", failure, e);
                    }
                },
                first.toMillis(),
                then.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Interrupts what is being done, and waits some seconds for its end; a failure of it is no news any more. */
    @Override
    public void close() {
        closing = true;
        threads.shutdownNow();
        try {
            if (!threads.awaitTermination(LAST_MOMENTS.toMillis(), TimeUnit.MILLISECONDS)) {
                log.info(
                        "The stop does not wait any longer for what the host does by itself; the next start goes on with it");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
