package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.serving.ServingException.Kind;
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

    private static final long MIB = 1 << 20;

    private final ToLongFunction<Archive> weightBytes;
    private final Supplier<OptionalLong> left;
    private long promised;

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
        OptionalLong available = needed == 0 ? OptionalLong.empty() : left.get();
        if (available.isPresent() && needed > available.getAsLong() - promised) {
            throw new ServingException(
                    Kind.NO_MEMORY,
                    "Model " + model + " version " + version + " is not loaded: it needs about " + mib(needed)
                            + " MiB of memory (its weights and a quarter), and this host has "
                            + mib(Math.max(0, available.getAsLong() - promised))
                            + " MiB left. Give the host more memory,"
                            + " unregister other models, or set memory_admission=false to load it all the same");
        }
        promised += needed;
        return () -> giveBack(needed);
    }

    private synchronized void giveBack(long bytes) {
        promised -= bytes;
    }

    private static long mib(long bytes) {
        return (bytes + MIB - 1) / MIB;
    }
}
