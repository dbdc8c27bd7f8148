package dev.holdfast.host.retention;

import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the snapshots of a group that no rule keeps, at most a thousand in a round.
 *
 * <p>Before anything is removed, a snapshot is saved that says up to which revision, so that a host with a copy of a removed
 * snapshot does not take it for lost. That snapshot makes another one old; so after it a process waits until two can be
 * removed, or an idle host would write one in every round for ever.
 *
 * <p>One thread at a time. Several hosts of a group may do this at once.
 */
public final class OldSnapshots {

    private static final Logger log = LoggerFactory.getLogger(OldSnapshots.class);

    private final String name;
    private final SnapshotSerializer store;
    private final RetentionRule rule;
    private final FirstRound first;
    private final Supplier<Set<String>> pinned;
    private final LongConsumer trimming;
    private final Clock clock;
    private boolean canRemove = true;
    private boolean looked;
    private int written;

    /**
     * @param name the store's, for messages
     * @param pinned the names or save-ids of snapshots that stay whatever the rule says, such as the base and the sides of
     *     a divergence; asked in every round
     * @param trimming called with the highest revision that is about to be removed; when it returns, a snapshot is durable
     *     in the store whose header says {@link SnapshotHeader#trimmed} so high. If it throws, nothing is removed
     */
    public OldSnapshots(
            String name,
            SnapshotSerializer store,
            RetentionRule rule,
            FirstRound first,
            Supplier<Set<String>> pinned,
            LongConsumer trimming,
            Clock clock) {
        this.name = name;
        this.store = store;
        this.rule = rule;
        this.first = first;
        this.pinned = pinned;
        this.trimming = trimming;
        this.clock = clock;
    }

    /**
     * Does one round.
     *
     * @return false if this round was only to tell what the next ones remove
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails, or the last snapshot cannot be read
     */
    boolean remove() {
        if (rule.keepsAll() || !canRemove) {
            return true;
        }
        Optional<Removable> found = Removable.find(rule, store, pinned.get(), clock.instant());
        if (found.isEmpty()) {
            first.told("Nothing was to be removed on " + clock.instant());
            return true;
        }
        if (!canRemove()) {
            return true;
        }
        if (first.isToTell()) {
            tell(found.get());
            return false;
        }
        if (found.get().oldest().size() > written) {
            remove(found.get());
        }
        return true;
    }

    private void tell(Removable found) {
        String what =
                "From the next round on, within about an hour, old snapshots are removed from store " + name + ": "
                        + found + ". What stays by default: " + rule
                        + ", and what was saved under a name. To keep others, set snapshot_keep (0 for all), snapshot_keep_days"
                        + " or snapshot_keep_daily";
        log.info("{}", what);
        first.told(what);
    }

    /** Asked once: for a store that cannot remove anything, no round may announce a removal. */
    private boolean canRemove() {
        if (!looked) {
            try {
                store.delete("none-" + UUID.randomUUID());
            } catch (UnsupportedOperationException e) {
                log.debug("Store {} refused", name, e);
                log.warn(
                        "Old snapshots stay in store {}, whose serializer removes none: remove them there by its own means,"
                                + " or set snapshot_keep=0",
                        name);
                canRemove = false;
            }
            looked = true;
        }
        return canRemove;
    }

    private void remove(Removable found) {
        trimming.accept(found.highestRevision());
        written = 1;
        // Looked up again, because the save may have taken a while.
        Set<String> stay = pinned.get();
        int removed = 0;
        for (SnapshotHeader header : found.oldest()) {
            EndedException.throwIfInterrupted();
            if (!Removable.isPinned(header, stay) && store.delete(header.name())) {
                removed++;
            }
        }
        if (removed > 0) {
            log.info("Removed {} old snapshots", removed);
        }
    }
}
