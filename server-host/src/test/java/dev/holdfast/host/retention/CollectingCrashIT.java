package dev.holdfast.host.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.JavaProcess;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process with SIGKILL while it stores states, saves snapshots, and removes old ones with their chunks, again and
 * again. Every snapshot that is there afterwards has all that it needs, and the next round removes all that nothing needs.
 */
class CollectingCrashIT {

    private static final int ROUNDS = 6;
    private static final int KEPT = 3;

    @TempDir
    private Path logs;

    @Test
    void everySnapshotKeepsItsChunksWhereverTheProcessDies() throws Exception {
        long seed = System.nanoTime();
        System.out.println("CollectingCrashIT seed " + seed);
        Random random = new Random(seed);
        long last = 0;
        for (int round = 0; round < ROUNDS; round++) {
            last = killAfter(3 + random.nextInt(12), random.nextInt(5_000_000));
            try (Worker worker = new Worker(logs)) {
                assertThat(worker.verifyAll())
                        .as("snapshots in round %s", round)
                        .isGreaterThanOrEqualTo(KEPT);
                // What was said to be saved is there, or something newer.
                assertThat(worker.lastRevision()).isGreaterThanOrEqualTo(last);
            }
        }
        try (Worker worker = new Worker(logs)) {
            worker.clean();
            assertThat(worker.verifyAll()).isEqualTo(KEPT);
            assertThat(worker.unneeded()).isEmpty();
        }
    }

    /** @return the last revision that the process has told of */
    private long killAfter(int lines, int nanoseconds) throws Exception {
        Process process = JavaProcess.with(List.of("-XX:+UseSerialGC"), Worker.class, logs.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long last = 0;
        try (BufferedReader out = process.inputReader()) {
            for (int i = 0; i < lines; i++) {
                last = revision(Optional.ofNullable(out.readLine()).orElseThrow());
            }
            // Somewhere in the middle of what comes next.
            await().pollDelay(Duration.ofNanos(nanoseconds)).until(() -> true);
            // By its handle, which leaves the stream open for what it has said.
            process.toHandle().destroyForcibly();
            for (String line = out.readLine(); line != null && line.endsWith("."); line = out.readLine()) {
                last = revision(line);
            }
        } finally {
            process.destroyForcibly();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        return last;
    }

    private static long revision(String line) {
        return Long.parseLong(line.substring(0, line.length() - 1));
    }

    /** A host's work without the host. Its clock is two hours ahead, so that no chunk is too young to be removed. */
    static final class Worker implements AutoCloseable {

        private final SnapshotSerializer fs;
        private final ChunkStore chunks;
        private final StateStore states;
        private final Random random = new Random();

        Worker(Path logs) {
            fs = new FsSnapshotSerializerFactory()
                    .open(SerializerConfig.builder("fs", logs).build());
            chunks = fs.chunks().orElseThrow();
            states = new StateStore(chunks, Codec.none(), List.of(Codec.none()), 2);
        }

        public static void main(String[] arguments) {
            try (Worker worker = new Worker(Path.of(arguments[0]))) {
                while (true) {
                    System.out.println(worker.save() + ".");
                    worker.clean();
                }
            }
        }

        /** A state that shares most of its pieces with nothing, and a snapshot that needs it. */
        private long save() {
            byte[] bytes = new byte[1_500_000];
            random.nextBytes(bytes);
            StateReference state = states.writer()
                    .write(GivenCapture.of(bytes), StoredState.NONE)
                    .state()
                    .reference()
                    .orElseThrow();
            long revision = lastRevision() + 1;
            fs.save(SnapshotText.write(
                    SnapshotHeader.builder()
                            .name("s" + revision)
                            .kind(SnapshotKind.SNAPSHOT)
                            .createdOn(Clock.systemUTC().instant())
                            .group("default")
                            .revision(revision)
                            .host("h"),
                    Map.of(),
                    ServingState.EMPTY.with(
                            "m",
                            ServedModel.of("1.0", States.version("m.mar", 1, 1).withLearned(state)))));
            return revision;
        }

        private void clean() {
            Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(2));
            new Housekeeping(
                            new OldSnapshots(
                                    "fs",
                                    fs,
                                    new RetentionRule(KEPT, Duration.ZERO, 0),
                                    FirstRound.ofAskedRule(),
                                    Set::of,
                                    revision -> {},
                                    later),
                            new UnneededChunks("fs", fs, chunks, states.reader(), Set::of, later))
                    .run();
        }

        private long lastRevision() {
            return fs.getLast().map(last -> last.header().revision()).orElse(0L);
        }

        /** @return how many snapshots there are */
        private int verifyAll() {
            List<Snapshot> all = fs.list(ListRequest.firstPage(1000)).headers().stream()
                    .map(header -> fs.get(header.name()))
                    .toList();
            all.forEach(snapshot -> states(snapshot)
                    .forEach(state -> states.reader().find(state).verify()));
            return all.size();
        }

        private static Set<StateReference> states(Snapshot snapshot) {
            return StateReferences.of(snapshot);
        }

        private Set<String> unneeded() {
            Set<String> ids = new HashSet<>(chunks.list("", 10_000).keySet());
            fs.list(ListRequest.firstPage(1000)).headers().stream()
                    .flatMap(header -> states(fs.get(header.name())).stream())
                    .forEach(state -> ids.removeAll(states.reader().find(state).chunkIds()));
            return ids;
        }

        @Override
        public void close() {
            states.close();
            fs.close();
        }
    }
}
