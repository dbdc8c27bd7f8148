package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

/**
 * Saves snapshots; used by one thread at a time.
 *
 * <pre>
 *   with transactions      parts of a long text ──▶ { head, snapshot, short text } at once
 *   without                text ──▶ head ──▶ snapshot
 *                                    │         └── where the host died here, the next save puts it first
 *                                    └── published: from here on every reader sees it
 * </pre>
 *
 * <p>Every write of the head is conditioned on the head that was read, so two hosts never overwrite one another; and that
 * no snapshot has the name is looked up after that head was read, so it still holds when the head is replaced.
 *
 * <p>A request whose reply is lost may have been carried out, and one that is sent again fails on its own success. So
 * after every failure the head is read: if it has this save's id, the save has succeeded.
 */
final class SnapshotSaver {

    private static final Logger log = LoggerFactory.getLogger(SnapshotSaver.class);

    private final Requests requests;
    private final DdbOptions options;
    private final Failures failures;
    private final GroupKeys keys;
    private final MonthlyIndex catalogue;
    private final SnapshotReader reader;
    private final SnapshotCounter counter;
    private final Attempts attempts;
    /** The head as this host wrote it last, which saves reading it; stale where another host saved since. */
    private @Nullable Head known;

    SnapshotSaver(
            Requests requests,
            DdbOptions options,
            Failures failures,
            GroupKeys keys,
            MonthlyIndex catalogue,
            SnapshotReader reader,
            SnapshotCounter counter,
            Attempts attempts) {
        this.requests = requests;
        this.options = options;
        this.failures = failures;
        this.keys = keys;
        this.catalogue = catalogue;
        this.reader = reader;
        this.counter = counter;
        this.attempts = attempts;
    }

    /** What a write is made of, in the order in which it is made where there are no transactions. */
    private record Publication(Head before, Head after, List<Item> beside, Item own, Optional<Item> entry) {}

    void save(Snapshot snapshot, Deadline deadline) {
        SnapshotHeader header = snapshot.header();
        String what = "Snapshot " + header.name() + " could not be saved";
        PackedText text = PackedText.of(snapshot, options.codec());
        boolean longTextIsThere = false;
        AwsServiceException refusal = null;
        for (int tries = 0; ; tries++) {
            Head remembered = tries == 0 ? known : null;
            Head head = remembered != null && mayPrecede(remembered, header)
                    ? remembered
                    : reader.currentHead(what, deadline);
            known = null;
            try {
                if (isSavedAlready(header, head, deadline)) {
                    return;
                }
            } catch (SnapshotConflictException e) {
                if (longTextIsThere) {
                    requests.deleteParts(text.partsFor(keys.snapshot(header.name()), header.saveId()), deadline);
                }
                throw e;
            }
            // The time to find out what became of the write.
            Deadline writing = deadline.earlierBy(options.attemptTimeout());
            try {
                if (!longTextIsThere && !text.isShort()) {
                    putAll(text.partsFor(keys.snapshot(header.name()), header.saveId()), writing);
                    longTextIsThere = true;
                }
                known = publish(publication(header, text, head), writing);
                return;
            } catch (SdkException e) {
                if (e instanceof AwsServiceException answer && attempts.mayBeTriedAgain(answer)) {
                    refusal = answer;
                } else {
                    // Where the time was over before it was asked again, what it answered last is what is wrong.
                    settle(header, what, refusal != null && writing.isOver() ? refusal : e, deadline);
                    return;
                }
            }
            attempts.pause(tries, deadline, what, refusal);
        }
    }

    /** Has the next save read the head anew, because this host has changed it in another way. */
    void forget() {
        known = null;
    }

    /** Where the head that is remembered does not, the one in the table may. */
    private static boolean mayPrecede(Head head, SnapshotHeader header) {
        return head.revision() < header.revision()
                && header.follows().map(head::isSave).orElse(true);
    }

    /** @throws SnapshotConflictException if the revision or the name is taken by another, or it follows another */
    private boolean isSavedAlready(SnapshotHeader header, Head head, Deadline deadline) {
        if (head.isSave(header.saveId())) {
            known = head;
            return true;
        }
        Optional<Stored> sameName = reader.own(header.name(), deadline)
                .map(item -> Stored.read(header.name(), item))
                .or(() -> head.last().filter(last -> !head.finished() && head.isLast(header.name())));
        if (sameName.filter(stored -> stored.hasSaveId(header.saveId())).isPresent()) {
            return true;
        }
        if (head.revision() >= header.revision()) {
            throw new SnapshotConflictException("Group " + keys.group() + " has revision " + head.revision()
                    + " already" + head.last().map(SnapshotSaver::byWhom).orElse("") + "; snapshot " + header.name()
                    + " has revision " + header.revision());
        }
        if (sameName.isPresent()) {
            throw new SnapshotConflictException(
                    "Group " + keys.group() + " has a snapshot " + header.name() + " already" + byWhom(sameName.get()));
        }
        requireFollowed(header, head, deadline);
        return false;
    }

