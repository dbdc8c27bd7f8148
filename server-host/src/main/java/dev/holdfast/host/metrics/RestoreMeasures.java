package dev.holdfast.host.metrics;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/** How often and how long this host went back to a snapshot, and how that ended. Safe for several threads. */
public final class RestoreMeasures {

    /** When a host restores. */
    public enum When {
        /** While it starts. */
        START,
        /** While it serves, because an operator said so. */
        RUNNING
    }

    /**
     * One kind of restore.
     *
     * @param whole whether all that the snapshot serves is served; at a start the rest may serve without a model that fails
     */
    public record Restore(When when, boolean whole) implements Comparable<Restore> {

        @Override
        public int compareTo(Restore other) {
            int byTime = when.compareTo(other.when);
            return byTime == 0 ? Boolean.compare(other.whole, whole) : byTime;
        }
    }

    /** All kinds from the beginning: where a counter begins with its first failure, no rate shows that one. */
    private final SortedMap<Restore, Histogram> times = new TreeMap<>();

    public RestoreMeasures() {
        for (When when : When.values()) {
            times.put(new Restore(when, true), Histogram.ofSeconds());
            times.put(new Restore(when, false), Histogram.ofSeconds());
        }
    }

    /** A restore has ended. */
    public void restored(When when, boolean whole, long nanos) {
        Objects.requireNonNull(times.get(new Restore(when, whole))).recordNanos(nanos);
    }

    /** The times by their kinds. */
    public Map<Restore, Histogram> times() {
        return Collections.unmodifiableSortedMap(times);
    }
}
