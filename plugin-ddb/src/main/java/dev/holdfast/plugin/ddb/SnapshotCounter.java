package dev.holdfast.plugin.ddb;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts the snapshots of a group, readable or not: by the head, in whose every change the number changes too.
 *
 * <p>A head that an older version wrote, or one without transactions, has no number; nor does it count what TorchServe
 * saved. Then the table is read, by strongly consistent requests that give numbers and no items. The next save of this host
 * writes that number into the head, if the head is still the one that it was counted beside.
 */
final class SnapshotCounter {

    private static final String WHAT = "The snapshots could not be counted";

    private final Requests requests;
    private final GroupKeys keys;
    private final SnapshotReader reader;
    private volatile @Nullable Counted last;

    private record Counted(String stamp, long number) {}

    SnapshotCounter(Requests requests, GroupKeys keys, SnapshotReader reader) {
        this.requests = requests;
        this.keys = keys;
        this.reader = reader;
    }

    OptionalLong count(Deadline deadline) {
        Optional<Head> head = reader.head(WHAT, deadline);
        boolean torchServes = head.filter(
                        one -> MonthlyIndex.torchServes(one.months()).isEmpty())
                .isEmpty();
        if (head.isPresent() && head.get().count().isPresent() && !torchServes) {
            return head.get().count();
        }
        long ours = requests.count(WHAT, keys, Stored.HEADER, deadline);
        if (head.isEmpty()) {
            return OptionalLong.of(ours + torchServes(deadline));
        }
        ours += isWithoutOwnItem(head.get(), deadline) ? 1 : 0;
        Optional<Head> after = reader.head(WHAT, deadline);
        if (after.filter(one -> one.stamp().equals(head.get().stamp())).isPresent()) {
            last = new Counted(head.get().stamp(), ours);
        }
        return OptionalLong.of(torchServes ? ours + torchServes(deadline) : ours);
    }

    private long torchServes(Deadline deadline) {
        return keys.isDefault() ? requests.count(WHAT, keys, TorchServeItem.TEXT, deadline) : 0;
    }

    /** The last snapshot of a head that was published without a transaction, by a host that died there. */
    private boolean isWithoutOwnItem(Head head, Deadline deadline) {
        return !head.finished()
                && head.last()
                        .filter(one -> reader.own(one.name(), deadline).isEmpty())
                        .isPresent();
    }

    /** The head with the number that was counted beside it, where it has none. */
    Head counted(Head head) {
        Counted counted = last;
        return head.count().isEmpty() && counted != null && counted.stamp().equals(head.stamp())
                ? head.withCount(OptionalLong.of(counted.number()))
                : head;
    }
}
