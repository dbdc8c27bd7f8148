package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/** One serializer of a test, at a fixed time, and the wire that it goes through. */
record Store(SnapshotSerializer serializer, FaultyHttpClient wire) implements AutoCloseable {

    static SerializerConfig.Builder config(String table, String... more) {
        Map<String, String> values = new LinkedHashMap<>(Map.of(
                "endpoint", LocalDynamoDb.shared().endpoint().toString(), "region", "eu-central-1", "table", table));
        for (int i = 0; i < more.length; i += 2) {
            values.put(more[i], more[i + 1]);
        }
        return SerializerConfig.builder("ddb", Path.of("target")).values(values);
    }

    /** @param more keys and values in turn */
    static Store open(String table, String... more) {
        return open(config(table, more).build());
    }

    static Store open(SerializerConfig config) {
        return open(config, Clock.fixed(TestSnapshots.START.plus(Duration.ofDays(1)), ZoneOffset.UTC));
    }

    static Store open(SerializerConfig config, Clock clock) {
        AtomicReference<FaultyHttpClient> wire = new AtomicReference<>();
        SnapshotSerializer serializer = new DdbSnapshotSerializerFactory(
                        client -> {
                            wire.set(new FaultyHttpClient(client));
                            return wire.get();
                        },
                        clock)
                .open(config);
        return new Store(serializer, wire.get());
    }

    ChunkStore chunks() {
        return serializer.chunks().orElseThrow();
    }

    @Override
    public void close() {
        serializer.close();
    }
}
