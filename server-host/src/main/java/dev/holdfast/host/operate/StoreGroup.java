package dev.holdfast.host.operate;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.snapshot.KeepMark;
import dev.holdfast.host.snapshot.SnapshotNames;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * A group in a store that no host stands between. What is written keeps to the rules of hosts: every snapshot follows the
 * newest one, and what is removed on purpose is told before by one that {@linkplain SnapshotHeader#trimmed says so}.
 *
 * @param store the serializer's name, for messages
 * @param codecs what chunks may have been packed with
 * @param disk what the host of the log location has left there
 */
public record StoreGroup(
        String store, String group, SnapshotSerializer serializer, List<Codec> codecs, HostDisk disk, Clock clock)
        implements SnapshotSource, AutoCloseable {

    @Override
    public SnapshotPage list(ListRequest request) {
        return serializer.list(request);
    }

    @Override
    public OptionalLong count() {
        return serializer.count();
    }

    @Override
    public Snapshot get(String name) {
        return serializer.get(name);
    }

    @Override
    public Optional<Snapshot> last() {
        return serializer.getLast();
    }

    /** Where what models have learned is; empty where this store keeps no such thing. */
    public Optional<ChunkStore> chunks() {
        return serializer.chunks();
    }

    @Override
    public void delete(String name) {
        requireThere(name);
        if (disk.undecided()) {
            throw new RefusedException(
                    "Snapshot " + name + " is not deleted: a divergence of the host of this log location"
                            + " waits for a decision, which may need it. Start the host, and see: holdfast snapshots status");
        }
        HistoryPoint last = head("Snapshot " + name + " is not deleted");
        if (last.name().equals(name)) {
            throw new RefusedException("Snapshot " + name + " is not deleted: it is the last one of group " + group
                    + ", which the next start restores");
        }
        if (isThere(KeepMark.of(name))) {
            throw new RefusedException(SnapshotTags.refusal(name));
        }
        remove(name, last);
    }

    private void remove(String name, HistoryPoint last) {
        // Where nothing says which revision it had, it was below the last.
        long revision = header(name)
                .map(SnapshotHeader::revision)
                .orElse(Math.max(0, last.header().revision() - 1));
        trim(revision);
        if (!serializer.delete(name)) {
            throw new SnapshotNotFoundException("Snapshot " + name + " has been removed meanwhile");
        }
    }

    /** Has a snapshot tell, before they are removed, that those up to a revision are removed on purpose. */
    void trim(long upTo) {
        HistoryPoint last = head("Nothing is removed");
        if (last.header().trimmed() < upTo || last.header().revision() <= upTo) {
            SnapshotNames names = new SnapshotNames(clock);
            names.after(last.header().createdOn());
            names.after(last.name());
            Instant time = names.next();
            append(
                    last,
                    SnapshotNames.name(time, SnapshotKind.SNAPSHOT),
                    SnapshotKind.SNAPSHOT,
                    time,
                    last.next().trimmed(upTo));
        }
    }

    /** Saves what the last one serves once more, as the next one. */
    private void append(HistoryPoint last, String name, SnapshotKind kind, Instant time, Place place) {
        SnapshotHeader.Builder header = SnapshotHeader.builder()
                .name(name)
                .kind(kind)
                .createdOn(time)
                .group(group)
                .host(last.header().host());
        serializer.save(HistoryPoint.write(place.in(header, UUID.randomUUID().toString()), last.content())
                .snapshot());
    }

    @Override
    public void keep(String name) {
        String mark = KeepMark.of(name);
        requireThere(name);
        if (!isThere(mark)) {
            HistoryPoint last = head("Snapshot " + name + " is not tagged");
            append(last, mark, SnapshotKind.SAVE, clock.instant(), last.next());
        }
    }

    @Override
    public boolean release(String name) {
        String mark = KeepMark.of(name);
        if (!isThere(mark)) {
            requireThere(name);
            return false;
        }
        remove(mark, head("The tag of snapshot " + name + " is not removed"));
        return true;
    }

    private HistoryPoint head(String notDone) {
        try {
            return serializer
                    .getLast()
                    .map(HistoryPoint::of)
                    .orElseThrow(() -> new SnapshotNotFoundException(
                            notDone + ": group " + group + " of store " + store + " has no snapshots"));
        } catch (SnapshotUnreadableException e) {
            throw new RefusedException(
                    notDone + " while the last one of group " + group
                            + " cannot be read, for an older one may be all that there is: " + e.getMessage(),
                    e);
        }
    }

    private void requireThere(String name) {
        try {
            serializer.get(name);
        } catch (SnapshotUnreadableException e) {
            // It is there.
            return;
        }
    }

    private boolean isThere(String name) {
        try {
            requireThere(name);
            return true;
        } catch (SnapshotNotFoundException e) {
            return false;
        }
    }

    private Optional<SnapshotHeader> header(String name) {
        try {
            return Optional.of(serializer.get(name).header());
        } catch (SnapshotUnreadableException e) {
            return listed(name);
        }
    }

    private Optional<SnapshotHeader> listed(String name) {
        return all().filter(header -> header.name().equals(name)).findFirst();
    }

    @Override
    public void close() {
        serializer.close();
    }
}
