package dev.holdfast.host.plugins;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A serializer that is opened when it is first needed, and again as often as opening has failed. */
public final class ReopeningSerializer implements SnapshotSerializer {

    private final Supplier<SnapshotSerializer> opener;
    private @Nullable SnapshotSerializer open;
    private Runnable told = () -> {};
    private boolean closed;

    public ReopeningSerializer(Supplier<SnapshotSerializer> opener) {
        this.opener = opener;
    }

    /**
     * Opens it now, if it is not open.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store cannot be opened; the next call tries again
     * @throws IllegalArgumentException if its configuration is wrong
     */
    public synchronized SnapshotSerializer open() {
        if (closed) {
            throw new IllegalStateException("The snapshot store is closed");
        }
        SnapshotSerializer opened = open;
        if (opened == null) {
            opened = opener.get();
            open = opened;
            opened.onSave(told);
        }
        return opened;
    }

    @Override
    public void save(Snapshot snapshot) {
        open().save(snapshot);
    }

    @Override
    public void saveAll(List<Snapshot> snapshots) {
        open().saveAll(snapshots);
    }

    @Override
    public Optional<Snapshot> getLast() {
        return open().getLast();
    }

    @Override
    public Optional<String> lastSaveId() {
        return open().lastSaveId();
    }

    /** Also of those that are opened later. */
    @Override
    public synchronized void onSave(Runnable listener) {
        told = listener;
        if (open != null) {
            open.onSave(listener);
        }
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return open().list(request);
    }

    @Override
    public Snapshot get(String name) {
        return open().get(name);
    }

    @Override
    public boolean delete(String name) {
        return open().delete(name);
    }

    @Override
    public OptionalLong count() {
        return open().count();
    }

    @Override
    public void removeEmptyGroup() {
        open().removeEmptyGroup();
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return open().chunks();
    }

    @Override
    public synchronized void close() {
        closed = true;
        SnapshotSerializer opened = open;
        open = null;
        if (opened != null) {
            opened.close();
        }
    }
}
