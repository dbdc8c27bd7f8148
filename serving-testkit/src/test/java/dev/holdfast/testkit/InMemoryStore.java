package dev.holdfast.testkit;

import dev.holdfast.sdk.SnapshotHeader;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an {@link InMemorySerializer} saves into; each access to a group is made under this object's lock. */
final class InMemoryStore {

    record Stored(SnapshotHeader header, byte[] text) {}

    final @Nullable Fault fault;
    boolean closedByOne;
    /** Whether nobody can reach it now. */
    volatile boolean away;

    private final Map<String, Map<String, Stored>> groups = new HashMap<>();

    InMemoryStore(@Nullable Fault fault) {
        this.fault = fault;
    }

    boolean has(Fault one) {
        return fault == one;
    }

    Map<String, Stored> group(String name) {
        return groups.computeIfAbsent(has(Fault.MIXES_GROUPS) ? "" : name, any -> new LinkedHashMap<>());
    }

    synchronized void damage(String group, String name) {
        byte[] text = group(group).get(name).text();
        text[text.length / 2] ^= 1;
    }
}
