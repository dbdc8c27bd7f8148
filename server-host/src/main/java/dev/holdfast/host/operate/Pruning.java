package dev.holdfast.host.operate;

import dev.holdfast.host.retention.Removable;
import dev.holdfast.host.retention.RetentionRule;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which snapshots of a group a rule does not keep: found first, and removed when that is said to be meant. What is tagged,
 * what was saved under a name, and the last one always stay.
 *
 * @param remove the newest first; empty for nothing
 * @param days in words: how many there are, and of which days
 * @param bytes how large their texts are together
 * @param stays in words, what the rule keeps
 */
public record Pruning(List<SnapshotHeader> remove, String days, long bytes, String stays) {

    public Pruning {
        remove = List.copyOf(remove);
    }

    /**
     * Looks for them; removes nothing.
     *
     * @param newest and {@code days}, {@code daily}: as {@link RetentionRule} has them; 0 for no such part
     * @throws IllegalArgumentException if the rule keeps all
     * @throws dev.holdfast.sdk.SnapshotStoreException if the last snapshot cannot be read: an older one may be all that there
     *     is
     */
    public static Pruning find(SnapshotSource source, int newest, int days, int daily, Instant now) {
        RetentionRule rule = new RetentionRule(newest, Duration.ofDays(days), daily);
        if (rule.keepsAll()) {
            throw new IllegalArgumentException("This rule keeps all: say --keep N or --keep-days N");
        }
        Optional<Snapshot> last = source.last();
        Optional<Removable> found = last.flatMap(
                snapshot -> Removable.find(rule, snapshot.header(), source.all(), Set.of(), now, Integer.MAX_VALUE));
        // The highest revision first, so that one note of what is removed on purpose does for all.
        return new Pruning(
                found.map(Removable::oldest).orElse(List.of()).stream()
                        .sorted(Comparator.comparingLong(SnapshotHeader::revision)
                                .reversed())
                        .toList(),
                found.map(Removable::toString).orElse("no snapshots"),
                found.map(Removable::bytes).orElse(0L),
                rule + ", what was saved under a name or is tagged, and the last one");
    }

    /** Removes them; one that is gone by now is no failure. */
    public int removeFrom(SnapshotSource source) {
        int removed = 0;
        for (SnapshotHeader header : remove) {
            try {
                source.delete(header.name());
                removed++;
            } catch (SnapshotNotFoundException e) {
                // Another host has removed it.
            }
        }
        return removed;
    }
}
