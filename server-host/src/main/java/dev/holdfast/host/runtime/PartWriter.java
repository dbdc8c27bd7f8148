package dev.holdfast.host.runtime;

import dev.holdfast.host.state.StatePart;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The bytes of a part of a model's state: numbers, big-endian and at their full width, then four bytes of CRC-32C over
 * them, so that a model never takes bytes for its own that are not.
 */
public final class PartWriter {

    private static final int LARGEST = Integer.MAX_VALUE - 8;

    private ByteBuffer bytes = ByteBuffer.allocate(1024);

    private ByteBuffer room(long wanted) {
        if (bytes.remaining() < wanted) {
            long least = bytes.position() + wanted;
            if (least > LARGEST) {
                throw new InferenceException(
                        "A part of the state would have " + least + " bytes, more than fit into an array");
            }
            long size = Math.min(Math.max(2L * bytes.capacity(), least), LARGEST);
            bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), (int) size)).position(bytes.position());
        }
        return bytes;
    }

    public int size() {
        return bytes.position();
    }

    public PartWriter putByte(int value) {
        room(Byte.BYTES).put((byte) value);
        return this;
    }

    public PartWriter putChar(int value) {
        room(Character.BYTES).putChar((char) value);
        return this;
    }

    public PartWriter putInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    public PartWriter putLong(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    public PartWriter putBytes(byte[] values) {
        room(values.length).put(values);
        return this;
    }

    public PartWriter putInts(int[] values) {
        room(4L * values.length);
        bytes.asIntBuffer().put(values);
        return skip(4 * values.length);
    }

    public PartWriter putFloats(float[] values) {
        room(4L * values.length);
        bytes.asFloatBuffer().put(values);
        return skip(4 * values.length);
    }

    private PartWriter skip(int count) {
        bytes.position(bytes.position() + count);
        return this;
    }

    public StatePart toPart(String name) {
        CRC32C sum = new CRC32C();
        sum.update(bytes.array(), 0, bytes.position());
        putInt((int) sum.getValue());
        return StatePart.of(name, Arrays.copyOf(bytes.array(), bytes.position()));
    }
}
