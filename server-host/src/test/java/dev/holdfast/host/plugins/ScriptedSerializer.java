package dev.holdfast.host.plugins;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** A built-in serializer that does what a test says. */
final class ScriptedSerializer implements SnapshotSerializer, SnapshotSerializerFactory {

    Runnable opening = () -> {};
    Runnable saving = () -> {};
    Runnable closing = () -> {};
    Supplier<Optional<Snapshot>> last = Optional::empty;
    Supplier<SnapshotPage> page = () -> null;
    Supplier<Snapshot> one = () -> null;
    Supplier<Boolean> deleting = () -> true;
    Supplier<OptionalLong> counting = OptionalLong::empty;
    Supplier<Optional<ChunkStore>> chunks = Optional::empty;
    SnapshotSerializer given = this;
    final AtomicInteger closed = new AtomicInteger();

    static SerializerConfig config() {
        return SerializerConfig.builder("fs", Path.of("logs")).build();
    }

    static Snapshot snapshot(String group, String name, long revision) {
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name(name)
                        .kind(SnapshotKind.SNAPSHOT)
                        .createdOn(Instant.parse("2026-11-21T09:30:00Z"))
                        .group(group)
                        .revision(revision)
                        .host("h"),
                new byte[] {1});
    }

    @Override
    public String name() {
        return "fs";
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        opening.run();
        return given;
    }

    @Override
    public void save(Snapshot snapshot) {
        saving.run();
    }

    @Override
    public Optional<Snapshot> getLast() {
        return last.get();
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return page.get();
    }

    @Override
    public Snapshot get(String name) {
        return one.get();
    }

    @Override
    public boolean delete(String name) {
        return deleting.get();
    }

    @Override
    public OptionalLong count() {
        return counting.get();
    }

    @Override
    public Optional<ChunkStore> chunks() {
        return chunks.get();
    }

    @Override
    public void close() {
        closing.run();
        closed.incrementAndGet();
    }
}
