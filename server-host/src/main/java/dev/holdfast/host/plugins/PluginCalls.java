package dev.holdfast.host.plugins;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Shortened;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs all calls of one serializer.
 *
 * <pre>
 *   host's thread ── waits at most the limit ──┐
 *                                              ▼
 *   serializer's thread ── context class loader, MDC "plugin" ── the plugin ── one kind of failure comes out
 * </pre>
 *
 * <p>A call runs on a thread that belongs to the serializer. So a plugin that hangs holds its own thread and not the
 * host's; an interrupt that it sets, and whatever it leaves in a thread, stays there; and closing ends the threads, which
 * would otherwise hold the plugin's class loader.
 *
 * <p>Order: a caller waits for its call, so the calls of one thread run one after the other, as without this class. A call
 * that was given up is the exception: it may still end later, and take effect, while the caller already does something
 * else. For a save this is the "unknown" of {@link dev.holdfast.sdk.SnapshotSerializer}, which the revision and the
 * save-id settle.
 *
 * <p>Threads: as many as there are calls at once, at most {@value #MOST_AT_ONCE}; further callers wait for one, in turn,
 * within their limit. A call that was given up keeps its thread until it ends. Where all threads are held so, a call fails
 * at once.
 *
 * <p>Deliberately not here: a guard against {@code System.exit} or {@code Runtime.halt} in a plugin. Without a security
 * manager, which is deprecated for removal, nothing in the JVM can stop them once they are called; {@code ExitRewriter} removes
 * the calls from plugins' classes, and a {@link CallWatch} records which call was running if the process ends in another way.
 */
final class PluginCalls implements AutoCloseable {

    static final int MOST_AT_ONCE = 16;

    private static final Logger log = LoggerFactory.getLogger(PluginCalls.class);

    /** Long texts whose first characters, as many as this, are equal are logged once. */
    private static final int ALIKE = 300;

    private static final int MOST_KNOWN = 100;
    private static final int MOST_LOGGED = 64 << 10;

    private final String subject;
    private final PluginContext context;
    private final Duration limit;
    private final CallWatch watch;
    private final Semaphore free = new Semaphore(MOST_AT_ONCE, true);
    private final AtomicInteger overdue = new AtomicInteger();
    private final AtomicInteger threadsMade = new AtomicInteger();
    private final ThreadPoolExecutor threads;
    private final Set<String> logged = new HashSet<>();

    /**
     * Calls into one serializer.
     *
     * @param subject how messages name it, such as {@code Serializer ddb of plugin x.jar}
     * @param limit how long a call may take
     */
    PluginCalls(String subject, PluginContext context, Duration limit) {
        this(subject, context, limit, CallWatch.NONE);
    }

    /**
     * Calls into one serializer of a drop-in.
     *
     * @param watch is told of each by its method
     */
    PluginCalls(String subject, PluginContext context, Duration limit, CallWatch watch) {
        this.subject = subject;
        this.context = context;
        this.limit = limit;
        this.watch = watch;
        // Unbounded, because the semaphore is the bound: it is released a moment before its thread is free again.
        threads =
                new ThreadPoolExecutor(
                        0, Integer.MAX_VALUE, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), this::newThread) {
                    @Override
                    protected void afterExecute(Runnable call, @Nullable Throwable failure) {
                        ended(call);
                    }
                };
    }

    private Thread newThread(Runnable work) {
        // Inheritable thread-locals of the caller stay with the caller.
        Thread thread =
                DaemonThreads.createBare("plugin-" + context.plugin() + "-" + threadsMade.incrementAndGet(), work);
        thread.setContextClassLoader(PluginCalls.class.getClassLoader());
        return thread;
    }

    private void ended(Runnable call) {
        if (call instanceof FutureTask<?> task && task.isCancelled()) {
            // Before the release, or the next caller could be told that all threads are still held.
            overdue.decrementAndGet();
            log.debug("{}: a call that was given up has ended", subject);
        }
        free.release();
    }

    String subject() {
        return subject;
    }

    /** Calls a method without a result. */
    void run(String method, Runnable body) {
        get(method, () -> {
            body.run();
            return Boolean.TRUE;
        });
    }

    /** Calls a method that fails only with {@link SnapshotStoreException}. */
    <T> T get(String method, Supplier<T> body) {
        return get(method, body, Set.of(), late -> {});
    }

    /**
     * Calls a method with a result.
     *
     * @param method its name, for messages
     * @param ownProblem the exceptions that, beside {@link SnapshotStoreException}, go through as they are
     * @param late takes a result that came after the call was given up; runs as a call into the plugin does
     * @throws StoreUnavailableException if it gives null, throws what it must not throw, or takes too long
     */
    <T> T get(String method, Supplier<T> body, Set<Class<? extends RuntimeException>> ownProblem, Consumer<T> late) {
        long begin = System.nanoTime();
        try {
            T result = await(method, begin, new PluginCall<>(context, () -> watch.around(method, body), late));
            if (result == null) {
                throw new StoreUnavailableException(subject + " gave null in " + method);
            }
            return result;
        } catch (ExecutionException e) {
            Throwable failure = e.getCause() == null ? e : e.getCause();
            if (failure instanceof SnapshotStoreException known) {
                throw told(method, known);
            }
            if (failure instanceof RuntimeException known
                    && ownProblem.stream().anyMatch(type -> type.isInstance(known))) {
                throw known;
            }
            throw new StoreUnavailableException(
                    subject + " failed in " + method + ": " + shortened(method, context.told(failure)), failure);
        } finally {
            log.debug("{}: {} took {} ms", subject, method, (System.nanoTime() - begin) / 1_000_000);
        }
    }

    /** The same failure with its text shortened for messages; the log has the whole text. */
    private SnapshotStoreException told(String method, SnapshotStoreException failure) {
        String said = String.valueOf(failure.getMessage());
        String text = shortened(method, said);
        if (text.equals(said)) {
            return failure;
        } else if (failure instanceof SnapshotConflictException) {
            return new SnapshotConflictException(text, failure);
        } else if (failure instanceof SnapshotNotFoundException) {
            return new SnapshotNotFoundException(text, failure);
        } else if (failure instanceof SnapshotCorruptException) {
            return new SnapshotCorruptException(text, failure);
        } else if (failure instanceof SnapshotFormatTooNewException) {
            return new SnapshotFormatTooNewException(text, failure);
        }
        return new StoreUnavailableException(text, failure);
    }

    private String shortened(String method, String said) {
        String line = OneLine.line(said);
        String text = Shortened.ofStore(line);
        // Request ids and times do not make a text a new one.
        if (!text.equals(line) && isNew(line.substring(0, ALIKE).replaceAll("[0-9]+", ""))) {
            log.warn("{} said in {}: {}", subject, method, line.substring(0, Math.min(line.length(), MOST_LOGGED)));
        }
        return text;
    }

    private boolean isNew(String beginning) {
        synchronized (logged) {
            return logged.size() < MOST_KNOWN && logged.add(beginning);
        }
    }

    /**
     * Runs a call and waits for it. An interrupt of the caller does not end the waiting, because whether a save took
     * effect would then be unknown for no reason; the caller finds its interrupt afterwards.
     */
    private <T> @Nullable T await(String method, long begin, PluginCall<T> call) throws ExecutionException {
        boolean interrupted = false;
        boolean started = false;
        try {
            while (true) {
                try {
                    if (!started) {
                        start(method, begin, call);
                        started = true;
                    }
                    return call.get(left(begin), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (TimeoutException e) {
                    overdue.incrementAndGet();
                    if (call.cancel(true)) {
                        throw new StoreUnavailableException(
                                subject + " has not ended " + method + " within " + limit.toMillis()
                                        + " ms; whether it will still take effect is unknown",
                                e);
                    }
                    // It ended in this very moment: its result is taken in the next turn.
                    overdue.decrementAndGet();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void start(String method, long begin, PluginCall<?> call) throws InterruptedException {
        boolean allHang = overdue.get() >= MOST_AT_ONCE;
        if (allHang || !free.tryAcquire(left(begin), TimeUnit.NANOSECONDS)) {
            throw new StoreUnavailableException(subject + " was not called for " + method + ": " + MOST_AT_ONCE
                    + " calls are under way, of which " + overdue.get() + " are past the limit of " + limit.toMillis()
                    + " ms");
        }
        try {
            threads.execute(call);
        } catch (RejectedExecutionException e) {
            free.release();
            throw new IllegalStateException(subject + " is closed", e);
        } catch (OutOfMemoryError e) {
            free.release();
            throw new StoreUnavailableException(
                    subject + " was not called for " + method + ": no thread can be made: " + OneLine.of(e.toString()),
                    e);
        }
    }

    private long left(long begin) {
        return limit.toNanos() - (System.nanoTime() - begin);
    }

    /**
     * Takes no more calls; each thread ends with its call. No thread is interrupted, because it may be closing a serializer
     * that was opened too late.
     */
    void endWithTheLast() {
        threads.shutdown();
    }

    /** Ends the threads; those that hang are interrupted and left behind. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
