package dev.holdfast.host.state;

/** Pieces of one size. */
record FixedCutter(int longest) implements Cutter {

    @Override
    public int cut(byte[] window, int available) {
        return available;
    }
}
