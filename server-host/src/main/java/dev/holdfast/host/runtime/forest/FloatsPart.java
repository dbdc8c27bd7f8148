package dev.holdfast.host.runtime.forest;

import dev.holdfast.host.runtime.PartWriter;
import dev.holdfast.host.state.StatePart;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A part that is one run of numbers, in the bytes that a {@link PartWriter} would make of it. They are made when they are
 * read, so that a large part does not lie in memory twice.
 */
final class FloatsPart implements StatePart {

    private static final int TOGETHER = 1 << 16;

    private final String name;
    private final float[] values;
    private final int checksum;

    /** @param values which nobody changes any more */
    FloatsPart(String name, float[] values) {
        this.name = name;
        this.values = values;
        CRC32C sum = new CRC32C();
        for (int from = 0; from < values.length; from += TOGETHER) {
            sum.update(bytes(from, Math.min(values.length, from + TOGETHER)).rewind());
        }
        checksum = (int) sum.getValue();
    }

    /** The bytes of some values; its position is behind them. */
    private ByteBuffer bytes(int from, int to) {
        ByteBuffer bytes = ByteBuffer.allocate((to - from) * Float.BYTES);
        bytes.asFloatBuffer().put(values, from, to - from);
        return bytes.position(bytes.limit());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return (long) values.length * Float.BYTES + Integer.BYTES;
    }

    @Override
    public void read(long offset, byte[] target, int length) {
        int from = Math.toIntExact(offset / Float.BYTES);
        int to = Math.toIntExact((offset + length + Float.BYTES - 1) / Float.BYTES);
        ByteBuffer bytes = bytes(Math.min(from, values.length), Math.min(to, values.length));
        if (to > values.length) {
            bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), bytes.capacity() + Integer.BYTES))
                    .putInt(bytes.capacity(), checksum);
        }
        System.arraycopy(bytes.array(), (int) (offset % Float.BYTES), target, 0, length);
    }
}
