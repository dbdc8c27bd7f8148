package com.example;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

final class MemorySerializer implements SnapshotSerializer {

    private final String group;
    /** Shared with the other serializers of the group; used under its lock, as a store has its transactions. */
    private final TreeMap<Long, Snapshot> byRevision;

    private volatile boolean closed;

    MemorySerializer(String group, TreeMap<Long, Snapshot> byRevision) {
        this.group = group;
        this.byRevision = byRevision;
    }

    @Override
    public void save(Snapshot snapshot) {
        requireOpen();
        SnapshotHeader header = snapshot.header();
        header.requireGroup(group);
        synchronized (byRevision) {
            if (snapshot.equals(byRevision.get(header.revision()))) {
                return; // this very save, sent again: the save-id is part of what is compared
            }
            if (byName(header.name()).isPresent()) {
                throw SnapshotConflictException.ofName(header);
            }
            if (!byRevision.isEmpty() && byRevision.lastKey() >= header.revision()) {
                throw SnapshotConflictException.ofRevision(header, byRevision.lastKey());
            }
            Optional<SnapshotHeader> newest = Optional.ofNullable(byRevision.lastEntry())
                    .map(last -> last.getValue().header());
            if (header.follows().isPresent() && !header.follows().equals(newest.map(SnapshotHeader::saveId))) {
                throw new SnapshotConflictException("Snapshot " + header.name() + " follows "
                        + header.follows().get() + ", and the group has "
                        + newest.map(last -> last.name() + " as its newest").orElse("no snapshot"));
            }
            byRevision.put(header.revision(), snapshot);
        }
    }

    @Override
    public Optional<Snapshot> getLast() {
        requireOpen();
        synchronized (byRevision) {
            return byRevision.isEmpty() ? Optional.empty() : Optional.of(byRevision.lastEntry().getValue());
        }
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        requireOpen();
        synchronized (byRevision) {
            NavigableMap<Long, Snapshot> wanted = request.pageToken()
                    .map(token -> byRevision.headMap(Long.valueOf(PageToken.place(token)), false))
                    .orElse(byRevision);
            List<SnapshotHeader> headers = wanted.descendingMap().values().stream()
                    .map(Snapshot::header)
                    .filter(request::accepts)
                    .limit(request.limit() + 1L)
                    .toList();
            if (headers.size() <= request.limit()) {
                return SnapshotPage.last(headers);
            }
            List<SnapshotHeader> page = headers.subList(0, request.limit());
            return SnapshotPage.of(
                    page, PageToken.of(Long.toString(page.get(page.size() - 1).revision())));
        }
    }

    @Override
    public Snapshot get(String name) {
        requireOpen();
        synchronized (byRevision) {
            return byName(name).orElseThrow(() -> SnapshotNotFoundException.of(name, "group " + group));
        }
    }

    private Optional<Snapshot> byName(String name) {
        return byRevision.values().stream()
                .filter(snapshot -> snapshot.header().name().equals(name))
                .findFirst();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The serializer is closed");
        }
    }

    /** Lets go of the store, and leaves it to the others. */
    @Override
    public void close() {
        closed = true;
    }
}
