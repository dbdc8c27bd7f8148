package dev.holdfast.testkit;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/** A serializer in memory whose store can be out of reach, and which lets go of all that it took; or, by a {@link Fault}, not. */
final class Reachable implements SnapshotSerializer {

    /** Held, so that nothing closes them. */
    private static final List<InputStream> LEFT_OPEN = new ArrayList<>();

    private final InMemoryStore store;
    private final InMemorySerializer serializer;

    Reachable(InMemoryStore store, String group) {
        this.store = store;
        this.serializer = new InMemorySerializer(store, group);
        if (store.has(Fault.LEAKS_THREADS)) {
            Thread thread = new Thread(Reachable::hang, "leaked-pool-thread");
            thread.setDaemon(true);
            thread.start();
        }
        if (store.has(Fault.LEAKS_OPEN_FILES)) {
            synchronized (LEFT_OPEN) {
                try {
                    LEFT_OPEN.add(new FileInputStream(Path.of("pom.xml").toFile()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private static void hang() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T> T reach(Fault fault, Supplier<T> instead, Supplier<T> call) {
        if (!store.away) {
            return call.get();
        }
        if (store.has(fault)) {
            return instead.get();
        }
        if (store.has(Fault.OUT_OF_REACH_IS_A_BUG)) {
            throw new IllegalStateException("Connection is null");
        }
        if (store.has(Fault.OUT_OF_REACH_HANGS)) {
            hang();
        }
        throw new StoreUnavailableException("The store is out of reach");
    }

    @Override
    public void save(Snapshot snapshot) {
        reach(Fault.SWALLOWS_FAILURES_OF_SAVES, () -> true, () -> {
            serializer.save(snapshot);
            return true;
        });
    }

    @Override
    public Optional<Snapshot> getLast() {
        if (store.has(Fault.LOOKS_AT_ALL_FOR_THE_LAST)) {
            serializer.list(ListRequest.firstPage(1000)).headers().forEach(header -> header.toLine());
        }
        return reach(Fault.OUT_OF_REACH_IS_NO_LAST, Optional::empty, serializer::getLast);
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return reach(
                Fault.OUT_OF_REACH_LISTS_NOTHING, () -> SnapshotPage.last(List.of()), () -> serializer.list(request));
    }

    @Override
    public Snapshot get(String name) {
        return reach(
                Fault.OUT_OF_REACH_IS_NOT_FOUND,
                () -> {
                    throw new SnapshotNotFoundException(name);
                },
                () -> serializer.get(name));
    }

    @Override
    public OptionalLong count() {
        return reach(Fault.OUT_OF_REACH_COUNTS_NONE, () -> OptionalLong.of(0), serializer::count);
    }

    @Override
    public boolean delete(String name) {
        return serializer.delete(name);
    }

    @Override
    public void close() {
        serializer.close();
    }
}
