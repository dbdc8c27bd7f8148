package dev.holdfast.host.retention;

import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/** A store in memory that keeps the contract, and breaks it where a switch says so. It tells what was done to it. */
final class MemoryStore implements SnapshotSerializer {

    /** By revision. */
    final NavigableMap<Long, Snapshot> snapshots = new TreeMap<>();

    final List<String> calls = new ArrayList<>();
    /** Left out of every list. */
    final Set<String> unlisted = new HashSet<>();

    boolean deletes = true;
    boolean counts = true;
    /** What it counts too much, or too little. */
    long miscount;

    /** What another host does then, once. */
    Runnable afterLast = () -> {};

    Runnable afterCount = () -> {};

    SnapshotHeader put(String name, SnapshotKind kind, Instant createdOn, ServingState state) {
        long revision = snapshots.isEmpty() ? 1 : snapshots.lastKey() + 1;
        return put(revision, name, kind, createdOn, state);
    }

    SnapshotHeader put(long revision, String name, SnapshotKind kind, Instant createdOn, ServingState state) {
        Snapshot snapshot = SnapshotText.write(
                SnapshotHeader.builder()
                        .name(name)
                        .kind(kind)
                        .createdOn(createdOn)
                        .group("default")
                        .revision(revision)
                        .host("h"),
                Map.of(),
                state);
        save(snapshot);
        return snapshot.header();
    }

    /** The oldest first. */
    List<String> names() {
        return snapshots.values().stream().map(all -> all.header().name()).toList();
    }

    @Override
    public void save(Snapshot snapshot) {
        snapshots.put(snapshot.header().revision(), snapshot);
    }

    @Override
    public Optional<Snapshot> getLast() {
        Optional<Snapshot> last = Optional.ofNullable(snapshots.lastEntry()).map(Map.Entry::getValue);
        Runnable other = afterLast;
        afterLast = () -> {};
        other.run();
        return last;
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        List<SnapshotHeader> headers = snapshots.descendingMap().values().stream()
                .map(Snapshot::header)
                .filter(header -> !unlisted.contains(header.name()))
                .filter(header -> request.pageToken()
                        .map(token -> header.revision() < Long.parseLong(token))
                        .orElse(true))
                .limit(request.limit() + 1L)
                .toList();
        if (headers.size() <= request.limit()) {
            return SnapshotPage.last(headers);
        }
        List<SnapshotHeader> page = headers.subList(0, request.limit());
        return SnapshotPage.of(page, Long.toString(page.get(page.size() - 1).revision()));
    }

    @Override
    public Snapshot get(String name) {
        calls.add("get " + name);
        return snapshots.values().stream()
                .filter(snapshot -> snapshot.header().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new SnapshotNotFoundException("No snapshot " + name));
    }

    @Override
    public boolean delete(String name) {
        if (!deletes) {
            return SnapshotSerializer.super.delete(name);
        }
        boolean removed =
                snapshots.values().removeIf(snapshot -> snapshot.header().name().equals(name));
        if (removed) {
            calls.add("delete " + name);
        }
        return removed;
    }

    @Override
    public OptionalLong count() {
        OptionalLong count = counts ? OptionalLong.of(snapshots.size() + miscount) : OptionalLong.empty();
        Runnable other = afterCount;
        afterCount = () -> {};
        other.run();
        return count;
    }

    @Override
    public void close() {}
}
