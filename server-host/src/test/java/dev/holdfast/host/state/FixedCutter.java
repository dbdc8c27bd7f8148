package dev.holdfast.host.state;

/** Pieces of one size: what cutting by content is compared with, and what a test can foresee. */
record FixedCutter(int longest) implements Cutter {

    @Override
    public int cut(byte[] window, int available) {
        return available;
    }
}
