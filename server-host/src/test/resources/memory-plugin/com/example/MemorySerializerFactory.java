package com.example;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The smallest serializer that keeps the rules: in memory, without removing anything. Tests put faults into it. */
public final class MemorySerializerFactory implements SnapshotSerializerFactory {

    /** The store: the snapshots of each group by their revision, shared by all serializers of the group. */
    private final Map<String, TreeMap<Long, Snapshot>> groups = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        config.requireKnown();
        return new MemorySerializer(
                config.group(), groups.computeIfAbsent(config.group(), group -> new TreeMap<>()));
    }
}
