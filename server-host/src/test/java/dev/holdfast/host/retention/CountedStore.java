package dev.holdfast.host.retention;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Optional;
import java.util.OptionalLong;

/** A store of which the list is known to be whole: where it does not count its snapshots, the list says how many. */
record CountedStore(SnapshotSerializer store) implements SnapshotSerializer {

    @Override
    public OptionalLong count() {
        OptionalLong count = store.count();
        return count.isPresent()
                ? count
                : OptionalLong.of(store.list(ListRequest.firstPage(ListRequest.MOST))
                        .headers()
                        .size());
    }

    @Override
    public void save(Snapshot snapshot) {
        store.save(snapshot);
    }

    @Override
    public Optional<Snapshot> getLast() {
        return store.getLast();
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return store.list(request);
    }

    @Override
    public Snapshot get(String name) {
        return store.get(name);
    }

    @Override
    public boolean delete(String name) {
        return store.delete(name);
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return store.chunks();
    }

    @Override
    public void close() {
        store.close();
    }
}
