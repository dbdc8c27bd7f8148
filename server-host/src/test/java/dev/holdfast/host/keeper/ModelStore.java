package dev.holdfast.host.keeper;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import java.util.Optional;
import java.util.function.Consumer;

/** One life's way to the shared store: tells before and after each call, so that something can happen just there. */
final class ModelStore extends FakeStore {

    private final Runnable before;
    private final Runnable meanwhile;
    private final Runnable after;
    private final Consumer<Snapshot> stored;

    /** @param meanwhile what is done beside a save, before there is an answer */
    ModelStore(Disk disk, Runnable before, Runnable meanwhile, Runnable after, Consumer<Snapshot> stored) {
        super(disk);
        this.before = before;
        this.meanwhile = meanwhile;
        this.after = after;
        this.stored = stored;
    }

    @Override
    public void save(Snapshot snapshot) {
        int writes = disk.writes.size();
        try {
            before.run();
            writes = disk.writes.size();
            super.save(snapshot);
        } finally {
            if (disk.writes.size() > writes) {
                stored.accept(snapshot);
            }
            meanwhile.run();
        }
        after();
    }

    /** Who died meanwhile hears no answer. */
    private void after() {
        after.run();
        if (gone) {
            throw new IllegalStateException("The host is gone");
        }
    }

    @Override
    public Optional<Snapshot> getLast() {
        try {
            before.run();
            Optional<Snapshot> last = super.getLast();
            after();
            return last;
        } finally {
            // It may be asked what it has before it is given more.
            meanwhile.run();
        }
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        before.run();
        return super.list(request);
    }

    @Override
    public Snapshot get(String name) {
        before.run();
        return super.get(name);
    }

    @Override
    public boolean delete(String name) {
        before.run();
        return super.delete(name);
    }
}
