package dev.holdfast.host.operate;

import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/** A group of serializer fs in a directory of a test, with what a host would have saved in it. */
final class TestGroup implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final List<Codec> CODECS = List.of(Codec.none(), Codec.gz());

    final Path directory;
    final StoreGroup group;

    private TestGroup(Path directory, StoreGroup group) {
        this.directory = directory;
        this.group = group;
    }

    static TestGroup in(Path directory) {
        return in(directory, "default");
    }

    static TestGroup in(Path directory, String name) {
        SerializerConfig config = SerializerConfig.builder("fs", directory)
                .group(name)
                .values(Map.of("directory", directory.toString()))
                .build();
        return new TestGroup(
                directory,
                new StoreGroup(
                        "fs",
                        name,
                        new FsSnapshotSerializerFactory().open(config),
                        CODECS,
                        HostDisk.NOTHING,
                        Clock.fixed(NOW, ZoneOffset.UTC)));
    }

    /** Saves a state as a host does, as the next one. */
    Snapshot save(String name, SnapshotKind kind, Instant createdOn, ServingState state) {
        Optional<SnapshotHeader> last = group.last().map(SnapshotText::wholeHeader);
        SnapshotHeader.Builder header = SnapshotHeader.builder()
                .name(name)
                .kind(kind)
                .createdOn(createdOn)
                .group(group.group())
                .host("red-1")
                .revision(last.map(SnapshotHeader::revision).orElse(0L) + 1);
        last.ifPresent(before -> header.follows(before.saveId())
                .history(before.history().orElse(before.saveId()))
                .trimmed(before.trimmed()));
        Snapshot snapshot = SnapshotText.write(header, States.CONFIG, state);
        group.serializer().save(snapshot);
        return snapshot;
    }

    Snapshot save(String name, ServingState state) {
        return save(name, SnapshotKind.SNAPSHOT, NOW.minusSeconds(60), state);
    }

    /** As many snapshots as days, the last one of today. */
    void saveDaily(int days) {
        for (int i = days - 1; i >= 0; i--) {
            save("day-" + i, SnapshotKind.SNAPSHOT, NOW.minusSeconds(86_400L * i), States.of("m" + i));
        }
    }

    /** A model that has learned so many random bytes. */
    ServingState learned(String model, int bytes, long seed) {
        byte[] state = new byte[bytes];
        new Random(seed).nextBytes(state);
        return States.of()
                .with(
                        model,
                        ServedModel.of(
                                "1.0", States.version(model + ".mar", 1, 1).withLearned(store(state))));
    }

    private StateReference store(byte[] state) {
        try (StateStore store = new StateStore(group.chunks().orElseThrow(), Codec.none(), CODECS, 1)) {
            return store.writer()
                    .write(GivenCapture.of(state), StoredState.NONE)
                    .state()
                    .reference()
                    .orElseThrow();
        }
    }

    List<String> names() {
        return group.all().map(SnapshotHeader::name).toList();
    }

    List<Path> chunkFiles() {
        return files(directory.resolve(".chunks"));
    }

    private static List<Path> files(Path directory) {
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Changes a byte in the middle of a file. */
    static void damage(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
    }

    @Override
    public void close() {
        group.close();
    }
}
