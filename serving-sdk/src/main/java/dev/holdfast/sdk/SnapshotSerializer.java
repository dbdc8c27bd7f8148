package dev.holdfast.sdk;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What saves and gets the snapshots of one group in one store.
 *
 * <pre>
 *   save(r=1) ── save(r=2) ── save(r=3) ─▶ getLast() is 3
 *                    ▲
 *                    └── a second save(r=2), from whichever host, is a conflict and changes nothing
 * </pre>
 *
 * <p>A serializer never reads a snapshot's text. It stores the {@linkplain SnapshotHeader header} and the bytes, and
 * gives both back unchanged. Snapshots are ordered by {@linkplain SnapshotHeader#revision() revision}, never by name or
 * time.
 *
 * <p>One host calls a serializer from several threads at once, and several hosts may have the same group of the same
 * store open; what is said below about atomicity holds between all of them, unless the store is documented as having one
 * writer. The thread's context class loader is the plugin's own during every call.
 *
 * <p>An error from a commit, an fsync or a reply that never came means "unknown", not "failed". The random
 * {@linkplain SnapshotHeader#saveId() save-id} settles it: the serializer reads back, and where the stored snapshot has
 * the save-id of this save, the save has succeeded.
 *
 * <p>Every failure is one of the subclasses of {@link SnapshotStoreException}. Every call ends within the time-outs of
 * the configuration. A serializer does not log and swallow a failure, and does not end the process.
 */
public interface SnapshotSerializer extends AutoCloseable {

    /**
     * Stores a snapshot durably: after this method has returned, the snapshot survives the loss of power.
     *
     * <p>Atomic: another caller sees the snapshot whole or not at all. After a {@link SnapshotConflictException} nothing
     * has changed. After a {@link StoreUnavailableException} either nothing has changed or the snapshot is stored whole;
     * debris that no method of this interface shows may remain.
     *
     * @param snapshot a snapshot of the group this serializer was opened for
     * @throws SnapshotConflictException if the group has a snapshot of the same or a higher revision, or one of the same
     *     name, other than this very snapshot (same save-id); or if the snapshot names one that it {@linkplain
     *     SnapshotHeader#follows follows} and the group's newest one has another save-id. Where the newest one's save-id
     *     cannot be read, the revision alone decides
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    void save(Snapshot snapshot);

    /**
     * Saves several, each after the one before it, as {@link #save} would one by one. A store for which a call or a commit is
     * dear does well to take many at once; by default each is saved by itself.
     *
     * <p>After an exception those before some place of the list are saved, maybe none, and those from there on are not; called
     * again with the same list, it goes on. After a {@link StoreUnavailableException} a caller looks where that place is.
     *
     * @param snapshots by rising revision, at most 1,000; each follows the one before it
     * @throws SnapshotConflictException and {@link StoreUnavailableException}: as {@link #save}
     */
    default void saveAll(List<Snapshot> snapshots) {
        snapshots.forEach(this::save);
    }

    /**
     * The snapshot with the highest revision of the group.
     *
     * <p>A strongly consistent read: a save that returned before this call began is seen. The cost does not grow with the
     * number of snapshots.
     *
     * @return empty if, and only if, the store was read and the group has no snapshot: "nothing there" and "cannot tell"
     *     are different answers
     * @throws SnapshotCorruptException if the last snapshot is there and damaged; an older one is never given in its
     *     place, for that is the host's decision
     * @throws SnapshotFormatTooNewException if a newer version of the plugin wrote it
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    Optional<Snapshot> getLast();

    /**
     * The save-id of the last snapshot, as {@link #getLast} would give it and by as strong a read, but cheaper. A host that follows
     * its group asks each second whether it has changed.
     *
     * @return empty if the group has no snapshot, or if the store cannot tell this at less cost than the snapshot, as is the
     *     default
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    default Optional<String> lastSaveId() {
        return Optional.empty();
    }

    /**
     * Has somebody told soon after another host may have saved a snapshot of the group, for as long as this serializer is open. It is
     * told too often rather than too seldom, and may be told never: a host asks for {@link #lastSaveId} anyway. By default
     * nobody is told.
     *
     * @param told returns at once; called on any thread of the serializer's, and by a later call of this method no more
     */
    default void onSave(Runnable told) {}

    /**
     * The headers of the group's snapshots, highest revision first, one page of them, without reading their texts.
     *
     * <p>A snapshot whose text is damaged is listed as long as its header can be read; one whose header is unreadable is
     * left out. Snapshots saved or deleted while a caller pages through are seen or not; the others are seen once.
     *
     * @param request which snapshots, and which page
     * @return at most {@link ListRequest#limit()} headers; a page may have fewer, or none, and still name a next one
     * @throws IllegalArgumentException if the page token is not one that this serializer gave
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    SnapshotPage list(ListRequest request);

    /**
     * One snapshot by its name.
     *
     * @throws SnapshotNotFoundException if the group has no snapshot of that name
     * @throws SnapshotCorruptException if it is there and damaged
     * @throws SnapshotFormatTooNewException if a newer version of the plugin wrote it
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    Snapshot get(String name);

    /**
     * Removes one snapshot. A deleted last revision stays taken until the serializer is closed.
     *
     * @return false if the group has no snapshot of that name; where an answer was lost and the call was sent again, true
     *     or false
     * @throws UnsupportedOperationException if this store cannot remove snapshots, as is the default
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    default boolean delete(String name) {
        throw new UnsupportedOperationException(
                "This serializer does not remove snapshots, so not " + name + " either");
    }

    /**
     * How many snapshots the group has, including those that cannot be read and so are not {@linkplain #list listed}. The
     * host compares it with how many it has read, to know that none was overlooked. A strongly consistent read.
     *
     * @return empty if this store cannot tell, as is the default; then nothing that some snapshot may need is removed
     * @throws StoreUnavailableException if the store could not be reached or refused
     */
    default OptionalLong count() {
        return OptionalLong.empty();
    }

    /**
     * Removes what the store keeps of a group besides snapshots and chunks, such as its directory; nothing where the group has a
     * snapshot or a chunk. For a group that nobody goes on with, as those of {@code holdfast plugins verify}: no other
     * serializer has it open, and this one is only closed afterwards. By default nothing is removed.
     *
     * @throws StoreUnavailableException if the store could not be reached or refused; some of it may be gone
     */
    default void removeEmptyGroup() {}

    /**
     * Where this store keeps the learned state of models, if it does; the host keeps it on its own disk otherwise.
     *
     * @return the same at every call; empty by default
     */
    default Optional<ChunkStore> chunks() {
        return Optional.empty();
    }

    /**
     * Lets go of the store. Never commits anything: what {@link #save} has returned from is durable already. Closing a
     * second time does nothing; the other methods throw {@link IllegalStateException} afterwards.
     */
    @Override
    void close();
}
