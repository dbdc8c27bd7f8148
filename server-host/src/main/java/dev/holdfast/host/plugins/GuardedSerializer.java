package dev.holdfast.host.plugins;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A serializer whose every method is a {@linkplain PluginCalls guarded call}, and whose answers are checked for what the
 * host relies on: the group it asked for, the name it asked for, the order of a page.
 */
final class GuardedSerializer implements SnapshotSerializer {

    private final SnapshotSerializer serializer;
    private final PluginCalls calls;
    private final String group;
    private final KnownOnce<Optional<ChunkStore>> chunks;
    private final AtomicBoolean closed = new AtomicBoolean();

    private GuardedSerializer(SnapshotSerializer serializer, PluginCalls calls, String group) {
        this.serializer = serializer;
        this.calls = calls;
        this.group = group;
        this.chunks = new KnownOnce<>(() -> calls.get("chunks", serializer::chunks)
                .map(store -> new GuardedChunks(store, calls, this::requireOpen)));
    }

    /**
     * Opens a store. A serializer that arrives after the limit is closed again.
     *
     * @throws IllegalArgumentException if the plugin says that the configuration is wrong
     * @throws IllegalStateException if the plugin says that it cannot be opened as things are
     */
    static GuardedSerializer open(SnapshotSerializerFactory factory, SerializerConfig config, PluginCalls calls) {
        try {
            SnapshotSerializer opened = calls.get(
                    "open",
                    () -> factory.open(config),
                    Set.of(IllegalArgumentException.class, IllegalStateException.class),
                    SnapshotSerializer::close);
            return new GuardedSerializer(opened, calls, config.group());
        } catch (RuntimeException e) {
            calls.endWithTheLast();
            throw e;
        }
    }

    @Override
    public void save(Snapshot snapshot) {
        requireOpen();
        calls.run("save", () -> serializer.save(snapshot));
    }

    @Override
    public void saveAll(List<Snapshot> snapshots) {
        requireOpen();
        calls.run("saveAll", () -> serializer.saveAll(snapshots));
    }

    @Override
    public Optional<Snapshot> getLast() {
        requireOpen();
        Optional<Snapshot> last = calls.get("getLast", serializer::getLast);
        last.ifPresent(snapshot -> requireGroup("getLast", snapshot.header()));
        return last;
    }

    @Override
    public Optional<String> lastSaveId() {
        requireOpen();
        return calls.get("lastSaveId", serializer::lastSaveId);
    }

    @Override
    public void onSave(Runnable told) {
        requireOpen();
        calls.run("onSave", () -> serializer.onSave(told));
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        requireOpen();
        SnapshotPage page =
                calls.get("list", () -> serializer.list(request), Set.of(IllegalArgumentException.class), late -> {});
        List<SnapshotHeader> headers = page.headers();
        headers.forEach(header -> requireGroup("list", header));
        if (headers.size() > request.limit()) {
            throw wrong("list", headers.size() + " headers where " + request.limit() + " were asked for");
        }
        for (int i = 1; i < headers.size(); i++) {
            if (headers.get(i - 1).revision() < headers.get(i).revision()) {
                throw wrong(
                        "list",
                        headers.get(i - 1).name() + " before " + headers.get(i).name()
                                + ", which has the higher revision");
            }
        }
        if (page.nextPageToken().isPresent() && page.nextPageToken().equals(request.pageToken())) {
            throw wrong("list", "the token of the page itself for the next one");
        }
        return page;
    }

    @Override
    public Snapshot get(String name) {
        requireOpen();
        Snapshot snapshot = calls.get("get", () -> serializer.get(name));
        requireGroup("get", snapshot.header());
        if (!snapshot.header().name().equals(name)) {
            throw wrong("get", "snapshot " + snapshot.header().name() + " where " + name + " was asked for");
        }
        return snapshot;
    }

    @Override
    public boolean delete(String name) {
        requireOpen();
        return calls.get(
                "delete", () -> serializer.delete(name), Set.of(UnsupportedOperationException.class), late -> {});
    }

    @Override
    public OptionalLong count() {
        requireOpen();
        OptionalLong count = calls.get("count", serializer::count);
        if (count.isPresent() && count.getAsLong() < 0) {
            throw wrong("count", count.getAsLong() + " snapshots");
        }
        return count;
    }

    @Override
    public void removeEmptyGroup() {
        requireOpen();
        calls.run("removeEmptyGroup", serializer::removeEmptyGroup);
    }

    /**
     * Asks the plugin once and keeps the answer, because readers and writers ask for every chunk and a call of a plugin is not
     * free.
     */
    @Override
    public Optional<ChunkStore> chunks() {
        requireOpen();
        return chunks.get();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try (calls) {
                calls.run("close", serializer::close);
            }
        }
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException(calls.subject() + " is closed");
        }
    }

    private void requireGroup(String method, SnapshotHeader header) {
        if (!header.group().equals(group)) {
            throw wrong(
                    method,
                    "snapshot " + header.name() + " of group " + header.group() + " where it was opened for " + group);
        }
    }

    private StoreUnavailableException wrong(String method, String what) {
        return new StoreUnavailableException(calls.subject() + " gave in " + method + " " + what);
    }

    @Override
    public String toString() {
        return calls.subject();
    }
}
