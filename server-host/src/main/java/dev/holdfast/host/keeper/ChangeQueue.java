package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.sdk.SnapshotKind;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where changes wait to be made durable by the {@link SnapshotKeeper}, from before it is started. Safe for several threads. */
public final class ChangeQueue implements ChangeLog {

    private final String storeName;
    private final WorkQueue queue = new WorkQueue();
    /** The address of the caller for whom a thread makes changes. */
    private final ThreadLocal<@Nullable String> caller = new ThreadLocal<>();

    /** @param storeName the serializer's name, for messages */
    public ChangeQueue(String storeName) {
        this.storeName = storeName;
    }

    WorkQueue works() {
        return queue;
    }

    @Override
    public void callFrom(Optional<String> address) {
        address.ifPresentOrElse(caller::set, caller::remove);
    }

    @Override
    public void begin() {
        queue.begin();
    }

    @Override
    public void abandoned() {
        queue.abandoned();
    }

    @Override
    public CompletableFuture<Durability> changed() {
        return changed(Optional.empty());
    }

    @Override
    public CompletableFuture<Durability> learned(String model) {
        return changed(Optional.of(model));
    }

    private CompletableFuture<Durability> changed(Optional<String> learner) {
        Work.Save change = save(SnapshotKind.SNAPSHOT, Optional.empty(), learner);
        return accepted(change, queue.addChange(change));
    }

    /** Pending changes are not in the state any more: they are answered as undone. */
    @Override
    public void overtaken() {
        undone(
                Durability.Kind.UNDONE,
                List.of("The host has gone over to what another one saved in store " + storeName + "."));
    }

    @Override
    public void overtakenByRestore() {
        undone(Durability.Kind.RESTORED_OVER, List.of());
    }

    private void undone(Durability.Kind kind, List<String> notice) {
        Durability undone = new Durability(kind, Optional.empty(), notice);
        queue.withdrawChanges().forEach(change -> change.done().complete(undone));
    }

    /** Takes a snapshot of a kind, under a name if one is given. */
    CompletableFuture<Durability> add(SnapshotKind kind, Optional<String> name) {
        Work.Save save = save(kind, name, Optional.empty());
        return accepted(save, queue.add(save));
    }

    private Work.Save save(SnapshotKind kind, Optional<String> name, Optional<String> learner) {
        return new Work.Save(kind, name, Optional.ofNullable(caller.get()), learner, new CompletableFuture<>());
    }

    private static CompletableFuture<Durability> accepted(Work.Save save, boolean queued) {
        if (!queued) {
            save.done().complete(Work.lost(List.of("The host is stopping")));
        }
        return save.done();
    }
}