    /**
     * That the newest snapshot is the one that this one follows; where its save-id cannot be read, the revision alone
     * decides. The write is conditioned on the head that was looked at.
     */
    private void requireFollowed(SnapshotHeader header, Head head, Deadline deadline) {
        if (header.follows().isEmpty()) {
            return;
        }
        String follows = "Snapshot " + header.name() + " follows save-id "
                + header.follows().get() + ", and ";
        if (head.last().isPresent()) {
            Optional<String> saveId = head.lastSaveId();
            if (saveId.isPresent() && !saveId.equals(header.follows())) {
                throw new SnapshotConflictException(follows + "the last one of group " + keys.group() + " has save-id "
                        + saveId.get() + byWhom(head.last().get()));
            }
            return;
        }
        Optional<SnapshotHeader> newest;
        try {
            newest = reader.newestOf(head.months(), deadline).map(Snapshot::header);
        } catch (SnapshotUnreadableException e) {
            log.debug("What {} follows cannot be read, and its revision decides", header.name(), e);
            return;
        }
        if (newest.isEmpty()) {
            throw new SnapshotConflictException(follows + "group " + keys.group() + " has no snapshot");
        }
        if (!header.follows().equals(newest.map(SnapshotHeader::saveId))) {
            throw new SnapshotConflictException(follows + "the last one of group " + keys.group() + " is "
                    + newest.get().name() + " of revision " + newest.get().revision() + ", save-id "
                    + newest.get().saveId());
        }
    }

    private static String byWhom(Stored stored) {
        try {
            SnapshotHeader header = stored.header();
            return " (" + header.name() + ", revision " + header.revision() + ", by host " + header.host() + ")";
        } catch (SnapshotUnreadableException e) {
            return " (" + stored.name() + ", whose header cannot be read)";
        }
    }

    private Publication publication(SnapshotHeader header, PackedText text, Head read) {
        Head head = counter.counted(read);
        String hash = keys.snapshot(header.name());
        String place = Place.next(header.createdOn(), header.revision(), head.place());
        String previous =
                head.last().map(last -> Stored.link(last.place(), last.name())).orElse("");
        Stored stored = Stored.of(header, place, text.codecName(), text.parts(), previous);
        Item own = stored.into(Item.at(new ItemKey(hash, place)), header.revision());
        Optional<Item> entry = catalogue.entry(own, stored);
        Head after = head.after(stored, header.revision(), text.ifShort(), attempts.transactions());
        List<Item> beside = new ArrayList<>();
        catalogue.monthsItem(head, after).ifPresent(beside::add);
        if (text.isShort()) {
            beside.addAll(text.partsFor(hash, header.saveId()));
        }
        return new Publication(head, after, beside, own, entry);
    }

    /** The head as it is now. */
    private Head publish(Publication publication, Deadline deadline) {
        completeLast(publication.before(), deadline);
        if (attempts.transactions()) {
            List<TransactWriteItem> writes = new ArrayList<>();
            writes.add(Writes.put(
                    options.latestTable(),
                    publication.after().item(reader.headKey()),
                    Condition.is(publication.before())));
            writes.add(Writes.put(options.table(), publication.own(), Condition.absent()));
            publication.entry().ifPresent(entry -> writes.add(Writes.put(options.table(), entry)));
            publication.beside().forEach(part -> writes.add(Writes.put(options.table(), part)));
            requests.transact(writes, deadline);
            return publication.after();
        }
        putAll(publication.beside(), deadline);
        requests.putHead(publication.after().item(reader.headKey()), Condition.is(publication.before()), deadline);
        try {
            requests.put(publication.own(), deadline);
            publication.entry().ifPresent(entry -> requests.put(entry, deadline));
            return publication.after().asFinished();
        } catch (SdkException e) {
            log.debug(
                    "{} is published; its own item follows with the next save: {}",
                    publication.own().key(),
                    e.toString());
            return publication.after();
        }
    }

    private void putAll(List<Item> items, Deadline deadline) {
        items.forEach(item -> requests.put(item, deadline));
    }

    /** Puts what a host that had no transactions, and died, did not come to put. */
    private void completeLast(Head head, Deadline deadline) {
        if (head.finished() || head.last().isEmpty()) {
            return;
        }
        Stored last = head.last().get();
        Item own = last.into(Item.at(new ItemKey(keys.snapshot(last.name()), last.place())), head.revision());
        Optional<Item> entry = catalogue.entry(own, last);
        requests.put(own, deadline);
        entry.ifPresent(item -> requests.put(item, deadline));
    }

    /**
     * Finds out what became of a save that failed, and returns if it has succeeded all the same.
     *
     * @throws SnapshotStoreException if it has failed, or nobody can tell
     */
    private void settle(SnapshotHeader header, String what, SdkException failure, Deadline deadline) {
        StoreUnavailableException unavailable = failures.unavailable(what, failure);
        try {
            if (reader.head(what, deadline)
                    .filter(head -> head.isSave(header.saveId()))
                    .isPresent()) {
                log.debug("Snapshot {} was saved, though the reply said otherwise", header.name(), failure);
                return;
            }
        } catch (SnapshotStoreException e) {
            StoreUnavailableException unknown = new StoreUnavailableException(
                    unavailable.getMessage() + ". Whether it was saved is unknown until the store answers again",
                    failure);
            unknown.addSuppressed(e);
            throw unknown;
        }
        throw unavailable;
    }
}
