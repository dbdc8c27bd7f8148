package dev.holdfast.host.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.host.ManualClock;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class ChunkCollectorTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final ManualClock clock = new ManualClock();
    private final Stepping chunks = new Stepping(new InMemoryChunks(clock));
    /** The states that the group's snapshots refer to, oldest first; the last one is the last snapshot's. */
    private final List<StoredState> snapshots = new ArrayList<>();

    /** A store that lets another do something before its n-th call. */
    private static final class Stepping implements ChunkStore {

        private final InMemoryChunks chunks;
        private int calls;
        private int stop = -1;
        private Runnable other = () -> {};

        Stepping(InMemoryChunks chunks) {
            this.chunks = chunks;
        }

        void at(int call, Runnable work) {
            calls = 0;
            stop = call;
            other = work;
        }

        private void step() {
            if (calls++ == stop) {
                stop = -1;
                other.run();
            }
        }

        @Override
        public int maxChunkBytes() {
            return chunks.maxChunkBytes();
        }

        @Override
        public void put(Map<String, byte[]> all) {
            step();
            chunks.put(all);
        }

        @Override
        public Map<String, byte[]> get(Collection<String> ids) {
            step();
            return chunks.get(ids);
        }

        @Override
        public SortedMap<String, Instant> list(String after, int limit) {
            step();
            return chunks.list(after, 3);
        }

        @Override
        public int delete(Collection<String> ids, Instant putBefore) {
            step();
            return chunks.delete(ids, putBefore);
        }
    }

    private static final class Direct extends AbstractExecutorService {

        @Override
        public void execute(Runnable work) {
            work.run();
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }

    private final StateWriter writer = new StateWriter(chunks, Codec.none(), new FixedCutter(64 * 1024), new Direct());
    private final StateReader reader = new StateReader(chunks, List.of(Codec.none()), new Direct());

    private static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Stores a state, and then the snapshot that refers to it. */
    private StoredState save(byte[] state) {
        StoredState base = snapshots.isEmpty() ? StoredState.NONE : snapshots.get(snapshots.size() - 1);
        StoredState stored = writer.write(GivenCapture.of(state), base).state();
        snapshots.add(stored);
        return stored;
    }

    private int collect() {
        return new ChunkCollector(chunks, clock, HOUR).collect(this::needed);
    }

    private Predicate<String> needed() {
        Set<String> needed = new HashSet<>();
        for (StoredState snapshot : List.copyOf(snapshots)) {
            needed.addAll(reader.find(snapshot.reference().orElseThrow()).chunkIds());
        }
        return needed::contains;
    }

    private void requireAllRestorable() {
        chunks.at(-1, () -> {});
        snapshots.forEach(
                snapshot -> reader.find(snapshot.reference().orElseThrow()).verify());
    }

    @Test
    void whatNoSnapshotNeedsIsRemovedAfterAnHour() {
        save(random(500_000, 1));
        save(random(500_000, 2));
        snapshots.remove(0);
        int before = chunks.chunks.chunks.size();

        assertThat(collect()).as("younger than an hour").isZero();
        clock.advance(HOUR.plusSeconds(1));
        int removed = collect();

        assertThat(removed).isEqualTo(before / 2);
        requireAllRestorable();
        assertThat(collect()).isZero();
    }

    @Test
    void whatASnapshotNeedsStaysHoweverOldItIs() {
        save(random(500_000, 1));
        clock.advance(Duration.ofDays(1000));

        assertThat(collect()).isZero();
        requireAllRestorable();
    }

    @Test
    void nothingIsRemovedWhereTheSnapshotsCannotBeRead() {
        save(random(500_000, 1));
        clock.advance(Duration.ofDays(1));
        int before = chunks.chunks.chunks.size();

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> new ChunkCollector(chunks, clock, HOUR).collect(() -> {
                    throw new StoreUnavailableException("the snapshots cannot be listed");
                }));
        assertThat(chunks.chunks.chunks).hasSize(before);
    }

    @Test
    void aSaverMayMeetACollectorAtAnyOfItsSteps() {
        int steps = 0;
        // Half of it is new, so that it is put in several calls.
        byte[] state = random(9_000_000, 4);
        System.arraycopy(random(500_000, 3), 0, state, 0, 500_000);
        for (int step = 0; step == 0 || step <= steps; step++) {
            prepare();
            chunks.at(step, this::collect);
            save(state);
            steps = chunks.calls;
            requireAllRestorable();
        }
        assertThat(steps).isGreaterThan(1);
    }

    @Test
    void aCollectorMayMeetASaverAtAnyOfItsSteps() {
        int steps = 0;
        for (int step = 0; step == 0 || step <= steps; step++) {
            prepare();
            byte[] state = random(500_000, 3);
            System.arraycopy(random(100_000, 4), 0, state, 0, 100_000);
            chunks.at(step, () -> {
                save(state);
                // The one before, whose chunks the new one shares, is removed by its age.
                snapshots.remove(snapshots.size() - 2);
            });
            collect();
            steps = chunks.calls;
            requireAllRestorable();
        }
        assertThat(steps).isGreaterThan(5);
    }

    @Test
    void aChunkThatComesBackAfterItWasNeededNoMoreIsPutAgain() {
        int steps = 0;
        for (int step = 0; step == 0 || step <= steps; step++) {
            prepare();
            byte[] forgotten = random(500_000, 1);
            chunks.at(step, () -> save(forgotten));
            collect();
            steps = chunks.calls;
            requireAllRestorable();
        }
        assertThat(steps).isGreaterThan(5);
    }

    /** Old chunks that nobody needs, beside those of the last snapshot. */
    private void prepare() {
        snapshots.clear();
        chunks.chunks.chunks.clear();
        save(random(500_000, 1));
        save(random(500_000, 3));
        snapshots.remove(0);
        clock.advance(Duration.ofHours(2));
    }

    @Test
    void aShorterAgeIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ChunkCollector(chunks, clock, Duration.ofMinutes(59)))
                .withMessage("The age of chunks to be removed must be at least PT1H, not PT59M");
    }
}
