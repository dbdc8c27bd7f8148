package dev.holdfast.plugin.ddb;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Chunks for tests: ids that are spread as digests are, and contents of one size. */
final class Chunks {

    private Chunks() {}

    static String id(int number) {
        return String.format(Locale.ROOT, "%02x%062x", (number * 37) & 0xff, number);
    }

    static Map<String, byte[]> of(int count, int size) {
        Map<String, byte[]> chunks = new TreeMap<>();
        for (int number = 0; number < count; number++) {
            byte[] content = new byte[size];
            Arrays.fill(content, (byte) number);
            chunks.put(id(number), content);
        }
        return chunks;
    }
}
