package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** A model that answers with what it was asked, and can be held, broken and counted. */
final class FakeModel implements LoadedModel {

    /** The inputs of each batch, in the order in which the batches began. */
    final List<List<Long>> batches = Collections.synchronizedList(new ArrayList<>());

    final AtomicInteger inside = new AtomicInteger();
    final AtomicInteger closes = new AtomicInteger();
    final AtomicInteger predictionsAfterClose = new AtomicInteger();

    /** The thread of the last prediction. */
    volatile Thread thread;

    /** Thrown by the next predictions while it is there. */
    volatile Throwable failure;

    volatile RuntimeException closeFailure;
    volatile boolean leavesInterrupted;

    /** Whether a prediction that is held ends when it is told to. */
    volatile boolean obeys;

    volatile int answersTooFew;
    volatile long refused = Long.MIN_VALUE;
    /** The engine fails on a batch with this number in it. */
    volatile long failsOn = Long.MIN_VALUE;

    /** The engine fails on every batch of more than one. */
    volatile boolean failsTogether;

    /** Whether requests that come at once are one run. */
    volatile boolean joins = true;

    volatile Optional<BatchTerms> terms = Optional.empty();

    final AtomicInteger failedOnlyTogether = new AtomicInteger();
    private volatile Semaphore gate;

    static List<Tensor> number(long value) {
        return List.of(new Tensor("x", TensorType.INT64, new long[] {1}, new long[] {value}));
    }

    static long number(List<Tensor> tensors) {
        return ((long[]) tensors.get(0).elements())[0];
    }

    /**
     * From now on a prediction waits until {@link #letThrough} or {@link #open}.
     *
     * @return what lets those through that this holds, whatever is called after {@link #holdNoMore}
     */
    Semaphore hold() {
        Semaphore held = new Semaphore(0);
        gate = held;
        return held;
    }

    /** Further predictions do not wait; those that are held stay so. */
    void holdNoMore() {
        gate = null;
    }

    void letThrough(int predictions) {
        gate.release(predictions);
    }

    void open() {
        Semaphore held = gate;
        gate = null;
        if (held != null) {
            held.release(1_000_000);
        }
    }

    @Override
    public ModelSignature signature() {
        return new ModelSignature("fake", List.of(), List.of(), false);
    }

    @Override
    public void check(List<Tensor> inputs) {
        if (inputs.isEmpty()) {
            throw new InvalidInputException("x is missing");
        }
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        batches.add(batch.stream().map(FakeModel::number).toList());
        thread = Thread.currentThread();
        inside.incrementAndGet();
        try {
            Semaphore held = gate;
            if (held != null) {
                acquire(held);
            }
            if (closes.get() > 0) {
                predictionsAfterClose.incrementAndGet();
            }
            if (leavesInterrupted) {
                Thread.currentThread().interrupt();
            }
            Throwable thrown = failure;
            if (thrown != null) {
                throw FakeModel.<RuntimeException>sneaky(thrown);
            }
            if (batch.stream().anyMatch(inputs -> number(inputs) == refused)) {
                throw new InvalidInputException("refused " + refused);
            }
            if (batch.stream().anyMatch(inputs -> number(inputs) == failsOn) || (failsTogether && batch.size() > 1)) {
                throw new InferenceException("the engine stumbled over one of " + batch.size());
            }
            return new ArrayList<>(batch.subList(0, batch.size() - answersTooFew));
        } finally {
            inside.decrementAndGet();
        }
    }

    private void acquire(Semaphore held) {
        if (!obeys) {
            held.acquireUninterruptibly();
            return;
        }
        try {
            held.acquire();
        } catch (InterruptedException e) {
            throw new InferenceException("told to end", e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T sneaky(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Override
    public void prepareBatches(BatchTerms offered) {
        terms = Optional.of(offered);
    }

    @Override
    public Joining joining() {
        return new Joining(joins ? Joining.By.AUTHOR : Joining.By.SINGLE, "the test says so");
    }

    @Override
    public void failedOnlyTogether(String why) {
        failedOnlyTogether.incrementAndGet();
    }

    @Override
    public void close() {
        if (inside.get() > 0) {
            predictionsAfterClose.incrementAndGet();
        }
        closes.incrementAndGet();
        if (closeFailure != null) {
            throw closeFailure;
        }
    }
}
