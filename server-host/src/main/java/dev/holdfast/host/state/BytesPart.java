package dev.holdfast.host.state;

/** A part that lies in memory whole. */
@SuppressWarnings("ArrayRecordComponent") // Never compared; the bytes are not copied because states are large.
record BytesPart(String name, byte[] bytes) implements StatePart {

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public void read(long offset, byte[] target, int length) {
        System.arraycopy(bytes, Math.toIntExact(offset), target, 0, length);
    }
}
