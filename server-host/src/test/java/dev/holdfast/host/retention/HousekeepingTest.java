package dev.holdfast.host.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class HousekeepingTest {

    private static final Instant NOW = Instant.parse("2026-11-21T09:30:00Z");
    private static final RetentionRule ALL = RetentionRule.ALL;

    private static final Clock FIXED = Clock.fixed(NOW, ZoneOffset.UTC);
    /** The list of the parts, and the list of the chunks of the only part. */
    private static final int READS_OF_A_STATE = 2;

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private SnapshotSerializer fs;
    private ChunkStore chunks;
    private StateStore states;
    private long revision;

    @BeforeEach
    void open() {
        fs = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs).build());
        chunks = fs.chunks().orElseThrow();
        states = new StateStore(chunks, Codec.none(), List.of(Codec.none()), 1);
    }

    @AfterEach
    void close() {
        states.close();
        fs.close();
    }

    private StateReference learn(long seed) {
        byte[] bytes = new byte[300_000];
        new Random(seed).nextBytes(bytes);
        return states.writer()
                .write(GivenCapture.of(bytes), StoredState.NONE)
                .state()
                .reference()
                .orElseThrow();
    }

    private static ServingState learned(StateReference state) {
        return ServingState.EMPTY.with(
                "m", ServedModel.of("1.0", States.version("m.mar", 1, 1).withLearned(state)));
    }

    private SnapshotHeader save(String name, SnapshotKind kind, Duration age, ServingState state) {
        var snapshot = SnapshotText.write(
                SnapshotHeader.builder()
                        .name(name)
                        .kind(kind)
                        .createdOn(NOW.minus(age))
                        .group("default")
                        .revision(++revision)
                        .host("h"),
                Map.of(),
                state);
        fs.save(snapshot);
        return snapshot.header();
    }

    private void run(RetentionRule rule) {
        housekeeping(rule, fs, states.reader()).run();
    }

    private Housekeeping housekeeping(RetentionRule rule, SnapshotSerializer store, StateReader reader) {
        return new Housekeeping(
                new OldSnapshots("fs", store, rule, FirstRound.ofAskedRule(), Set::of, revision -> {}, FIXED),
                new UnneededChunks("fs", store, chunks, reader, Set::of, FIXED));
    }

    private List<String> names() {
        return fs.list(ListRequest.firstPage(100)).headers().stream()
                .map(SnapshotHeader::name)
                .toList();
    }

    /** All chunks were put before the hour in which they are safe. */
    private void ageChunks() throws IOException {
        try (Stream<Path> files = Files.walk(logs.resolve("config/.chunks"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.setLastModifiedTime(file, FileTime.from(NOW.minus(Duration.ofHours(2))));
            }
        }
    }

    @Test
    void theNewestStayAndSavesAndTheLast() {
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(5), States.of("a"));
        save("named", SnapshotKind.SAVE, Duration.ofDays(4), States.of("a"));
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), States.of("a"));
        save("c.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(2), States.of("a"));
        save("d.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(1), States.of("a"));

        run(new RetentionRule(2, Duration.ZERO, 0));

        assertThat(names()).containsExactly("d.cfg", "c.cfg", "named");
    }

    @Test
    void theYoungStay() {
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(5), States.of("a"));
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), States.of("a"));

        run(new RetentionRule(0, Duration.ofDays(4), 0));
        assertThat(names()).containsExactly("b.cfg");
        run(new RetentionRule(0, Duration.ofDays(1), 0));
        assertThat(names()).as("the last one stays however old it is").containsExactly("b.cfg");
    }

    @Test
    void whatEitherRuleKeepsStays() {
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(9), States.of("a"));
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), States.of("a"));
        save("c.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(2), States.of("a"));
        save("d.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(1), States.of("a"));

        run(new RetentionRule(1, Duration.ofDays(4), 0));

        assertThat(names()).containsExactly("d.cfg", "c.cfg", "b.cfg");
    }

    @Test
    void withoutARuleAllStay() {
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(900), States.of("a"));
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(800), States.of("a"));

        run(ALL);

        assertThat(names()).hasSize(2);
    }

    @Test
    void nothingIsRemovedWhileTheLastOneIsDamaged() throws IOException {
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(5), States.of("a"));
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), States.of("a"));
        Path file = logs.resolve("config/b.cfg");
        byte[] bytes = Files.readAllBytes(file);
        bytes[3] ^= 1;
        Files.write(file, bytes);

        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> run(new RetentionRule(1, Duration.ZERO, 0)));

        assertThat(names()).contains("a.cfg");
    }

    @Test
    void chunksGoWithTheSnapshotsThatNeededThem() throws IOException {
        StateReference first = learn(1);
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(5), learned(first));
        StateReference second = learn(2);
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), learned(second));
        ageChunks();

        run(ALL);
        states.reader().find(first).verify();
        run(new RetentionRule(1, Duration.ZERO, 0));

        states.reader().find(second).verify();
        assertThat(chunks.missing(List.of(first.root().id()))).isNotEmpty();
        assertThat(chunks.list("", 100))
                .hasSize(states.reader().find(second).chunkIds().size());
    }

    @Test
    void aRoundReadsWhatIsNewAndNothingTwice() throws IOException {
        Calls calls = new Calls();
        SnapshotSerializer snapshots = calls.counted(SnapshotSerializer.class, fs);
        ChunkStore lists = calls.counted(ChunkStore.class, chunks);
        try (StateStore counted = new StateStore(lists, Codec.none(), List.of(Codec.none()), 1)) {
            var housekeeping = housekeeping(new RetentionRule(3, Duration.ZERO, 0), snapshots, counted.reader());
            StateReference same = learn(1);
            for (String name : List.of("a.cfg", "b.cfg", "c.cfg")) {
                save(name, SnapshotKind.SNAPSHOT, Duration.ofDays(5), learned(same));
            }
            ageChunks();
            housekeeping.run();
            assertThat(calls.since()).as("the last one by getLast").containsEntry("get", 2 + READS_OF_A_STATE);

            housekeeping.run();
            assertThat(calls.since()).doesNotContainKey("get");

            StateReference other = learn(2);
            save("d.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(4), learned(other));
            housekeeping.run();
            assertThat(names()).containsExactly("d.cfg", "c.cfg", "b.cfg");
            assertThat(calls.since())
                    .as("a third of the snapshots is gone: all are read again")
                    .containsEntry("get", READS_OF_A_STATE + 2 + 2 * READS_OF_A_STATE);

            save("e.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), learned(other));
            save("f.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(2), learned(other));
            ageChunks();
            housekeeping.run();
            assertThat(chunks.missing(List.of(same.root().id()))).isNotEmpty();
            states.reader().find(other).verify();
        }
    }

    /** What was called, and how often. */
    private static final class Calls {

        private final Map<String, Integer> counts = new ConcurrentHashMap<>();

        <T> T counted(Class<T> type, T target) {
            return type.cast(
                    Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
                        counts.merge(method.getName(), 1, Integer::sum);
                        return method.invoke(target, args);
                    }));
        }

        Map<String, Integer> since() {
            Map<String, Integer> since = Map.copyOf(counts);
            counts.clear();
            return since;
        }
    }

    @Test
    void whatWasSavedUnderAnIdStays() throws IOException {
        StateReference kept = learn(1);
        ServingState state = learned(learn(2)).withSave("gone", "monday", new ModelSave("1.0", kept, NOW));
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(5), state);
        ageChunks();

        run(ALL);

        states.reader().find(kept).verify();
        assertThat(SnapshotText.parse("a.cfg", fs.get("a.cfg").text()).state()).isEqualTo(state);
    }

    @Test
    void noChunkGoesWhileASnapshotCannotBeRead() throws IOException {
        StateReference hidden = learn(1);
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(5), learned(hidden));
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), learned(learn(2)));
        ageChunks();
        Path file = logs.resolve("config/a.cfg");
        byte[] whole = Files.readAllBytes(file);
        byte[] damaged = whole.clone();
        damaged[3] ^= 1;
        Files.write(file, damaged);

        assertThatExceptionOfType(UnknownNeedsException.class)
                .isThrownBy(() -> run(ALL))
                .withMessageContaining("what these snapshots need: a.cfg (");

        Files.write(file, whole);
        states.reader().find(hidden).verify();
    }

    @Test
    void whoseChunkIsMissingIsToldUntilTheSnapshotsAreDeleted() throws IOException {
        StateReference broken = learn(1);
        StateReference whole = learn(2);
        ServingState saved = learned(whole).withSave("m", "monday", new ModelSave("1.0", broken, NOW));
        save("a.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(9), learned(learn(3)));
        save("named", SnapshotKind.SAVE, Duration.ofDays(5), learned(broken));
        save("b.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(4), saved);
        for (int i = 0; i < 11; i++) {
            save("c" + i, SnapshotKind.SNAPSHOT, Duration.ofDays(4), learned(broken));
        }
        save("d.cfg", SnapshotKind.SNAPSHOT, Duration.ofDays(3), learned(whole));
        ageChunks();
        chunks.delete(List.of(broken.root().id()), NOW);
        int before = chunks.list("", 100).size();
        var housekeeping = housekeeping(new RetentionRule(13, Duration.ZERO, 0), fs, states.reader());

        String missing = "The list of the state's parts: chunk " + broken.root().id() + " is missing";
        for (int round = 0; round < 2; round++) {
            assertThatExceptionOfType(UnknownNeedsException.class)
                    .isThrownBy(housekeeping::run)
                    .withMessage("No chunk is removed, because it cannot be told what these snapshots need:"
                            + " c10, c9, c8, c7, c6, c5, c4, c3, c2, c1 and 2 more (model m, version 1.0: " + missing
                            + "); b.cfg (save monday of model m: " + missing
                            + "). Bring back what is missing, or give these snapshots up:"
                            + " holdfast snapshots delete NAME...");
        }
        assertThat(names()).as("old snapshots go all the same").doesNotContain("a.cfg");
        assertThat(chunks.list("", 100)).hasSize(before);
        assertThat(log.info()).containsExactly("Removed 1 old snapshots");

        names().stream().filter(name -> !name.equals("d.cfg")).forEach(fs::delete);
        housekeeping.run();

        assertThat(chunks.list("", 100))
                .hasSize(states.reader().find(whole).chunkIds().size());
    }
}
