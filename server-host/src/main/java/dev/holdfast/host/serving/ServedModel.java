package dev.holdfast.host.serving;

import dev.holdfast.host.state.StateReference;
import java.math.BigInteger;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One model: its versions and which of them answers when a caller names none; immutable.
 *
 * @param versions at least one, in the {@linkplain #VERSION_ORDER order of versions}
 * @param defaultVersion one of the versions
 */
public record ServedModel(SortedMap<String, ServedVersion> versions, String defaultVersion) {

    /** 1.2 before 1.11: runs of digits compare as numbers, all else as text. */
    public static final Comparator<String> VERSION_ORDER = ServedModel::compareVersions;

    private static final Pattern VERSION_PART = Pattern.compile("[0-9]+|[^0-9]");

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
        TreeMap<String, ServedVersion> changed = new TreeMap<>(versions);
        changed.put(version, state);
        return new ServedModel(changed, defaultVersion);
    }

    /** Without a version that is not the default. */
    public ServedModel without(String version) {
        TreeMap<String, ServedVersion> changed = new TreeMap<>(versions);
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

    private static int compareVersions(String left, String right) {
        Matcher l = VERSION_PART.matcher(left);
        Matcher r = VERSION_PART.matcher(right);
        boolean lFound = l.find();
        boolean rFound = r.find();
        while (lFound && rFound) {
            int order = isNumber(l) && isNumber(r)
                    ? new BigInteger(l.group()).compareTo(new BigInteger(r.group()))
                    : l.group().compareTo(r.group());
            if (order != 0) {
                return order;
            }
            lFound = l.find();
            rFound = r.find();
        }
        // 1.0 and 1.00 are equal numbers and yet two versions.
        return lFound || rFound ? Boolean.compare(lFound, rFound) : left.compareTo(right);
    }

    private static boolean isNumber(Matcher part) {
        char first = part.group().charAt(0);
        return first >= '0' && first <= '9';
    }
}
