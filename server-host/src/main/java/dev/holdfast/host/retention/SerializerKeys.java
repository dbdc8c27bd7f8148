package dev.holdfast.host.retention;

import dev.holdfast.sdk.SerializerConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The keys by which a serializer would remove old snapshots after its saves. The host takes these keys over and widens its own
 * rule by them, so that there is one rule, and every removal is announced to the hosts of the group.
 *
 * @param rule what these keys keep; {@link RetentionRule#ALL} if they say nothing
 * @param taken the properties that the host took, as {@code snapshot.jdbc.keep=5}
 * @param others the serializer's own properties without them
 */
public record SerializerKeys(RetentionRule rule, List<String> taken, Map<String, String> others) {

    /** The names of these keys in every serializer that removes old snapshots itself. */
    public static final Set<String> NAMES = Set.of("keep", "keep-for");

    public SerializerKeys {
        taken = List.copyOf(taken);
        others = Map.copyOf(others);
    }

    /**
     * Those of a serializer. Values that are not of the form that the authors' manual says are left to the serializer: it
     * refuses them, or means something of its own.
     *
     * @param config the whole, by which the values are read
     * @param values the properties of {@code config}
     */
    public static SerializerKeys of(String serializer, SerializerConfig config, Map<String, String> values) {
        RetentionRule rule;
        try {
            rule = new RetentionRule(
                    config.getInt("keep", 0, 0, Integer.MAX_VALUE), config.getDuration("keep-for", Duration.ZERO), 0);
        } catch (IllegalArgumentException e) {
            return new SerializerKeys(RetentionRule.ALL, List.of(), values);
        }
        List<String> taken = new ArrayList<>();
        Map<String, String> others = new TreeMap<>();
        new TreeMap<>(values).forEach((key, value) -> {
            if (NAMES.contains(key)) {
                taken.add("snapshot." + serializer + "." + key + "=" + value);
            } else {
                others.put(key, value);
            }
        });
        return new SerializerKeys(rule, taken, others);
    }
}
