package dev.holdfast.host.runtime.classifier;

import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StatePart;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The features of a classifier as bytes that are only ever added to: each time a state is taken, those that have changed since
 * the last time. So a state is stored by what changed, wherever in the vocabulary that is.
 *
 * <pre>
 *   record   length of the name · name in UTF-8 · in how many examples it was seen · number of labels ·
 *            for each: id · weight · covariance, where the method has one
 * </pre>
 *
 * Numbers are as {@link ByteBuffer} puts them, counts in seven bits a byte. The last record of a name holds. Where more than
 * half of the bytes hold no more, the log is written anew.
 *
 * <p>A view stays as it is while the log grows: bytes that were written are never changed. One thread at a time changes it.
 */
final class FeatureLog {

    private static final int BLOCK = 1 << 16;
    private static final long WORTH_WRITING_ANEW = 1 << 18;
    private static final int REMEMBERED = 16;
    private static final int MOST_BYTES_OF_A_NAME = 1 << 28;

    private final boolean covariance;
    private List<byte[]> blocks = new ArrayList<>();
    private long size;
    private CRC32C sum = new CRC32C();
    /** The bytes of the last records of all features. */
    private long live;
    /** The numbers of the last captures, and how long the log was then. */
    private Deque<long[]> captures = new ArrayDeque<>();

    private ByteBuffer record = ByteBuffer.allocate(1024);

    FeatureLog(boolean covariance) {
        this.covariance = covariance;
    }

    /**
     * Writes what has changed since the last time.
     *
     * @param capture the number of the state that is taken
     */
    void write(Learned learned, long capture) {
        List<Feature> changed = learned.changed;
        if (changed != null) {
            changed.forEach(this::append);
        }
        if (changed == null || size > 2 * live + WORTH_WRITING_ANEW) {
            writeAnew(learned);
        }
        learned.changed = new ArrayList<>();
        captures.addLast(new long[] {capture, size});
        if (captures.size() > REMEMBERED) {
            captures.removeFirst();
        }
    }

    private void writeAnew(Learned learned) {
        blocks = new ArrayList<>();
        size = 0;
        sum = new CRC32C();
        live = 0;
        captures = new ArrayDeque<>();
        learned.weighted.forEach(this::appendAnew);
        for (Feature feature : learned.seen) {
            if (feature.labels.length == 0) {
                appendAnew(feature);
            }
        }
    }

    private void appendAnew(Feature feature) {
        feature.logged = 0;
        append(feature);
    }

    private void append(Feature feature) {
        byte[] name = feature.name.getBytes(StandardCharsets.UTF_8);
        long most = name.length + 32L + feature.labels.length * 24L;
        if (most > Integer.MAX_VALUE - 8) {
            throw new InferenceException("A feature with a name of " + name.length + " bytes is too long to be stored");
        }
        if (record.capacity() < most) {
            record = ByteBuffer.allocate((int) most);
        }
        record.clear();
        putCount(name.length);
        record.put(name).putDouble(feature.seen);
        putCount(feature.labels.length);
        int each = covariance ? 2 : 1;
        for (int i = 0; i < feature.labels.length; i++) {
            putCount(feature.labels[i]);
            record.putDouble(feature.weights[each * i]);
            if (covariance) {
                record.putDouble(feature.weights[each * i + 1]);
            }
        }
        add(record.array(), record.position());
        live += record.position() - feature.logged;
        feature.logged = record.position();
        feature.changed = false;
    }

    private void putCount(int count) {
        int left = count;
        while (left > 0x7f) {
            record.put((byte) (left | 0x80));
            left >>>= 7;
        }
        record.put((byte) left);
    }

    private void add(byte[] bytes, int length) {
        sum.update(bytes, 0, length);
        for (int from = 0; from < length; ) {
            int at = (int) (size % BLOCK);
            if (at == 0) {
                blocks.add(new byte[BLOCK]);
            }
            int count = Math.min(length - from, BLOCK - at);
            System.arraycopy(bytes, from, blocks.get(blocks.size() - 1), at, count);
            from += count;
            size += count;
        }
    }

    long size() {
        return size;
    }

