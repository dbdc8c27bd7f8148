package dev.holdfast.host.runtime.classifier;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LearningModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.PartReader;
import dev.holdfast.host.runtime.PartWriter;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * A linear classifier as a model: data in, and out for each a score for each label.
 *
 * <pre>
 *   classify ── read lock ──────────────┐
 *   train ──── learning ─ write lock ───┤ learned     an example at a time holds the write lock
 *   restore ── learning ─ write lock ───┤             for one assignment
 *   capture ── learning ────────────────┘             writes what changed into the log, and lets others classify
 * </pre>
 *
 * <p>Requests over HTTP are JSON, as {@link ClassifierJson} reads it. Safe for use by several threads.
 */
public final class OnlineClassifier implements LearningModel {

    static final String RUNTIME = "online-classifier";

    private static final int FORMAT_VERSION = 1;
    /** A few bytes of a request may ask for any number. */
    private static final long MOST_SCORES = 4_000_000;

    private static final long MOST_BYTES_OF_LABELS = 1 << 28;
    private static final List<TensorSpec> BODY = List.of(new TensorSpec("body", TensorType.BYTES, List.of(1L)));

    private final String name;
    private final ClassifierConfig config;
    private final StateFormat format;

    /** Held for as long as nothing may be learned: by a whole request that teaches, and while a view is taken. */
    private final ReentrantLock learning = new ReentrantLock(true);

    private final ReentrantReadWriteLock access = new ReentrantReadWriteLock();
    /** Written under both locks, so that either of them is enough to read it. */
    private Learned learned;
    /** Under {@link #learning}. */
    private FeatureLog features;

    private long captures;
    private final AtomicLong updates = new AtomicLong();
    private volatile boolean closed;

    OnlineClassifier(String name, ClassifierConfig config) {
        this.name = name;
        this.config = config;
        this.format = new StateFormat(RUNTIME, FORMAT_VERSION, config.fingerprint());
        this.learned = nothing();
        this.features = new FeatureLog(config.method().hasCovariance());
    }

    private Learned nothing() {
        return new Learned(config.method(), config.regularization());
    }

    @Override
    public ModelSignature signature() {
        return new ModelSignature(RUNTIME, BODY, BODY, true);
    }

    @Override
    public void check(List<Tensor> inputs) {
        ClassifierJson.data(body(inputs)).data().forEach(Datum::check);
    }

    @Override
    public void checkTraining(List<Tensor> inputs) {
        ClassifierJson.examples(body(inputs)).forEach(example -> example.datum().check());
    }

    private byte[] body(List<Tensor> inputs) {
        if (inputs.size() == 1 && inputs.get(0).elements() instanceof byte[][] body && body.length == 1) {
            return body[0];
        }
        throw new InvalidInputException("Model " + name + " wants one input BYTES[1] with JSON, not " + inputs);
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        return batch.stream().map(this::answer).toList();
    }

    private List<Tensor> answer(List<Tensor> inputs) {
        ClassifierJson.Asked asked = ClassifierJson.data(body(inputs));
        byte[] answer = asked.answer(classify(asked.data()));
        return List.of(new Tensor("body", TensorType.BYTES, new long[] {1}, new byte[][] {answer}));
    }

    @Override
    public long train(List<Tensor> inputs) {
        return learn(ClassifierJson.examples(body(inputs)));
    }

    /**
     * Learns from examples in their order: all of them or, after an exception, none.
     *
     * @throws InvalidInputException if a key has a {@code $}, or a number is not finite
     */
    public long learn(List<Datum.Labelled> examples) {
        examples.forEach(example -> example.datum().check());
        return learning(() -> {
            for (Datum.Labelled example : examples) {
                List<FeatureConverter.Found> found = config.converter().convert(example.datum());
                locked(access.writeLock(), () -> {
                    learned.train(example.label(), found);
                    return true;
                });
            }
            updates.addAndGet(examples.size());
            return (long) examples.size();
        });
    }

    /**
     * For each datum the score of each label.
     *
     * @throws InvalidInputException if a key has a {@code $}, a number is not finite, or there are too many scores to answer
     */
    public List<Map<String, Double>> classify(List<Datum> data) {
        data.forEach(Datum::check);
        requireOpen();
        long asked = (long) data.size() * locked(access.readLock(), () -> learned.ids.size());
        if (asked > MOST_SCORES) {
            throw new InvalidInputException("The request asks for " + asked + " scores, of " + data.size()
                    + " data for each label; at most " + MOST_SCORES + " are given at once, so ask for fewer data");
        }
        List<Map<String, Double>> scores = new ArrayList<>(data.size());
        for (Datum datum : data) {
            List<FeatureConverter.Found> found = config.converter().convert(datum);
            scores.add(locked(access.readLock(), () -> learned.classify(found)));
        }
        return scores;
    }

    /** The labels, and how many examples taught each. */
    public Map<String, Long> labels() {
        return locked(access.readLock(), () -> new LinkedHashMap<>(learned.counts));
    }

