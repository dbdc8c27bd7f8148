package dev.holdfast.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Assumptions;

/**
 * What a call costs, in bytes that its thread takes of the heap. That is no time, so it is the same on a busy machine; what a
 * store does in another process, or a client on threads of its own, is not in it.
 */
final class Allocation {

    private static final int CALLS = 9;

    private Allocation() {}

    /** The least of several calls. The test is skipped where the JVM does not count. */
    static long of(Runnable call) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean() instanceof ThreadMXBean known
                        && known.isThreadAllocatedMemorySupported()
                        && known.isThreadAllocatedMemoryEnabled()
                ? known
                : Assumptions.abort("this JVM does not count what a thread takes of the heap");
        long thread = Thread.currentThread().getId();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < CALLS; i++) {
            long before = threads.getThreadAllocatedBytes(thread);
            call.run();
            least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
        }
        return least;
    }
}