    int checksum() {
        return (int) sum.getValue();
    }

    /** The log as it is now. */
    StatePart part(String name) {
        return new View(name, List.copyOf(blocks), size, List.copyOf(captures));
    }

    private record View(String name, List<byte[]> blocks, long size, List<long[]> captures) implements StatePart {

        @Override
        public void read(long offset, byte[] target, int length) {
            for (int done = 0; done < length; ) {
                int at = (int) ((offset + done) % BLOCK);
                int count = Math.min(length - done, BLOCK - at);
                System.arraycopy(blocks.get((int) ((offset + done) / BLOCK)), at, target, done, count);
                done += count;
            }
        }

        @Override
        public boolean unchangedSince(long capture, long offset, long length) {
            return captures.stream().anyMatch(known -> known[0] == capture && offset + length <= known[1]);
        }
    }

    /**
     * Reads a log, and the features that it tells of.
     *
     * @param learned which has the labels already, and no features
     * @throws StateDamagedException if the bytes are no log, or not those that the checksum is of
     */
    static FeatureLog read(InputStream in, long size, int checksum, Learned learned) throws IOException {
        FeatureLog log = new FeatureLog(learned.hasCovariance());
        byte[] block = new byte[BLOCK];
        for (int count = in.readNBytes(block, 0, BLOCK); count > 0; count = in.readNBytes(block, 0, BLOCK)) {
            if (log.size + count > size) {
                throw damaged("it is longer than it should be");
            }
            log.add(block, count);
        }
        if (log.size != size || log.checksum() != checksum) {
            throw damaged("its checksum does not fit");
        }
        new Reading(log, learned).all();
        return log;
    }

    private static StateDamagedException damaged(String how) {
        return new StateDamagedException("Part features of the state is damaged: " + how);
    }

    /** A walk through a log that was read. */
    private static final class Reading {

        private final FeatureLog log;
        private final Learned learned;
        private final StatePart bytes;
        private long at;

        Reading(FeatureLog log, Learned learned) {
            this.log = log;
            this.learned = learned;
            this.bytes = log.part("features");
        }

        void all() {
            while (at < log.size) {
                long begin = at;
                Feature feature = learned.feature(name());
                double seen = number();
                int each = learned.hasCovariance() ? 2 : 1;
                int count = count(learned.nextId);
                int[] labels = new int[count];
                double[] weights = new double[count * each];
                for (int i = 0; i < count; i++) {
                    labels[i] = count(Integer.MAX_VALUE);
                    if (!learned.names.containsKey(labels[i])) {
                        throw damaged("it has a weight of label " + labels[i] + ", which there is not");
                    }
                    for (int j = 0; j < each; j++) {
                        weights[i * each + j] = number();
                    }
                }
                if (feature.labels.length == 0 && count > 0) {
                    learned.weighted.add(feature);
                }
                if (feature.seen == 0 && seen != 0) {
                    learned.seen.add(feature);
                }
                if (count < feature.labels.length || (seen == 0 && feature.seen != 0) || (seen == 0 && count == 0)) {
                    throw damaged("a feature has less than before");
                }
                feature.seen = seen;
                feature.labels = labels;
                feature.weights = weights;
                log.live += at - begin - feature.logged;
                feature.logged = (int) (at - begin);
            }
        }

        private byte[] next(int count) {
            if (count > log.size - at) {
                throw damaged("it ends in the midst of a feature");
            }
            byte[] next = new byte[count];
            bytes.read(at, next, count);
            at += count;
            return next;
        }

        private String name() {
            byte[] name = next(count(MOST_BYTES_OF_A_NAME));
            return new String(name, StandardCharsets.UTF_8);
        }

        private double number() {
            return ByteBuffer.wrap(next(Double.BYTES)).getDouble();
        }

        private int count(int most) {
            long count = 0;
            for (int shift = 0; shift < 35; shift += 7) {
                byte part = next(1)[0];
                count |= (long) (part & 0x7f) << shift;
                if (part >= 0) {
                    if (count > most) {
                        break;
                    }
                    return (int) count;
                }
            }
            throw damaged("it has a count that is too large");
        }
    }
}
