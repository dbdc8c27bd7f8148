package dev.holdfast.host.metrics;

import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** How values are distributed, in buckets with fixed bounds. Recording takes no lock; safe for several threads. */
public final class Histogram {

    private static final double[] SECONDS = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30
    };
    private static final double[] SIZES = {1, 2, 4, 8, 16, 32, 64, 128, 256};

    private final double[] bounds;
    private final LongAdder[] counts;
    private final DoubleAdder sum = new DoubleAdder();

    private Histogram(double[] bounds) {
        this.bounds = bounds;
        this.counts = new LongAdder[bounds.length + 1];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    /** Of times in seconds, from half a millisecond to half a minute. */
    public static Histogram ofSeconds() {
        return new Histogram(SECONDS);
    }

    /** Of numbers of things, from 1 to 256. */
    public static Histogram ofSizes() {
        return new Histogram(SIZES);
    }

    public void record(double value) {
        record(value, 1);
    }

    /** Records a value as often as it came. */
    public void record(double value, long times) {
        int bucket = 0;
        while (bucket < bounds.length && value > bounds[bucket]) {
            bucket++;
        }
        counts[bucket].add(times);
        sum.add(value * times);
    }

    /** Records a time. */
    public void recordNanos(long nanos) {
        record(nanos / 1e9);
    }

    /** The upper bound of each bucket, which belongs to it; the last one is infinite. */
    public double[] bounds() {
        double[] all = new double[counts.length];
        System.arraycopy(bounds, 0, all, 0, bounds.length);
        all[bounds.length] = Double.POSITIVE_INFINITY;
        return all;
    }

    /** How many values each bucket has, without those of lower buckets. */
    public long[] counts() {
        long[] all = new long[counts.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = counts[i].sum();
        }
        return all;
    }

    public double sum() {
        return sum.sum();
    }
}
