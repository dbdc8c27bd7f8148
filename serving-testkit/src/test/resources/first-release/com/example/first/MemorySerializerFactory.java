package com.example.first;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Reads its configuration in every way that there was in the first release. */
public final class MemorySerializerFactory implements SnapshotSerializerFactory {

    private final Map<String, TreeMap<Long, Snapshot>> snapshots = new ConcurrentHashMap<>();
    private final Map<String, TreeMap<String, MemoryChunks.Chunk>> chunks = new ConcurrentHashMap<>();

    @Override
    public String name() {
        return "first-memory";
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        config.requireKnown("codec", "down", "size", "timeout", "url", "password-file");
        Codec codec = config.codec(config.get("codec", "gz:9"));
        Duration timeout = config.getDuration("timeout", Duration.ofSeconds(1));
        int size = config.getInt("size", 10, 1, 100);
        Optional<String> url = config.get("url");
        Optional<String> password = config.secret("password");
        Path place = config.logLocation();
        if (config.getBoolean("down", false)) {
            throw new StoreUnavailableException(config.host() + " cannot reach " + url.orElse("") + " within " + timeout
                    + " (" + codec.name() + ", " + size + ", " + place + ", " + password.isPresent() + ")");
        }
        String group = config.group();
        return new MemorySerializer(
                group,
                snapshots.computeIfAbsent(group, ignored -> new TreeMap<>()),
                chunks.computeIfAbsent(group, ignored -> new TreeMap<>()));
    }
}
