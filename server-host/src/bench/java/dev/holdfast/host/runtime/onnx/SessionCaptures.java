package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.CaptureBenchmark;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** The rows of sessions in the table of {@link CaptureBenchmark}. */
public final class SessionCaptures {

    private static final int NUMBERS_OF_A_SESSION = 256;

    private SessionCaptures() {}

    public static void run() throws Exception {
        sessions(1_000, 200);
        sessions(100_000, 50);
        sessions(1_000_000, 20);
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
        CaptureBenchmark.repeat(call, count);
        CaptureBenchmark.measure(count + " sessions of " + NUMBERS_OF_A_SESSION + " numbers", captures, call, () -> CaptureBenchmark.bytes(codec.parts(sessions.states())));
    }
}
