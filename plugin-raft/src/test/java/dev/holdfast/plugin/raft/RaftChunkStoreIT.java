package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.ChunkStoreContract;
import dev.holdfast.testkit.Outage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class RaftChunkStoreIT extends ChunkStoreContract {

    @TempDir
    private static Path directory;

    private static Fleet fleet;

    @BeforeAll
    static void start() {
        fleet = Fleet.started(directory, 3);
    }

    @AfterAll
    static void stop() throws InterruptedException {
        fleet.close();
    }

    @Override
    protected SnapshotSerializerFactory factory() {
        return new RaftSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String ofGroup) {
        return fleet.config("a", ofGroup);
    }

    @Override
    protected SerializerConfig outageConfig(String ofGroup) {
        return Fleet.hasty(fleet.client(ofGroup));
    }

    @Override
    protected List<Outage> outages() {
        return List.of(Outage.of(
                "has lost its majority",
                () -> List.of("b", "c").forEach(fleet::stop),
                () -> List.of("b", "c").forEach(fleet::start)));
    }
}
