package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateSource;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A model that answers with the sum of all that it was ever asked. */
final class CountingModel implements StatefulModel {

    final AtomicInteger restoredCalls = new AtomicInteger();
    final AtomicBoolean closed = new AtomicBoolean();
    /** Why its state cannot be looked at. */
    volatile Error captureFailure;

    private final StateFormat format;
    private final SaveRule rule;
    private long sum;
    private long updates;

    CountingModel(String fingerprint, SaveRule rule) {
        this.format = new StateFormat("sum", 1, fingerprint);
        this.rule = rule;
    }

    static SaveRule every(long updates, Duration time) {
        return new SaveRule(updates, time);
    }

    @Override
    public ModelSignature signature() {
        return new ModelSignature("sum", List.of(), List.of(), false);
    }

    @Override
    public void check(List<Tensor> inputs) {
        // Whatever is a number is added.
    }

    @Override
    public synchronized List<List<Tensor>> predict(List<List<Tensor>> batch) {
        return batch.stream()
                .map(request -> {
                    sum += FakeModel.number(request);
                    updates++;
                    return FakeModel.number(sum);
                })
                .toList();
    }

    synchronized long sum() {
        return sum;
    }

    @Override
    public StateFormat stateFormat() {
        return format;
    }

    @Override
    public synchronized StateCapture capture() {
        if (captureFailure != null) {
            throw captureFailure;
        }
        byte[] bytes = ByteBuffer.allocate(8).putLong(sum).array();
        return new StateCapture() {
            @Override
            public StateFormat format() {
                return format;
            }

            @Override
            public long number() {
                return 0;
            }

            @Override
            public List<StatePart> parts() {
                return List.of(StatePart.of("sum", bytes), StatePart.of("constant", new byte[1000]));
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void restore(StateSource source) {
        long read;
        try (DataInputStream in = new DataInputStream(source.open("sum"))) {
            read = in.readLong();
        } catch (IOException e) {
            throw new StateDamagedException("no sum", e);
        }
        synchronized (this) {
            sum = read;
        }
    }

    @Override
    public void restored() {
        restoredCalls.incrementAndGet();
    }

    @Override
    public synchronized long updates() {
        return updates;
    }

    @Override
    public SaveRule saveRule() {
        return rule;
    }

    @Override
    public void close() {
        closed.set(true);
    }
}
