package dev.holdfast.host.state;

/**
 * Pieces that end where a rolling hash of the bytes before has certain bits, after the algorithm FastCDC (Xia et al.,
 * "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data Deduplication", USENIX ATC 2016): no end in
 * the first quarter, rare ends up to the half, frequent ones from there on.
 *
 * <p>The table and the masks must not change: other ones would cut every state differently, and the next save would store all
 * of it.
 */
final class ContentCutter implements Cutter {

    private static final long[] GEAR = gear();

    private final int shortest;
    private final int usual;
    private final int longest;
    private final long rare;
    private final long frequent;

    ContentCutter(int longest) {
        this.longest = longest;
        this.usual = longest / 2;
        this.shortest = longest / 4;
        int bits = 63 - Long.numberOfLeadingZeros(usual);
        // The high bits, which depend on the last 64 bytes; two bits more or fewer is FastCDC's normalization.
        rare = -1L << (64 - (bits + 2));
        frequent = -1L << (64 - (bits - 2));
    }

    @Override
    public int longest() {
        return longest;
    }

    @Override
    public int cut(byte[] window, int available) {
        if (available <= shortest) {
            return available;
        }
        int middle = Math.min(usual, available);
        long hash = 0;
        int i = shortest;
        for (; i < middle; i++) {
            hash = (hash << 1) + GEAR[window[i] & 0xff];
            if ((hash & rare) == 0) {
                return i + 1;
            }
        }
        for (; i < available; i++) {
            hash = (hash << 1) + GEAR[window[i] & 0xff];
            if ((hash & frequent) == 0) {
                return i + 1;
            }
        }
        return available;
    }

    /** Numbers without a pattern, the same in every version: SplitMix64 (Steele et al., OOPSLA 2014) from the seed 1. */
    private static long[] gear() {
        long[] table = new long[256];
        long state = 1;
        for (int i = 0; i < table.length; i++) {
            state += 0x9e3779b97f4a7c15L;
            long z = state;
            z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
            z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
            table[i] = z ^ (z >>> 31);
        }
        return table;
    }
}
