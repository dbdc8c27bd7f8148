package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.sdk.SnapshotKind;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where changes wait to be made durable by the {@link SnapshotKeeper}, from before it is started. Safe for several threads. */
public final class ChangeQueue implements ChangeLog {

    private final String storeName;
    private final Optional<StoreAttachment> standing;
    private final ThreadLocal<@Nullable Long> expected = new ThreadLocal<>();
    /** Whether the change that this thread has begun is made for one revision. */
    private final ThreadLocal<Boolean> conditional = ThreadLocal.withInitial(() -> false);

    private final WorkQueue queue = new WorkQueue();
    /** The address of the caller for whom a thread makes changes. */
    private final ThreadLocal<@Nullable String> caller = new ThreadLocal<>();

    /** @param storeName the serializer's name, for messages */
    public ChangeQueue(String storeName) {
        this(storeName, Optional.empty());
    }

    /** @param standing says which revision is the newest; where it is absent, none is */
    public ChangeQueue(String storeName, Optional<StoreAttachment> standing) {
        this.storeName = storeName;
        this.standing = standing;
    }

    WorkQueue works() {
        return queue;
    }

    @Override
    public void callFrom(Optional<String> address) {
        address.ifPresentOrElse(caller::set, caller::remove);
    }

    @Override
    public void expect(OptionalLong revision) {
        conditional.remove();
        if (revision.isEmpty()) {
            expected.remove();
            return;
        }
        requireAt(revision.getAsLong());
        expected.set(revision.getAsLong());
    }

    @Override
    public boolean isExpecting() {
        return expected.get() != null;
    }

    @Override
    public void requireExpected() {
        Long revision = expected.get();
        if (revision != null) {
            requireAt(revision);
            expected.remove();
            conditional.set(true);
        }
    }

    private void requireAt(long revision) {
        long newest = standing.map(one -> one.status().revision()).orElse(0L);
        if (!queue.isAllSaved() || standing.filter(one -> one.isAt(revision)).isEmpty()) {
            throw new ServingException(
                    ServingException.Kind.PRECONDITION,
                    "The change was not begun: it was made for revision " + revision + ", and this host serves "
                            + (newest == revision ? "a change that came after it" : "revision " + newest)
                            + ". Look at what is served now, and make the call again with its ETag if it is still wanted.");
        }
    }

    @Override
    public void begin() {
        queue.begin();
    }

    @Override
    public void abandoned() {
        conditional.remove();
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
        Work.Save change = save(SnapshotKind.SNAPSHOT, Optional.empty(), learner, conditional.get());
        conditional.remove();
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
        Work.Save save = save(kind, name, Optional.empty(), false);
        return accepted(save, queue.add(save));
    }

    private Work.Save save(SnapshotKind kind, Optional<String> name, Optional<String> learner, boolean forOneRevision) {
        return new Work.Save(
                kind, name, Optional.ofNullable(caller.get()), learner, forOneRevision, new CompletableFuture<>());
    }

    private static CompletableFuture<Durability> accepted(Work.Save save, boolean queued) {
        if (!queued) {
            save.done().complete(Work.lost(List.of("The host is stopping")));
        }
        return save.done();
    }
}
