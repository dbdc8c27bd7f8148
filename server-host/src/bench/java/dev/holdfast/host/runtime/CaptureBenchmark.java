package dev.holdfast.host.runtime;

import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StatePart;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How long a model waits while a view of what it has learned is taken: one thread teaches it, row by row or session by
 * session, as fast as it can, and the longest call that met each of the captures counts. Prints a table; asserts nothing.
 */
public final class CaptureBenchmark {

    private static final int NUMBERS_OF_A_SESSION = 256;

    private CaptureBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        System.out.printf(Locale.ROOT, "%-44s%12s%28s%28s%n", "model", "state", "a call beside no capture", "the longest that met one");
        forest(10, 50, 256, 50_000, 200);
        forest(1000, 25, 1024, 20_000, 50);
        forest(1000, 100, 1000, 12_000, 20);
        sessions(1_000, 200);
        sessions(100_000, 50);
        sessions(1_000_000, 20);
    }

    private static void forest(int dimensions, int trees, int sampleSize, int rows, int captures) throws Exception {
        ForestSettings settings =
                new ForestSettings(dimensions, 1, trees, sampleSize, 0.1 / sampleSize, sampleSize / 4, 1);
        try (ForestModel model = new ForestModel("forest", settings)) {
            Random random = new Random(1);
            float[] row = new float[dimensions];
            LongSupplier teach = () -> {
                for (int i = 0; i < row.length; i++) {
                    row[i] = (float) random.nextGaussian();
                }
                Tensor tensor = new Tensor("point", TensorType.FP32, new long[] {1, row.length}, row);
                long start = System.nanoTime();
                model.train(List.of(tensor));
                return System.nanoTime() - start;
            };
            repeat(teach, rows);
            String what = trees + " trees of " + sampleSize + " points of " + dimensions;
            measure(what, captures, teach, () -> {
                try (StateCapture capture = model.capture()) {
                    return bytes(capture.parts());
                }
            });
        }
    }

    private static void sessions(int count, int captures) throws Exception {
        SessionSettings settings = new SessionSettings(new TreeMap<>(Map.of("state", "stateN")), Map.of(), count, Duration.ofHours(1), 4096, StatefulModel.SaveRule.DEFAULT);
        Sessions sessions = new Sessions("sessions", settings, System::nanoTime);
        List<TensorSpec> carried = List.of(new TensorSpec("state", TensorType.FP32, List.of((long) NUMBERS_OF_A_SESSION)));
        SessionState codec = new SessionState(carried, settings);
        Random random = new Random(1);
        int[] next = {0};
        LongSupplier call = () -> {
            String id = String.format(Locale.ROOT, "session-%07d", next[0]++ < count ? next[0] - 1 : random.nextInt(count));
            Tensor state = new Tensor(
                    "state", TensorType.FP32, new long[] {NUMBERS_OF_A_SESSION}, new float[NUMBERS_OF_A_SESSION]);
            Map<Sessions.Session, Optional<SessionPoint>> states = new HashMap<>();
            long start = System.nanoTime();
            Sessions.Session session = sessions.enter(id, true);
            states.put(session, Optional.of(new SessionPoint(List.of(state), 1)));
            sessions.commit(states, 1);
            sessions.leave(session);
            return System.nanoTime() - start;
        };
        repeat(call, count);
        measure(count + " sessions of " + NUMBERS_OF_A_SESSION + " numbers", captures, call, () -> bytes(codec.parts(sessions.states())));
    }

    private static void repeat(LongSupplier call, int times) {
        long sum = 0;
        for (int i = 0; i < times; i++) {
            sum += call.getAsLong();
        }
        if (sum < 0) {
            throw new IllegalStateException("Time goes backwards");
        }
    }

    private static long bytes(List<StatePart> parts) {
        return parts.stream().mapToLong(StatePart::size).sum();
    }

    /** @param call teaches, and gives how long the model kept its teacher */
    private static void measure(String what, int captures, LongSupplier call, LongSupplier capture) throws Exception {
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
