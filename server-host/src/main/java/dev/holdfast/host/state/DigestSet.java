package dev.holdfast.host.state;

import java.util.HexFormat;
import java.util.function.Predicate;

/**
 * Many SHA-256 digests, each by its first 16 bytes: 24 to 48 bytes of memory for one, where a set of their texts takes 150.
 *
 * <pre>
 *   table:  │ first 8 bytes │ second 8 bytes │ 0 │ 0 │ ...      a free place is two zeros; the next free one is taken
 * </pre>
 *
 * <p>That two of a billion digests begin with the same 16 bytes is less likely than one in 10^20.
 */
public final class DigestSet implements Predicate<String> {

    private static final int SMALLEST = 64;
    private static final int HALF = 16;

    private long[] table = new long[SMALLEST];
    private int size;

    /**
     * Adds a digest.
     *
     * @param hex 64 hexadecimal digits
     * @return false if it was there already
     */
    public boolean add(String hex) {
        if (!put(table, first(hex), second(hex))) {
            return false;
        }
        size++;
        // Two longs for each: two places of three are taken at the most.
        if (size * 3L > table.length) {
            grow();
        }
        return true;
    }

    private static boolean put(long[] table, long first, long second) {
        int place = place(table, first, second);
        if (table[place] == first && table[place + 1] == second) {
            return false;
        }
        table[place] = first;
        table[place + 1] = second;
        return true;
    }

    /** Where these two are, or the free place where they belong. */
    private static int place(long[] table, long first, long second) {
        int mask = table.length - 1;
        int place = ((int) first << 1) & mask;
        while ((table[place] != first || table[place + 1] != second) && (table[place] | table[place + 1]) != 0) {
            place = (place + 2) & mask;
        }
        return place;
    }

    private void grow() {
        long[] larger = new long[Math.multiplyExact(table.length, 2)];
        for (int i = 0; i < table.length; i += 2) {
            if ((table[i] | table[i + 1]) != 0) {
                put(larger, table[i], table[i + 1]);
            }
        }
        table = larger;
    }

    @Override
    public boolean test(String hex) {
        long first = first(hex);
        long second = second(hex);
        int place = place(table, first, second);
        return table[place] == first && table[place + 1] == second;
    }

    public int size() {
        return size;
    }

    private static long first(String hex) {
        return HexFormat.fromHexDigitsToLong(hex, 0, HALF);
    }

    /** Never zero, so that no digest looks like a free place. */
    private static long second(String hex) {
        return Math.max(1, HexFormat.fromHexDigitsToLong(hex, HALF, 2 * HALF) >>> 1);
    }
}
