package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A serializer that is opened when it is first needed, and again as often as opening has failed. */
public final class ReopeningSerializer implements SnapshotSerializer {

    private final Supplier<SnapshotSerializer> opener;
    private @Nullable SnapshotSerializer open;
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
        }
        return opened;
    }

    @Override
    public void save(Snapshot snapshot) {
        open().save(snapshot);
    }

    @Override
    public Optional<Snapshot> getLast() {
        return read(SnapshotSerializer::getLast);
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return read(serializer -> serializer.list(request));
    }

    @Override
    public Snapshot get(String name) {
        return read(serializer -> serializer.get(name));
    }

    /** One thread may {@linkplain #reopen reopen} while others read: then those read from what is open next. */
    private <T> T read(Function<SnapshotSerializer, T> call) {
        SnapshotSerializer opened = open();
        try {
            return call.apply(opened);
        } catch (RuntimeException e) {
            if (isOpen(opened)) {
                throw e;
            }
        }
        return call.apply(open());
    }

    private synchronized boolean isOpen(SnapshotSerializer serializer) {
        return open == serializer;
    }

    @Override
    public boolean delete(String name) {
        return open().delete(name);
    }

    @Override
    public OptionalLong count() {
        return read(SnapshotSerializer::count);
    }

    /** Those of the store as it is open now: another one after it was opened again. */
    @Override
    public Optional<ChunkStore> chunks() {
        return open().chunks();
    }

    /** Closes it for now; the next call opens it again, and revisions that were removed are free then. */
    synchronized void reopen() {
        SnapshotSerializer opened = open;
        open = null;
        if (opened != null) {
            opened.close();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        reopen();
    }
}
