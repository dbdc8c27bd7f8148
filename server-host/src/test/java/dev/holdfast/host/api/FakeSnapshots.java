package dev.holdfast.host.api;

import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A store in memory with switches for what may be wrong with it. */
public final class FakeSnapshots implements Snapshots, ChangeLog {

    public Optional<StoreStatus.JournalUse> journal = Optional.empty();

    public volatile Durability durability =
            new Durability(Durability.Kind.STORED, Optional.of("20261121093000123-snapshot.cfg"), List.of());
    public volatile StoreStatus.Mode mode = StoreStatus.Mode.ATTACHED;
    public volatile List<String> notices = List.of();
    public volatile boolean empty;
    public volatile boolean unavailable;
    public volatile boolean silent;
    public volatile boolean keepsAll;
    public final AtomicInteger changes = new AtomicInteger();
    private final Map<String, Snapshot> stored = new ConcurrentSkipListMap<>();

    FakeSnapshots() {
        put("20261121093000123-startup.cfg", SnapshotKind.STARTUP, 1);
        put("20261121093000456-snapshot.cfg", SnapshotKind.SNAPSHOT, 2);
    }

    private void put(String name, SnapshotKind kind, long revision) {
        stored.put(
                name,
                Snapshot.create(
                        SnapshotHeader.builder()
                                .name(name)
                                .kind(kind)
                                .createdOn(Instant.parse("2026-11-21T09:30:00Z"))
                                .group("default")
                                .revision(revision)
                                .host("here"),
                        "model_snapshot={}".getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public void begin() {}

    @Override
    public void abandoned() {}

    @Override
    public void overtaken() {}

    @Override
    public CompletableFuture<Durability> changed() {
        changes.incrementAndGet();
        return silent ? new CompletableFuture<>() : CompletableFuture.completedFuture(durability);
    }

    @Override
    public StoreStatus status() {
        return new StoreStatus(
                "fs",
                "default",
                mode,
                Optional.of("last.cfg"),
                7,
                notices.size(),
                notices,
                Optional.empty(),
                false,
                empty,
                Optional.empty(),
                List.of(),
                journal);
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        requireStore();
        if (request.pageToken().filter(token -> !token.equals("1")).isPresent()) {
            throw new IllegalArgumentException("Page token is not the store's");
        }
        List<SnapshotHeader> all = stored.values().stream()
                .map(Snapshot::header)
                .filter(request::accepts)
                .toList();
        return request.limit() == 1 && request.pageToken().isEmpty() && all.size() > 1
                ? SnapshotPage.of(all.subList(0, 1), "1")
                : SnapshotPage.last(all);
    }

    @Override
    public Snapshot get(String name) {
        requireStore();
        return Optional.ofNullable(stored.get(name))
                .orElseThrow(() -> new SnapshotNotFoundException("There is no snapshot " + name));
    }

    @Override
    public void delete(String name) {
        get(name);
        if (keepsAll) {
            throw new UnsupportedOperationException("This store removes nothing, so not " + name + " either");
        }
        if (stored.size() == 1) {
            throw new IllegalStateException("Snapshot " + name + " is the last one");
        }
        stored.remove(name);
    }

    private void requireStore() {
        if (unavailable) {
            throw new StoreUnavailableException("The store does not answer");
        }
    }

    @Override
    public CompletableFuture<Durability> save(String name) {
        if (stored.containsKey(name)) {
            return CompletableFuture.failedFuture(new SnapshotConflictException(name + " is there already"));
        }
        put(name, SnapshotKind.SAVE, 3);
        return CompletableFuture.completedFuture(durability);
    }

    @Override
    public String attach(Take take, Duration patience) {
        if (mode != StoreStatus.Mode.DETACHED) {
            throw new IllegalStateException("The host is not detached");
        }
        mode = StoreStatus.Mode.ATTACHED;
        return "Attached, taking " + take;
    }
}
