package dev.holdfast.host.runtime.forest;

import com.amazon.randomcutforest.RandomCutForest;
import dev.holdfast.host.runtime.CopiedState;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LearningModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateSource;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A random cut forest as a model: rows in, and out for each row how much it differs from those that were learned.
 *
 * <pre>
 *   predict ── read lock ───────────────┐
 *   train ──── learning ─ write lock ───┤ forest      a row at a time holds the write lock
 *   restore ── learning ─ write lock ───┤             for one assignment
 *   capture ── learning ────────────────┘             reads, and so lets predictions go on
 * </pre>
 *
 * <p>A score is compared with those of other rows, not with a fixed number: an ordinary row's lies about 1, and a rare
 * one's well above. It is 0 until the forest has learned {@link ForestSettings#outputAfter} rows. With a shingle, each row
 * of a request is scored as if it came next after the rows that were learned.
 */
final class ForestModel implements LearningModel {

    static final String RUNTIME = "random-cut-forest";

    private static final String INPUT = "point";
    private static final int FORMAT_VERSION = 1;

    private final String name;
    private final ForestSettings settings;
    private final ModelSignature signature;
    private final StateFormat format;

    /** Held for as long as the forest must not learn: by a whole request that trains, and while a view is taken. */
    private final ReentrantLock learning = new ReentrantLock(true);

    private final ReentrantReadWriteLock access = new ReentrantReadWriteLock();
    /** Written under both locks, so that either of them is enough to read it. */
    private RandomCutForest forest;
    /** What went wrong in the midst of learning a row; the forest is then in no state to be asked or kept. */
    private @Nullable Throwable failure;

    private final AtomicLong updates = new AtomicLong();
    private volatile boolean closed;

    /** A forest that has learned nothing. */
    ForestModel(String name, ForestSettings settings) {
        this(name, settings, new RandomCutForest(builder(settings)));
    }

    /** @param forest of these settings, which nobody else uses */
    ForestModel(String name, ForestSettings settings, RandomCutForest forest) {
        this.name = name;
        this.settings = settings;
        this.signature = new ModelSignature(
                RUNTIME,
                List.of(new TensorSpec(INPUT, TensorType.FP64, List.of(-1L, (long) settings.dimensions()))),
                List.of(new TensorSpec("score", TensorType.FP64, List.of(-1L))),
                false);
        this.format = new StateFormat(RUNTIME, FORMAT_VERSION, settings.fingerprint());
        this.forest = forest;
    }

    static RandomCutForest.Builder<?> builder(ForestSettings settings) {
        return RandomCutForest.builder()
                .dimensions(settings.pointSize())
                .shingleSize(settings.shingleSize())
                .internalShinglingEnabled(settings.shingleSize() > 1)
                .numberOfTrees(settings.trees())
                .sampleSize(settings.sampleSize())
                .timeDecay(settings.timeDecay())
                .outputAfter(settings.outputAfter())
                .randomSeed(settings.seed());
    }

    @Override
    public ModelSignature signature() {
        return signature;
    }

    @Override
    public void check(List<Tensor> inputs) {
        boolean fits = inputs.size() == 1
                && inputs.get(0).name().equals(INPUT)
                && (inputs.get(0).type() == TensorType.FP64 || inputs.get(0).type() == TensorType.FP32)
                && inputs.get(0).shape().length == 2
                && inputs.get(0).shape()[1] == settings.dimensions();
        if (!fits) {
            throw new InvalidInputException("Model " + name + " wants one input, point FP64[-1," + settings.dimensions()
                    + "] or FP32 of that shape, not " + OneLine.name(inputs.toString()));
        }
        rows(inputs);
    }

    @Override
    public void checkTraining(List<Tensor> inputs) {
        check(inputs);
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        return batch.stream().map(request -> List.of(scores(rows(request)))).toList();
    }

    private Tensor scores(float[][] rows) {
        double[] scores = new double[rows.length];
        requireOpen();
        access.readLock().lock();
        try {
            requireUsable();
            for (int i = 0; i < rows.length; i++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InferenceException("The run of model " + name + " was told to end");
                }
                scores[i] = forest.getAnomalyScore(rows[i]);
            }
        } finally {
            access.readLock().unlock();
        }
        return new Tensor("score", TensorType.FP64, new long[] {rows.length}, scores);
    }

    @Override
    public long train(List<Tensor> inputs) {
        float[][] rows = rows(inputs);
        requireOpen();
        learning.lock();
        try {
            requireUsable();
            for (float[] row : rows) {
                learn(row);
            }
            updates.addAndGet(rows.length);
            return rows.length;
        } finally {
            learning.unlock();
        }
    }

    private void learn(float[] row) {
        access.writeLock().lock();
        try {
            forest.update(row);
        } catch (RuntimeException | Error e) {
            failure = e;
            throw unusable(e);
        } finally {
            access.writeLock().unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("Model " + name + " is closed");
        }
    }

    private void requireUsable() {
        if (failure != null) {
            throw unusable(failure);
        }
    }

    private IllegalStateException unusable(Throwable cause) {
        return new IllegalStateException(
                "Model " + name + " failed in the midst of learning a row, and is of no use until a stored state is"
                        + " restored or it is loaded again: " + OneLine.of(cause),
                cause);
    }

    /** The rows of a request as the forest takes them: no negative zero, which it would take for another point than 0. */
    private float[][] rows(List<Tensor> inputs) {
        Object elements = inputs.get(0).elements();
        int size = settings.dimensions();
        float[][] rows = new float[(int) inputs.get(0).shape()[0]][size];
        for (int i = 0; i < rows.length * size; i++) {
            float value = elements instanceof float[] floats ? floats[i] : (float) ((double[]) elements)[i];
            if (!ForestSettings.isTakable(value)) {
                throw new InvalidInputException(
                        "Model " + name + " got " + value + " as number " + i % size + " of row " + i / size
                                + "; numbers must be finite and at most " + ForestSettings.LARGEST_NUMBER + " in size");
            }
            rows[i / size][i % size] = value + 0.0f;
        }
        return rows;
    }

    @Override
    public StateFormat stateFormat() {
        return format;
    }

    @Override
    public StateCapture capture() {
        ForestCopy copy;
        learning.lock();
        try {
            requireUsable();
            copy = ForestCopy.of(forest);
        } finally {
            learning.unlock();
        }
        return new CopiedState(format, copy.parts());
    }

    @Override
    public void restore(StateSource source) {
        source.format().requireFits(format);
        RandomCutForest restored = ForestRestore.forest(source, settings);
        learning.lock();
        access.writeLock().lock();
        try {
            forest = restored;
            failure = null;
        } finally {
            access.writeLock().unlock();
            learning.unlock();
        }
    }

    @Override
    public SaveRule saveRule() {
        return settings.saveRule();
    }

    @Override
    public long updates() {
        return updates.get();
    }

    @Override
    public void close() {
        closed = true;
    }
}
