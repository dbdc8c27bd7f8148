package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SnapshotStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes old snapshots after a save, some at a time.
 *
 * <p>What either {@code keep} or {@code keep-for} keeps stays. So do snapshots that an operator saved under a name, and the
 * last one; and where the last one cannot be read, nothing is removed at all, for an older one may be all that there is.
 * One whose time cannot be read is never too old.
 */
final class Retention {

    /** So that the save after which it happens does not take long. */
    static final int AT_ONCE = 100;

    private static final Logger log = LoggerFactory.getLogger(Retention.class);

    private final Rule rule;
    private final SnapshotTable table;
    private final Function<String, Codec> codecs;
    private final Clock clock;

    Retention(Rule rule, SnapshotTable table, Function<String, Codec> codecs, Clock clock) {
        this.rule = rule;
        this.table = table;
        this.codecs = codecs;
        this.clock = clock;
    }

    /**
     * What stays.
     *
     * @param newest how many of the newest; 0 for no such rule
     * @param age those that are younger than this; zero for no such rule
     */
    record Rule(int newest, Duration age) {

        boolean removesNothing() {
            return newest == 0 && age.isZero();
        }
    }

    boolean removesNothing() {
        return rule.removesNothing();
    }

    /**
     * Removes what there is time for.
     *
     * @return how many were removed
     */
    int apply(Connection connection, Deadline deadline) throws SQLException {
        table.lock(connection);
        List<SnapshotTable.Old> old = deadline.isPast() ? List.of() : removable(connection);
        if (old.isEmpty() || deadline.isPast() || !lastIsReadable(connection)) {
            return 0;
        }
        int removed = 0;
        for (SnapshotTable.Old snapshot : old) {
            if (deadline.isPast()) {
                break;
            }
            table.delete(connection, snapshot.revision());
            removed++;
            log.debug("Removed snapshot {} of revision {}", snapshot.name(), snapshot.revision());
        }
        return removed;
    }

    private List<SnapshotTable.Old> removable(Connection connection) throws SQLException {
        long before = table.highestRevision(connection);
        if (rule.newest() > 0) {
            Optional<Long> oldestKept = table.revisionOfNewest(connection, rule.newest());
            if (oldestKept.isEmpty()) {
                return List.of();
            }
            before = Math.min(before, oldestKept.get());
        }
        List<SnapshotTable.Old> oldest = table.oldest(connection, before, AT_ONCE);
        if (rule.age().isZero()) {
            return oldest;
        }
        Instant keptFrom = clock.instant().minus(rule.age());
        return oldest.stream()
                .filter(snapshot ->
                        snapshot.createdOn().map(on -> on.isBefore(keptFrom)).orElse(false))
                .toList();
    }

    private boolean lastIsReadable(Connection connection) throws SQLException {
        try {
            return table.last(connection, codecs).isPresent();
        } catch (SnapshotStoreException e) {
            log.warn("No old snapshot is removed while the last one cannot be read: {}", e.getMessage());
            return false;
        }
    }
}
