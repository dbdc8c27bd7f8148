package dev.holdfast.testkit;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(InMemoryChunkStoreTest.FaultFromParameter.class)
class InMemoryChunkStoreTest extends ChunkStoreContract {

    @TempDir
    private Path logs;

    private InMemoryChunkStore.Disk disk = new InMemoryChunkStore.Disk(null);

    /** Breaks the store in the way that the run's parameter says. */
    static final class FaultFromParameter implements TestInstancePostProcessor {

        @Override
        public void postProcessTestInstance(Object test, ExtensionContext context) {
            context.getConfigurationParameter("chunk-fault", ChunkFault::valueOf)
                    .ifPresent(fault -> ((InMemoryChunkStoreTest) test).disk = new InMemoryChunkStore.Disk(fault));
        }
    }

    @Override
    protected SnapshotSerializerFactory factory() {
        return new SnapshotSerializerFactory() {
            @Override
            public String name() {
                return "memory";
            }

            @Override
            public SnapshotSerializer open(SerializerConfig config) {
                return new ChunksAlone(config.group());
            }
        };
    }

    @Override
    protected List<Outage> outages() {
        return List.of(Outage.of("is out of reach", () -> disk.away = true, () -> disk.away = false));
    }

    @Override
    protected SerializerConfig config(String ofGroup) {
        return SerializerConfig.builder("memory", logs).group(ofGroup).build();
    }

    private final class ChunksAlone implements SnapshotSerializer {

        private final String group;
        private final InMemoryChunkStore chunks;

        ChunksAlone(String group) {
            this.group = group;
            this.chunks = new InMemoryChunkStore(disk, group);
        }

        @Override
        public Optional<ChunkStore> chunks() {
            return Optional.of(
                    disk.fault == ChunkFault.ANOTHER_STORE_EACH_TIME ? new InMemoryChunkStore(disk, group) : chunks);
        }

        @Override
        public void save(Snapshot snapshot) {
            throw new UnsupportedOperationException("it keeps chunks alone");
        }

        @Override
        public Optional<Snapshot> getLast() {
            return Optional.empty();
        }

        @Override
        public SnapshotPage list(ListRequest request) {
            throw new UnsupportedOperationException("it keeps chunks alone");
        }

        @Override
        public Snapshot get(String name) {
            throw new UnsupportedOperationException("it keeps chunks alone");
        }

        @Override
        public void close() {
            chunks.close();
        }
    }
}
