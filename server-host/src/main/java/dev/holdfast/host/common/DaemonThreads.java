package dev.holdfast.host.common;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads that do not keep the process alive. */
public final class DaemonThreads {

    private DaemonThreads() {}

    public static Thread create(String name, Runnable work) {
        return daemon(new Thread(work, name));
    }

    public static void start(String name, Runnable work) {
        create(name, work).start();
    }

    /** A thread that does not inherit the thread-locals of the one that creates it. */
    public static Thread createBare(String name, Runnable work) {
        return daemon(new Thread(null, work, name, 0, false));
    }

    public static ThreadFactory named(String name) {
        return work -> create(name, work);
    }

    public static ExecutorService single(String name) {
        return Executors.newSingleThreadExecutor(named(name));
    }

    public static ScheduledExecutorService singleScheduled(String name) {
        return Executors.newSingleThreadScheduledExecutor(named(name));
    }

    /** At most so many threads, which end after ten idle seconds. */
    public static ThreadPoolExecutor pool(String name, int most) {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(most, most, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named(name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static Thread daemon(Thread thread) {
        thread.setDaemon(true);
        return thread;
    }
}
