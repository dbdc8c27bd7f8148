package dev.holdfast.host.serving;

import dev.holdfast.host.state.StateReference;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One model: its versions and which of them answers when a caller names none; immutable.
 *
 * @param versions at least one, in the {@linkplain #VERSION_ORDER order of versions}
 * @param defaultVersion one of the versions
 */
public record ServedModel(SortedMap<String, ServedVersion> versions, String defaultVersion) {

    /** 1.2 before 1.11: runs of digits compare as numbers, all else as text. */
    public static final Comparator<String> VERSION_ORDER = new VersionOrder();

    public ServedModel {
        TreeMap<String, ServedVersion> sorted = new TreeMap<>(VERSION_ORDER);
        sorted.putAll(versions);
        versions = Collections.unmodifiableSortedMap(sorted);
        if (!versions.containsKey(defaultVersion)) {
            throw new IllegalArgumentException(
                    "Default version " + defaultVersion + " must be one of " + versions.keySet());
        }
    }

    /** A model of one version, which is the default. */
    public static ServedModel of(String version, ServedVersion state) {
        return new ServedModel(new TreeMap<>(Map.of(version, state)), version);
    }

    public ServedModel with(String version, ServedVersion state) {
        TreeMap<String, ServedVersion> changed = new TreeMap<>(VERSION_ORDER);
        changed.putAll(versions);
        changed.put(version, state);
        return new ServedModel(changed, defaultVersion);
    }

    /** Without a version that is not the default. */
    public ServedModel without(String version) {
        TreeMap<String, ServedVersion> changed = new TreeMap<>(VERSION_ORDER);
        changed.putAll(versions);
        changed.remove(version);
        return new ServedModel(changed, defaultVersion);
    }

    public ServedModel withDefault(String version) {
        return new ServedModel(versions, version);
    }

    /** The same, with what one of the versions has learned. */
    public ServedModel withLearned(String version, StateReference learned) {
        ServedVersion state = Objects.requireNonNull(versions.get(version), version);
        return with(version, state.withLearned(learned));
    }

    private static final class VersionOrder implements Comparator<String> {

        @Override
        public int compare(String left, String right) {
            int l = 0;
            int r = 0;
            while (l < left.length() && r < right.length()) {
                if (!digit(left.charAt(l)) || !digit(right.charAt(r))) {
                    int order = Character.compare(left.charAt(l++), right.charAt(r++));
                    if (order != 0) {
                        return order;
                    }
                    continue;
                }
                int lEnd = digitsEnd(left, l);
                int rEnd = digitsEnd(right, r);
                int order = compareNumbers(left, l, lEnd, right, r, rEnd);
                if (order != 0) {
                    return order;
                }
                l = lEnd;
                r = rEnd;
            }
            int order = Integer.compare(left.length() - l, right.length() - r);
            // 1.0 and 1.00 are equal numbers and yet two versions.
            return order != 0 ? order : left.compareTo(right);
        }

        private static int digitsEnd(String text, int start) {
            int end = start;
            while (end < text.length() && digit(text.charAt(end))) {
                end++;
            }
            return end;
        }

        /** Runs of digits of any length, which no number type holds. */
        private static int compareNumbers(String left, int l, int lEnd, String right, int r, int rEnd) {
            int lFirst = afterZeros(left, l, lEnd);
            int rFirst = afterZeros(right, r, rEnd);
            int order = Integer.compare(lEnd - lFirst, rEnd - rFirst);
            for (int i = 0; order == 0 && i < lEnd - lFirst; i++) {
                order = Character.compare(left.charAt(lFirst + i), right.charAt(rFirst + i));
            }
            return order;
        }

        private static int afterZeros(String text, int start, int end) {
            int first = start;
            while (first < end && text.charAt(first) == '0') {
                first++;
            }
            return first;
        }

        private static boolean digit(char c) {
            return c >= '0' && c <= '9';
        }
    }
}
