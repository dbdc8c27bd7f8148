package dev.holdfast.host.metrics;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The calls and connections of the RPC door. Safe for several threads. */
public final class RpcMeasures {

    /** Stands for every method that there is not: callers choose the names. */
    public static final String UNKNOWN = "unknown";

    /** One kind of call. */
    public record Call(String method, boolean ok) implements Comparable<Call> {

        @Override
        public int compareTo(Call other) {
            int byMethod = method.compareTo(other.method);
            return byMethod == 0 ? Boolean.compare(other.ok, ok) : byMethod;
        }
    }

    private final Map<Call, Histogram> calls = new ConcurrentHashMap<>();
    private final LongAdder connections = new LongAdder();

    /**
     * A call has been answered.
     *
     * @param method one that there is, or {@link #UNKNOWN}
     * @param ok whether the answer is no error
     */
    public void called(String method, boolean ok, long nanos) {
        calls.computeIfAbsent(new Call(method, ok), call -> Histogram.ofSeconds())
                .recordNanos(nanos);
    }

    /** A connection was taken. */
    public void opened() {
        connections.increment();
    }

    /** A connection that was taken has ended. */
    public void closed() {
        connections.decrement();
    }

    /** The times of the calls by their kinds. */
    public Map<Call, Histogram> calls() {
        return new TreeMap<>(calls);
    }

    /** How many connections there are now. */
    public long connections() {
        return connections.sum();
    }
}
