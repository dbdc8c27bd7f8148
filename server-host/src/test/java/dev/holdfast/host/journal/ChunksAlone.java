package dev.holdfast.host.journal;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.List;
import java.util.Optional;

/** A serializer for tests of chunks: it keeps no snapshots, and what chunks it is given. */
final class ChunksAlone implements SnapshotSerializer {

    volatile boolean cannotBeOpened;
    private final Optional<ChunkStore> chunks;

    ChunksAlone(Optional<ChunkStore> chunks) {
        this.chunks = chunks;
    }

    static ChunksAlone of(ChunkStore chunks) {
        return new ChunksAlone(Optional.of(chunks));
    }

    @Override
    public Optional<ChunkStore> chunks() {
        if (cannotBeOpened) {
            throw new StoreUnavailableException("its database is down");
        }
        return chunks;
    }

    @Override
    public void save(Snapshot snapshot) {
        throw new StoreUnavailableException("no snapshots are kept");
    }

    @Override
    public Optional<Snapshot> getLast() {
        return Optional.empty();
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return SnapshotPage.last(List.of());
    }

    @Override
    public Snapshot get(String name) {
        throw SnapshotNotFoundException.of(name, "memory");
    }

    @Override
    public void close() {}
}
