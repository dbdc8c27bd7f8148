package dev.holdfast.plugin.ddb;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

/**
 * Removes snapshots. The last one leaves its revision in the head and its place to the one before it; that one, and the
 * head beside an older one that is removed, must still be there in the same transaction.
 *
 * <pre>
 *   s2 ◀── s3 ◀── s4, the last     without s3:     s2 ◀── s4     each names the one before it
 * </pre>
 */
final class SnapshotRemover {

    private final Requests requests;
    private final DdbOptions options;
    private final Failures failures;
    private final GroupKeys keys;
    private final MonthlyIndex catalogue;
    private final SnapshotReader reader;
    private final Attempts attempts;

    SnapshotRemover(
            Requests requests,
            DdbOptions options,
            Failures failures,
            GroupKeys keys,
            MonthlyIndex catalogue,
            SnapshotReader reader,
            Attempts attempts) {
        this.requests = requests;
        this.options = options;
        this.failures = failures;
        this.keys = keys;
        this.catalogue = catalogue;
        this.reader = reader;
        this.attempts = attempts;
    }

    /** @return false if there is no such snapshot */
    boolean delete(String name, Deadline deadline) {
        String what = "Snapshot " + name + " could not be removed";
        AwsServiceException refusal = null;
        for (int tries = 0; ; tries++) {
            Head head = reader.currentHead(what, deadline);
            List<Item> items = reader.items(name, deadline);
            Optional<Item> own = items.stream()
                    .filter(item -> !PackedText.isPart(item))
                    .filter(item -> Stored.isOne(item)
                            || TorchServeItem.read(name, item).isPresent())
                    .findFirst();
            if (own.isEmpty() && !head.isLast(name)) {
                return false;
            }
            try {
                remove(name, head, own, deadline);
                requests.deleteParts(items.stream().filter(PackedText::isPart).toList(), deadline);
                return true;
            } catch (SdkException e) {
                if (!(e instanceof AwsServiceException answer) || !attempts.mayBeTriedAgain(answer)) {
                    throw failures.unavailable(what, refusal != null && deadline.isOver() ? refusal : e);
                }
                refusal = answer;
            }
            attempts.pause(tries, deadline, what, refusal);
        }
    }

    /** The head of a group without snapshots, and the item with its months. */
    void removeEmptyGroup(Deadline deadline) {
        String what = "The items of group " + keys.group() + " could not be removed";
        Optional<Head> head = reader.head(what, deadline);
        boolean hasLast = head.flatMap(Head::last).isPresent();
        if (hasLast || reader.last(deadline).isPresent()) {
            return;
        }
        try {
            requests.delete(options.table(), keys.months(), deadline);
            requests.delete(options.latestTable(), reader.headKey(), deadline);
        } catch (SdkException e) {
            throw failures.unavailable(what, e);
        }
    }

    private void remove(String name, Head head, Optional<Item> own, Deadline deadline) {
        List<ItemKey> gone = new ArrayList<>();
        own.ifPresent(item -> {
            gone.add(item.key());
            if (Stored.isOne(item)) {
                catalogue.separateEntry(Stored.read(name, item)).ifPresent(gone::add);
            }
        });
        if (!head.isLast(name)) {
            removeOlder(name, head, own, gone, deadline);
            return;
        }
        Optional<Item> before = before(head.last().orElseThrow(), head, deadline);
        Head after = counted(head.withLast(before.filter(Stored::isOne)
                .map(item -> Stored.read(keys.nameOf(item.key().hash()).orElseThrow(), item))));
        Item newHead = after.item(reader.headKey());
        if (attempts.transactions()) {
            List<TransactWriteItem> writes = new ArrayList<>();
            writes.add(Writes.put(options.latestTable(), newHead, Condition.is(head)));
            gone.forEach(key -> writes.add(Writes.delete(options.table(), key)));
            before.ifPresent(item -> writes.add(Writes.check(options.table(), item.key(), Condition.present())));
            requests.transact(writes, deadline);
        } else {
            requests.putHead(newHead, Condition.is(head), deadline);
            gone.forEach(key -> requests.delete(key, deadline));
        }
    }

    /** Without transactions nobody knows, after a crash, whether the snapshot went with its number. */
    private Head counted(Head after) {
        return attempts.transactions() ? after.withOneLess() : after.withCount(OptionalLong.empty());
    }

    private void removeOlder(String name, Head head, Optional<Item> own, List<ItemKey> gone, Deadline deadline) {
        Optional<Head> relinked = own.filter(item -> head.last()
                        .filter(last -> last.follows(item.key().range(), name))
                        .isPresent())
                .map(item -> counted(head.withPrevious(Stored.read(name, item).previous())));
        boolean ours = own.filter(Stored::isOne).isPresent();
        if (attempts.transactions()) {
            List<TransactWriteItem> writes = new ArrayList<>();
            gone.forEach(key -> writes.add(Writes.delete(options.table(), key)));
            if (relinked.isPresent()) {
                writes.add(
                        Writes.put(options.latestTable(), relinked.get().item(reader.headKey()), Condition.is(head)));
                ownOfLast(relinked.get(), deadline)
                        .ifPresent(item -> writes.add(Writes.put(options.table(), item, Condition.present())));
            } else if (ours && !head.isAbsent()) {
                writes.add(Writes.put(
                        options.latestTable(),
                        counted(head.withNewStamp()).item(reader.headKey()),
                        Condition.is(head)));
            } else {
                writes.add(Writes.check(options.latestTable(), reader.headKey(), Condition.is(head)));
            }
            requests.transact(writes, deadline);
        } else {
            Optional<Head> uncounted =
                    ours && head.count().isPresent() ? Optional.of(counted(head.withNewStamp())) : Optional.empty();
            relinked.or(() -> uncounted)
                    .ifPresent(after -> requests.putHead(after.item(reader.headKey()), Condition.is(head), deadline));
            gone.forEach(key -> requests.delete(key, deadline));
        }
    }

    /** The last one's own item, with what the head says of the one before it; empty where it is still missing. */
    private Optional<Item> ownOfLast(Head head, Deadline deadline) {
        Stored last = head.last().orElseThrow();
        return reader.own(last.name(), deadline)
                .filter(item -> item.key().range().equals(last.place()))
                .map(item -> last.previousInto(item));
    }

    /**
     * The snapshot before the last one. Its name stands in the last one's item, because the index may not show yet what
     * was saved a moment ago.
     */
    private Optional<Item> before(Stored last, Head head, Deadline deadline) {
        // A removal of that one left the name of the one before it.
        int space = last.previous().lastIndexOf(' ');
        if (space > 0) {
            Optional<Item> previous = reader.own(last.previous().substring(space + 1), deadline)
                    .filter(item -> item.key().range().equals(last.previous().substring(0, space)));
            if (previous.isPresent()) {
                return previous;
            }
        }
        return reader.newestEntry(head.months(), last.name(), deadline)
                .flatMap(entry -> reader.own(entry.name(), deadline));
    }
}
