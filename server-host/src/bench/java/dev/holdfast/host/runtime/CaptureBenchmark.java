package dev.holdfast.host.runtime;

import dev.holdfast.host.runtime.forest.ForestCaptures;
import dev.holdfast.host.runtime.onnx.SessionCaptures;
import dev.holdfast.host.state.StatePart;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How long a model waits while a view of what it has learned is taken: one thread teaches it, row by row or session by
 * session, as fast as it can, and the longest call that met each of the captures counts. Prints a table; asserts nothing.
 */
public final class CaptureBenchmark {

    private CaptureBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        System.out.printf(Locale.ROOT, "%-44s%12s%28s%28s%n", "model", "state", "a call beside no capture", "the longest that met one");
        ForestCaptures.run();
        SessionCaptures.run();
    }

    /** Makes the calls, so that the model is as full as it gets. */
    public static void repeat(LongSupplier call, int times) {
        long sum = 0;
        for (int i = 0; i < times; i++) {
            sum += call.getAsLong();
        }
        if (sum < 0) {
            throw new IllegalStateException("Time goes backwards");
        }
    }

    /** How large a state is. */
    public static long bytes(List<StatePart> parts) {
        return parts.stream().mapToLong(StatePart::size).sum();
    }

    /**
     * Prints a row of the table.
     *
     * @param call teaches, and gives how long the model kept its teacher, in nanoseconds
     * @param capture takes a view of the state, and gives its size
     */
    public static void measure(String what, int captures, LongSupplier call, LongSupplier capture) throws Exception {
        AtomicLong longest = new AtomicLong();
        AtomicLong calls = new AtomicLong();
        AtomicBoolean end = new AtomicBoolean();
        Thread teacher = new Thread(() -> {
            while (!end.get()) {
                long took = call.getAsLong();
                longest.accumulateAndGet(took, Math::max);
                calls.incrementAndGet();
            }
        });
        teacher.start();
        long[] beside = new long[captures];
        long[] met = new long[captures];
        long bytes = 0;
        for (int i = 0; i < captures; i++) {
            beside[i] = longestOf(200, calls, longest);
            longest.set(0);
            bytes = capture.getAsLong();
            long seen = calls.get();
            // The call that waited may end after the capture did.
            while (calls.get() < seen + 2) {
                Thread.onSpinWait();
            }
            met[i] = longest.get();
        }
        end.set(true);
        teacher.join();
        System.out.printf(
                Locale.ROOT, "%-44s%9.1f MB%28s%28s%n", what, bytes / 1e6, figures(beside), figures(met));
    }

    private static long longestOf(int some, AtomicLong calls, AtomicLong longest) {
        longest.set(0);
        long until = calls.get() + some;
        while (calls.get() < until) {
            Thread.onSpinWait();
        }
        return longest.get();
    }

    private static String figures(long[] nanoseconds) {
        long[] sorted = nanoseconds.clone();
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                "%.2f, %.2f, %.2f ms",
                sorted[sorted.length / 2] / 1e6,
                sorted[(int) Math.ceil(sorted.length * 0.99) - 1] / 1e6,
                sorted[sorted.length - 1] / 1e6);
    }
}
