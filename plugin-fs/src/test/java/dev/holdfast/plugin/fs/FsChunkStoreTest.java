package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.ChunkStoreContract;
import dev.holdfast.testkit.Outage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class FsChunkStoreTest extends ChunkStoreContract {

    @TempDir
    private Path logs;

    @Override
    protected SnapshotSerializerFactory factory() {
        return new FsSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String ofGroup) {
        return SerializerConfig.builder("fs", logs).group(ofGroup).build();
    }

    @Override
    protected List<Outage> outages() {
        Path directory = logs.resolve("config");
        return List.of(Outage.directoryGone(directory), Outage.directoryBlocked(directory));
    }

    @Override
    protected boolean manyWriters() {
        return false;
    }
}
