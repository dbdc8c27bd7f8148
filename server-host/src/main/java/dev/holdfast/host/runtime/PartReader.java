package dev.holdfast.host.runtime;

import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A part that a {@link PartWriter} wrote, read whole and checked. No length that it claims takes memory before it is known
 * that so many bytes are there; what does not fit is a {@link StateDamagedException}.
 */
public final class PartReader {

    private final String name;
    private final ByteBuffer bytes;

    private PartReader(String name, ByteBuffer bytes) {
        this.name = name;
        this.bytes = bytes;
    }

    /**
     * @param most how many bytes such a part has at most
     * @throws StateDamagedException if the state has no such part, or it is damaged
     */
    public static PartReader open(StateSource source, String name, long most) {
        StateSource.Part part = source.parts().stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new StateDamagedException("The state has no part " + name));
        long size = part.size();
        if (size < Integer.BYTES || size > most || size > Integer.MAX_VALUE - 8) {
            throw damaged(name, "it has " + size + " bytes");
        }
        byte[] bytes = read(source, name, (int) size);
        int end = bytes.length - Integer.BYTES;
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, end);
        if (ByteBuffer.wrap(bytes).getInt(end) != (int) sum.getValue()) {
            throw damaged(name, "its checksum does not fit");
        }
        return new PartReader(name, ByteBuffer.wrap(bytes, 0, end));
    }

    private static byte[] read(StateSource source, String name, int size) {
        try (InputStream in = source.open(name)) {
            byte[] bytes = in.readNBytes(size);
            if (bytes.length != size || in.read() >= 0) {
                throw damaged(name, "it does not have the " + size + " bytes that are said");
            }
            return bytes;
        } catch (IOException e) {
            throw new StateDamagedException("Part " + name + " of the state cannot be read: " + e.getMessage(), e);
        }
    }

    private static StateDamagedException damaged(String part, String how) {
        return new StateDamagedException("Part " + part + " of the state is damaged: " + how);
    }

    public StateDamagedException damaged(String how) {
        return damaged(name, how);
    }

    private ByteBuffer next(long count) {
        if (bytes.remaining() < count) {
            throw damaged("it ends too early");
        }
        return bytes;
    }

    public int getByte() {
        return next(Byte.BYTES).get() & 0xff;
    }

    public char getChar() {
        return next(Character.BYTES).getChar();
    }

    public long getLong() {
        return next(Long.BYTES).getLong();
    }

    /** A number that must lie in a range. */
    public int getInt(String what, int least, int most) {
        return (int) inRange(what, next(Integer.BYTES).getInt(), least, most);
    }

    public long getLong(String what, long least, long most) {
        return inRange(what, getLong(), least, most);
    }

    private long inRange(String what, long value, long least, long most) {
        if (value < least || value > most) {
            throw damaged("its " + what + " is " + value + ", which is not " + least + " to " + most);
        }
        return value;
    }

    public byte[] getBytes(int count) {
        next(count);
        byte[] values = new byte[count];
        bytes.get(values);
        return values;
    }

    public int[] getInts(int count) {
        next(4L * count);
        int[] values = new int[count];
        bytes.asIntBuffer().get(values);
        bytes.position(bytes.position() + 4 * count);
        return values;
    }

    /** Numbers that must be finite. */
    public float[] getFloats(int count) {
        next(4L * count);
        float[] values = new float[count];
        bytes.asFloatBuffer().get(values);
        bytes.position(bytes.position() + 4 * count);
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw damaged("one of its numbers is " + value);
            }
        }
        return values;
    }

    public boolean hasMore() {
        return bytes.hasRemaining();
    }

    /** Checks that nothing is left. */
    public void end() {
        if (bytes.hasRemaining()) {
            throw damaged("it goes on for " + bytes.remaining() + " bytes after its end");
        }
    }
}