    /** @return false if there is such a label */
    public boolean setLabel(String label) {
        return changed(() -> learned.setLabel(label));
    }

    /** @return false if there is no such label */
    public boolean deleteLabel(String label) {
        return changed(() -> learned.deleteLabel(label));
    }

    private boolean changed(Supplier<Boolean> change) {
        return learning(() -> {
            boolean changed = locked(access.writeLock(), change);
            updates.addAndGet(changed ? 1 : 0);
            return changed;
        });
    }

    /** Whether a change would wait, such as for a view of the state that is being taken. */
    public boolean isBusy() {
        return learning.isLocked();
    }

    /** Forgets everything. */
    public void clear() {
        replace(nothing(), new FeatureLog(config.method().hasCovariance()));
        updates.incrementAndGet();
    }

    private void replace(Learned by, FeatureLog log) {
        learning.lock();
        try {
            locked(access.writeLock(), () -> learned = by);
            features = log;
        } finally {
            learning.unlock();
        }
    }

    /** The text of the configuration, as it was given. */
    public String configuration() {
        return config.text();
    }

    public int featureCount() {
        return locked(access.readLock(), () -> learned.weighted.size());
    }

    /**
     * Writes what was learned as the original does; nothing is learned meanwhile.
     *
     * @param file empty, to be written and read
     * @param id under which it is saved
     * @param seconds the time of the save, since 1970
     */
    public void save(FileChannel file, String id, long seconds) throws IOException {
        requireOpen();
        learning.lock();
        try {
            ModelFile.write(file, new ModelFile.Saved(id, seconds), config.text(), learned);
        } finally {
            learning.unlock();
        }
    }

    /**
     * Takes what a file holds in place of what was learned. After an exception nothing has changed.
     *
     * @throws ModelFileException if it is damaged, or of another kind or configuration; the message is the original's
     */
    public void load(FileChannel file) throws IOException {
        Learned read = nothing();
        ModelFile.read(file, config, read);
        read.changed = null;
        replace(read, new FeatureLog(read.hasCovariance()));
        updates.incrementAndGet();
    }

    private <T> T learning(Supplier<T> work) {
        requireOpen();
        learning.lock();
        try {
            return work.get();
        } finally {
            learning.unlock();
        }
    }

    private static <T> T locked(Lock lock, Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("Model " + name + " is closed");
        }
    }

    @Override
    public StateFormat stateFormat() {
        return format;
    }

    @Override
    public StateCapture capture() {
        return learning(() -> {
            captures++;
            features.write(learned, captures);
            PartWriter labels = new PartWriter()
                    .putLong(features.size())
                    .putInt(features.checksum())
                    .putLong(learned.examples);
            for (long version : learned.versions) {
                labels.putLong(version);
            }
            labels.putInt(learned.nextId).putInt(learned.ids.size());
            learned.ids.forEach((label, id) -> {
                byte[] text = label.getBytes(StandardCharsets.UTF_8);
                labels.putInt(id).putLong(learned.counts.getOrDefault(label, 0L));
                labels.putInt(text.length).putBytes(text);
            });
            return new Captured(format, captures, List.of(labels.toPart("labels"), features.part("features")));
        });
    }

    private record Captured(StateFormat format, long number, List<StatePart> parts) implements StateCapture {
        @Override
        public void close() {}
    }

    @Override
    public void restore(StateSource source) {
        source.format().requireFits(format);
        Learned restored = nothing();
        PartReader labels = PartReader.open(source, "labels", MOST_BYTES_OF_LABELS);
        long size = labels.getLong("length of the features", 0, Long.MAX_VALUE);
        int checksum = labels.getInt("checksum", Integer.MIN_VALUE, Integer.MAX_VALUE);
        restored.examples = labels.getLong("number of examples", 0, Long.MAX_VALUE);
        for (int i = 0; i < restored.versions.length; i++) {
            restored.versions[i] = labels.getLong();
        }
        restored.nextId = labels.getInt("next label", 0, Integer.MAX_VALUE);
        int count = labels.getInt("number of labels", 0, restored.nextId);
        for (int i = 0; i < count; i++) {
            int id = labels.getInt("label", 0, restored.nextId - 1);
            long taught = labels.getLong("number of a label's examples", 0, Long.MAX_VALUE);
            int length = labels.getInt("length of a label", 0, Integer.MAX_VALUE);
            String label = new String(labels.getBytes(length), StandardCharsets.UTF_8);
            if (restored.ids.put(label, id) != null || restored.names.put(id, label) != null) {
                throw labels.damaged("a label is there twice");
            }
            restored.counts.put(label, taught);
        }
        labels.end();
        FeatureLog log;
        try (InputStream in = source.open("features")) {
            log = FeatureLog.read(in, size, checksum, restored);
        } catch (IOException e) {
            throw new StateDamagedException("Part features of the state cannot be read: " + e.getMessage(), e);
        }
        restored.renumber();
        replace(restored, log);
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
