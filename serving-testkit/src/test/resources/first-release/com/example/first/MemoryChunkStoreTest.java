package com.example.first;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.ChunkStoreContract;
import java.nio.file.Path;

public class MemoryChunkStoreTest extends ChunkStoreContract {

    private final SnapshotSerializerFactory factory = new MemorySerializerFactory();

    @Override
    protected SnapshotSerializerFactory factory() {
        return factory;
    }

    @Override
    protected SerializerConfig config(String group) {
        return SerializerConfig.builder(factory.name(), Path.of("target"))
                .group(group)
                .build();
    }
}
