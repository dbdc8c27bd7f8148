package dev.holdfast.host.metrics;

import dev.holdfast.sdk.SnapshotHeader;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What the calls of a snapshot store took, and how they ended. Safe for several threads. */
public final class StoreMeasures {

    /** How a call ended. */
    public enum Outcome {
        OK,
        /** The store has something else already. */
        CONFLICT,
        /** The store could not be reached, or did not answer in time. */
        UNAVAILABLE,
        /** Anything else, such as a snapshot that is damaged or not there. */
        FAILED
    }

    /**
     * One kind of call.
     *
     * @param method such as {@code save}
     */
    public record Call(String method, Outcome outcome) implements Comparable<Call> {

        @Override
        public int compareTo(Call other) {
            int byMethod = method.compareTo(other.method);
            return byMethod == 0 ? outcome.compareTo(other.outcome) : byMethod;
        }
    }

    private final Map<Call, Histogram> calls = new ConcurrentHashMap<>();
    private final LongAdder savedBytes = new LongAdder();
    private volatile long savedMillis;

    /** A call has ended. */
    public void called(String method, Outcome outcome, long nanos) {
        calls.computeIfAbsent(new Call(method, outcome), call -> Histogram.ofSeconds())
                .recordNanos(nanos);
    }

    /** A snapshot is durable in the store. */
    public void saved(SnapshotHeader header) {
        savedBytes.add(header.size());
        savedMillis = header.createdOn().toEpochMilli();
    }

    /** The times of the calls by their kinds, in the order of methods and outcomes. */
    public Map<Call, Histogram> calls() {
        return new TreeMap<>(calls);
    }

    /** The bytes of all snapshots that this host has saved in the store since it started. */
    public long savedBytes() {
        return savedBytes.sum();
    }

    /** When the snapshot was taken that this host saved last, in milliseconds since 1970; 0 if it has saved none yet. */
    public long savedMillis() {
        return savedMillis;
    }
}
