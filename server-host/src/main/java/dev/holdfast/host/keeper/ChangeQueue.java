package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.sdk.SnapshotKind;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** Where changes wait to be made durable by the {@link SnapshotKeeper}, from before it is started. Safe for several threads. */
public final class ChangeQueue implements ChangeLog {

    private final String storeName;
    private final Optional<StoreAttachment> standing;
    private final WorkQueue queue = new WorkQueue();
    /** For whom a thread makes changes. */
    private final ThreadLocal<Call> calls = ThreadLocal.withInitial(() -> Call.NONE);

    /**
     * @param caller the address of who makes it
     * @param expected the revision that the next change is made for, and that is still to be checked
     * @param conditional whether the change that has begun is made for one revision
     */
    private record Call(Optional<String> caller, OptionalLong expected, boolean conditional) {

        static final Call NONE = new Call(Optional.empty(), OptionalLong.empty(), false);

        Call from(Optional<String> address) {
            return new Call(address, expected, conditional);
        }

        Call expecting(OptionalLong revision) {
            return new Call(caller, revision, false);
        }

        Call begun() {
            return new Call(caller, OptionalLong.empty(), true);
        }

        Call over() {
            return new Call(caller, expected, false);
        }
    }

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
        calls.set(calls.get().from(address));
    }

    @Override
    public void expect(OptionalLong revision) {
        calls.set(calls.get().expecting(OptionalLong.empty()));
        revision.ifPresent(this::requireAt);
        calls.set(calls.get().expecting(revision));
    }

    @Override
    public boolean isExpecting() {
        return calls.get().expected().isPresent();
    }

    @Override
    public void requireExpected() {
        OptionalLong revision = calls.get().expected();
        if (revision.isPresent()) {
            requireAt(revision.getAsLong());
            calls.set(calls.get().begun());
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
        calls.set(calls.get().over());
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
        Work.Save change = save(
                SnapshotKind.SNAPSHOT, Optional.empty(), learner, calls.get().conditional());
        calls.set(calls.get().over());
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
        return new Work.Save(kind, name, calls.get().caller(), learner, forOneRevision, new CompletableFuture<>());
    }

    private static CompletableFuture<Durability> accepted(Work.Save save, boolean queued) {
        if (!queued) {
            save.done().complete(Work.lost(List.of("The host is stopping")));
        }
        return save.done();
    }
}
