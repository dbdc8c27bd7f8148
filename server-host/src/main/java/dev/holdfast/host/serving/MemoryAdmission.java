package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Refuses models for which there is no memory, before the kernel ends the process for them, at every start anew. Models
 * that are loaded side by side do not get the same memory twice. Safe for several threads.
 */
public final class MemoryAdmission {

    /** While it is loaded, a model is in memory as its file and as what the engine makes of it; afterwards about once. */
    private static final double MARGIN = 1.25;

    private static final Duration FRESH = Duration.ofMillis(100);

    private static final long MIB = 1 << 20;

    private final ToLongFunction<Archive> weightBytes;
    private final Supplier<OptionalLong> left;
    private long promised;
    private OptionalLong lastReading = OptionalLong.empty();
    private long readAtNanos;
    private long loadedSince;

    /**
     * @param weightBytes how much an archive brings into memory at least
     * @param left how many bytes the machine, or what this process may have of it, has left; empty if nobody can tell
     */
    public MemoryAdmission(ToLongFunction<Archive> weightBytes, Supplier<OptionalLong> left) {
        this.weightBytes = weightBytes;
        this.left = left;
    }

    /** Admits everything. */
    public static MemoryAdmission off() {
        return new MemoryAdmission(archive -> 0, OptionalLong::empty);
    }

    /** Memory that is promised to a model while it is loaded. */
    interface Promise extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Promises a model its memory.
     *
     * @throws ServingException if it does not fit; the message has both figures
     */
    synchronized Promise promise(String model, String version, Archive archive) {
        long needed = (long) (weightBytes.applyAsLong(archive) * MARGIN);
        if (needed > 0 && !fits(needed) && !fitsNow(needed)) {
            throw new ServingException(
                    Kind.NO_MEMORY,
                    "Model " + model + " version " + version + " is not loaded: it needs about " + mib(needed)
                            + " MiB of memory (its weights and a quarter), and this host has "
                            + mib(Math.max(0, free()))
                            + " MiB left. Give the host more memory,"
                            + " unregister other models, or set memory_admission=false to load it all the same");
        }
        promised += needed;
        return () -> giveBack(needed);
    }

    /**
     * Promises a model its memory for good, where models are only looked at.
     *
     * @throws ServingException if it does not fit beside those before it
     */
    public synchronized void hold(String model, String version, Archive archive) {
        promise(model, version, archive);
    }

    /**
     * Promises memory to processes of workers that are about to start.
     *
     * @param name of the model version, for the message
     * @param count how many there are to be
     * @param bytesEach how much one takes at least
     * @throws ServingException if not all of them fit; the message says how many would
     */
    synchronized Promise promiseWorkers(String name, int count, long bytesEach) {
        long needed = bytesEach * count;
        if (needed > 0 && !fits(needed) && !fitsNow(needed)) {
            long free = Math.max(0, free());
            throw new ServingException(
                    Kind.NO_MEMORY,
                    name + " cannot have " + count + " more worker" + (count == 1 ? "" : "s") + ": each takes at least "
                            + mib(bytesEach) + " MiB of memory, and this host has " + mib(free)
                            + " MiB left, enough for " + free / bytesEach
                            + ". Ask for fewer, give the host more memory, or set memory_admission=false to start"
                            + " them all the same");
        }
        promised += needed;
        return () -> giveBack(needed);
    }

    /** By the last reading, if it is recent: a reading takes as long as loading a small model. */
    private boolean fits(long needed) {
        return lastReading.isPresent() && System.nanoTime() - readAtNanos < FRESH.toNanos() && needed <= free();
    }

    private boolean fitsNow(long needed) {
        lastReading = left.get();
        readAtNanos = System.nanoTime();
        loadedSince = 0;
        return lastReading.isEmpty() || needed <= free();
    }

    private long free() {
        return lastReading.orElseThrow() - promised - loadedSince;
    }

    private synchronized void giveBack(long bytes) {
        promised -= bytes;
        // It may be in use now, which the last reading does not show.
        loadedSince += bytes;
    }

    private static long mib(long bytes) {
        return (bytes + MIB - 1) / MIB;
    }
}
