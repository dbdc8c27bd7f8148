package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ChunkStore} must do, for a serializer that has one; extended beside {@link SnapshotSerializerContract}
 * and in the same way.
 *
 * <p>Each test works in groups of its own. The tests do not prove that a chunk survives the loss of power.
 */
public abstract class ChunkStoreContract {

    private static final Instant EVER = Instant.parse("2200-01-01T00:00:00Z");
    private static final Instant NEVER = Instant.EPOCH;

    private final Deque<SnapshotSerializer> opened = new ArrayDeque<>();
    private final String group;

    protected ChunkStoreContract() {
        this("c");
    }

    /** @param groupPrefix as in {@link SnapshotSerializerContract} */
    protected ChunkStoreContract(String groupPrefix) {
        group = groupPrefix + UUID.randomUUID().toString().replace("-", "").substring(0, 20);
    }

    /** The factory to test; a new one or the same one each time. */
    protected abstract SnapshotSerializerFactory factory();

    /**
     * How to open a group of the store. Within one test every call gives the same store; the group is new in every test.
     */
    protected abstract SerializerConfig config(String ofGroup);

    /** Whether two serializers may put into one group while both are open; as in {@link SnapshotSerializerContract}. */
    protected boolean manyWriters() {
        return true;
    }

    /** As in {@link SnapshotSerializerContract}. */
    protected List<Outage> outages() throws Exception {
        return Assumptions.abort(
                getClass().getSimpleName()
                        + " does not override outages(), so it is not tested what becomes of chunks while the store is out of reach");
    }

    /** As in {@link SnapshotSerializerContract}. */
    protected SerializerConfig outageConfig(String ofGroup) {
        return config(ofGroup);
    }

    /** As in {@link SnapshotSerializerContract}. */
    protected Duration callLimit() {
        return Duration.ofMinutes(1);
    }

    private SnapshotSerializer serializer(String ofGroup) {
        SnapshotSerializer serializer = factory().open(config(ofGroup));
        opened.push(serializer);
        return serializer;
    }

    private ChunkStore open() {
        return open(group);
    }

    private ChunkStore open(String ofGroup) {
        return serializer(ofGroup).chunks().orElseThrow();
    }

    @AfterEach
    final void closeAll() {
        opened.forEach(SnapshotSerializer::close);
    }

    @Test
    void aSerializerGivesTheSameStoreEachTime() {
        SnapshotSerializer serializer = serializer(group);

        assertThat(serializer.chunks().orElseThrow())
                .isSameAs(serializer.chunks().orElseThrow());
        assertThat(serializer.chunks().orElseThrow().maxChunkBytes()).isGreaterThanOrEqualTo(128 * 1024);
    }

    @Test
    @Proves(Requirement.CHUNK_LISTS)
    void anEmptyStoreHasNothing() {
        ChunkStore store = open();

        assertThat(store.get(List.of(id(1), id(2)))).isEmpty();
        assertThat(store.missing(List.of(id(1), id(2)))).containsExactlyInAnyOrder(id(1), id(2));
        assertThat(store.list("", 10)).isEmpty();
        assertThat(store.delete(List.of(id(1)), EVER)).isZero();
    }

    @Test
    void nothingAskedIsNothingGiven() {
        ChunkStore store = open();

        store.put(Map.of());

        assertThat(store.get(List.of())).isEmpty();
        assertThat(store.missing(List.of())).isEmpty();
        assertThat(store.delete(List.of(), EVER)).isZero();
        assertThat(store.list("", 1)).isEmpty();
    }

    @Test
    @Proves(Requirement.CHUNK_CONTENTS)
    void chunksOfEverySizeComeBackAsTheyWerePut() {
        ChunkStore store = open();
        Random random = new Random(1);
        for (int size : new int[] {1, 2, 1000, 65_536, store.maxChunkBytes() - 1, store.maxChunkBytes()}) {
            byte[] content = new byte[size];
            random.nextBytes(content);

            store.put(Map.of(id(size), content));

            assertThat(Arrays.equals(one(store, id(size)), content))
                    .as("a chunk of %s bytes", size)
                    .isTrue();
        }
    }

    @Test
    @Proves(Requirement.CHUNK_CONTENTS)
    void manyChunksAreTakenAndGivenInOneCall() {
        ChunkStore store = open();
        Map<String, byte[]> chunks = new TreeMap<>();
        for (int i = 0; i < 150; i++) {
            chunks.put(id(i), content(i));
        }

        store.put(chunks);

        Map<String, byte[]> back = store.get(chunks.keySet());
        assertThat(back.keySet()).isEqualTo(chunks.keySet());
        chunks.forEach((id, content) -> assertThat(back.get(id)).isEqualTo(content));
        assertThat(store.missing(chunks.keySet())).isEmpty();
    }

    @Test
    @Proves(Requirement.CHUNK_CONTENTS)
    void aCallOfSixteenMebibytesIsTaken() {
        ChunkStore store = open();
        int size = Math.min(store.maxChunkBytes(), 256 * 1024);
        Map<String, byte[]> chunks = new TreeMap<>();
        Random random = new Random(2);
        for (int total = 0; total + size <= 16 * 1024 * 1024; total += size) {
            byte[] content = new byte[size];
            random.nextBytes(content);
            chunks.put(id(total), content);
        }

        store.put(chunks);

        Map<String, byte[]> back = store.get(chunks.keySet());
        chunks.forEach((id, content) -> assertThat(Arrays.equals(back.get(id), content))
                .as("chunk %s", id)
                .isTrue());
    }

    @Test
    @Proves(Requirement.CHUNK_CONTENTS)
    void aChunkThatIsTooLargeIsRefusedWithItsLimitAndNothingIsStored() {
        ChunkStore store = open();
        Map<String, byte[]> chunks = Map.of(id(1), content(1), id(2), new byte[store.maxChunkBytes() + 1]);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.put(chunks))
                .withMessageContainingAll(id(2), String.valueOf(store.maxChunkBytes()));
        assertThat(store.missing(chunks.keySet())).hasSize(2);
    }

    @Test
    @Proves(Requirement.CHUNK_CONTENTS)
    void theLastContentPutUnderAnIdIsKept() {
        ChunkStore store = open();
        store.put(Map.of(id(1), content(1)));

        store.put(Map.of(id(1), content(2)));

        assertThat(one(store, id(1))).isEqualTo(content(2));
        assertThat(store.list("", 10)).hasSize(1);
    }

    @Test
    @Proves(Requirement.CHUNK_LISTS)
    void anAbsentChunkIsLeftOutAndNamedAsMissing() {
        ChunkStore store = open();
        store.put(Map.of(id(1), content(1)));

        assertThat(store.get(List.of(id(1), id(2)))).containsOnlyKeys(id(1));
        assertThat(store.missing(List.of(id(1), id(2)))).containsExactly(id(2));
    }

    @Test
    @Proves(Requirement.CHUNK_CONTENTS)
    void arraysAreNotShared() {
        ChunkStore store = open();
        byte[] content = content(1);
        store.put(Map.of(id(1), content));

        content[0] ^= 1;
        one(store, id(1))[1] ^= 1;

        assertThat(one(store, id(1))).isEqualTo(content(1));
    }

    @Test
    @Proves(Requirement.CHUNK_LISTS)
    void theListGoesByIdPageByPage() {
        ChunkStore store = open();
        TreeMap<String, byte[]> chunks = new TreeMap<>();
        for (int i = 0; i < 25; i++) {
            chunks.put(id(i), content(i));
        }
        store.put(chunks);

        List<String> listed = new ArrayList<>();
        SortedMap<String, Instant> page = store.list("", 7);
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(7);
            listed.addAll(page.keySet());
            page = store.list(page.lastKey(), 7);
        }

        assertThat(listed).containsExactlyElementsOf(chunks.keySet());
        assertThat(store.list(chunks.firstKey(), 10_000)).hasSize(24);
    }

    @Test
    @Proves({Requirement.CHUNK_LISTS, Requirement.CHUNKS_ARE_DURABLE})
    void theListSaysWhenAChunkWasPutLast() {
        ChunkStore store = open();
        Instant before = Instant.now().minus(Duration.ofMinutes(5));
        store.put(Map.of(id(1), content(1)));
        Instant first = putTime(store, id(1));

        waitUntilAfter(first);
        store.put(Map.of(id(1), content(1)));
        Instant second = putTime(store, id(1));

        assertThat(first).isBetween(before, Instant.now().plus(Duration.ofMinutes(5)));
        assertThat(second).isAfter(first);
    }

    @Test
    @Proves(Requirement.YOUNG_CHUNKS_STAY)
    void onlyChunksThatWerePutBeforeTheMomentAreRemoved() {
        ChunkStore store = open();
        store.put(Map.of(id(1), content(1), id(2), content(2), id(3), content(3)));

        assertThat(store.delete(List.of(id(1), id(2)), NEVER)).isZero();
        assertThat(store.delete(List.of(id(1), id(2), id(9)), EVER)).isEqualTo(2);

        assertThat(store.missing(List.of(id(1), id(2), id(3)))).containsExactlyInAnyOrder(id(1), id(2));
        assertThat(store.list("", 10)).containsOnlyKeys(id(3));
    }

    @Test
    @Proves({Requirement.YOUNG_CHUNKS_STAY, Requirement.CHUNKS_ARE_DURABLE})
    void aChunkThatWasPutAgainIsYoungAndStays() {
        ChunkStore store = open();
        store.put(Map.of(id(1), content(1), id(2), content(2)));
        // Of both: the chunks of one call need not have been put at one moment.
        Instant between = waitUntilAfter(Collections.max(store.list("", 10).values()));
        store.put(Map.of(id(1), content(1)));

        assertThat(store.delete(List.of(id(1), id(2)), between)).isEqualTo(1);

        assertThat(store.get(List.of(id(1), id(2)))).containsOnlyKeys(id(1));
    }

    @Test
    @Proves({Requirement.YOUNG_CHUNKS_STAY, Requirement.MANY_THREADS})
    void whereAPutAndARemovalMeetTheChunkIsThereAfterwards() throws Exception {
        ChunkStore store = open();
        Map<String, byte[]> old = new TreeMap<>();
        for (int round = 0; round < 20; round++) {
            old.put(id(round), content(round));
        }
        store.put(old);
        Instant between = waitUntilAfter(Collections.max(store.list("", 20).values()));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 0; round < 20; round++) {
                String id = id(round);
                byte[] content = content(round);
                CountDownLatch both = new CountDownLatch(2);
                Future<?> put = threads.submit(() -> {
                    both.countDown();
                    both.await();
                    store.put(Map.of(id, content));
                    return true;
                });
                Future<?> removal = threads.submit(() -> {
                    both.countDown();
                    both.await();
                    return store.delete(List.of(id), between);
                });
                put.get();
                removal.get();

                assertThat(store.missing(List.of(id))).as("round %s", round).isEmpty();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    @Proves({Requirement.CHUNK_CONTENTS, Requirement.MANY_THREADS})
    void oneChunkPutByManyThreadsIsThereWhole() throws Exception {
        ChunkStore store = open();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> puts = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                byte[] content = content(i % 4);
                puts.add(threads.submit(() -> store.put(Map.of(id(1), content, id(2), content))));
            }
            for (Future<?> put : puts) {
                put.get();
            }
        } finally {
            threads.shutdownNow();
        }

        Map<String, byte[]> back = store.get(List.of(id(1), id(2)));
        assertThat(back).hasSize(2);
        assertThat(back.values())
                .allSatisfy(content -> assertThat(List.of(content(0), content(1), content(2), content(3)))
                        .anyMatch(one -> Arrays.equals(one, content)));
    }

    @Test
    void idsThatBreakTheRuleAreRefused() {
        ChunkStore store = open();
        for (String bad : List.of("", "x", "../" + id(1).substring(3), id(1).toUpperCase(Locale.ROOT), id(1) + "0")) {
            assertThatIllegalArgumentException().isThrownBy(() -> store.put(Map.of(bad, content(1))));
            assertThatIllegalArgumentException().isThrownBy(() -> store.get(List.of(bad)));
            assertThatIllegalArgumentException().isThrownBy(() -> store.missing(List.of(bad)));
            assertThatIllegalArgumentException().isThrownBy(() -> store.delete(List.of(bad), EVER));
        }
        assertThat(store.list("", 10)).isEmpty();
    }

    @Test
    @Proves(Requirement.GROUPS)
    void groupsDoNotSeeEachOthersChunks() {
        ChunkStore ours = open();
        ours.put(Map.of(id(1), content(1)));

        ChunkStore theirs = open(group + "x");

        assertThat(theirs.missing(List.of(id(1)))).containsExactly(id(1));
        assertThat(theirs.list("", 10)).isEmpty();
        assertThat(theirs.delete(List.of(id(1)), EVER)).isZero();
        assertThat(ours.get(List.of(id(1)))).hasSize(1);
    }

    @Test
    @Proves(Requirement.CHUNKS_ARE_DURABLE)
    void chunksOutliveTheSerializer() {
        SnapshotSerializer first = serializer(group);
        first.chunks().orElseThrow().put(Map.of(id(1), content(1)));
        first.close();

        ChunkStore second = open();

        assertThat(one(second, id(1))).isEqualTo(content(1));
        second.put(Map.of(id(2), content(2)));
        assertThat(second.list("", 10)).hasSize(2);
    }

    @Test
    @Proves(Requirement.CHUNKS_ARE_DURABLE)
    void anotherSerializerSeesAChunkAtOnce() {
        ChunkStore one = open();
        ChunkStore two = open();
        one.put(Map.of(id(1), content(1)));

        assertThat(two.get(List.of(id(1)))).hasSize(1);
        if (manyWriters()) {
            two.put(Map.of(id(2), content(2)));
            assertThat(one.missing(List.of(id(1), id(2)))).isEmpty();
        }
    }

    @Test
    @Proves({Requirement.NOTHING_IS_PROVED, Requirement.CHUNK_LISTS, Requirement.CALLS_END})
    void chunksOutOfReachAreUnavailableAndNeverMissing() throws Exception {
        List<Outage> outages = outages();
        SnapshotSerializer serializer = factory().open(outageConfig(group));
        opened.push(serializer);
        ChunkStore store = serializer.chunks().orElseThrow();
        AwayCheck.patiently(() -> put(store, 1));
        SortedMap<String, Instant> listed = AwayCheck.patiently(() -> store.list("", 10));

        for (Outage outage : outages) {
            AwayCheck away = new AwayCheck(outage, callLimit());
            boolean acknowledged = outage.during(() -> {
                away.expect("get", () -> store.get(List.of(id(1))).keySet(), Set.of(id(1)));
                away.expect("missing", () -> store.missing(List.of(id(1))), Set.of());
                away.expect("list", () -> store.list("", 10), listed);
                away.expect("delete", () -> store.delete(List.of(id(1)), NEVER), 0);
                return away.written("put", () -> put(store, 2));
            });

            Map<String, byte[]> back = AwayCheck.patiently(() -> store.get(List.of(id(1), id(2))));
            assertThat(back.get(id(1))).isEqualTo(content(1));
            if (acknowledged) {
                assertThat(back)
                        .as("what is there, after a put returned while the store %s", outage)
                        .containsKey(id(2));
            }
            AwayCheck.patiently(() -> store.delete(List.of(id(2)), EVER));
        }
    }

    private static boolean put(ChunkStore store, int number) {
        store.put(Map.of(id(number), content(number)));
        return true;
    }

    @Test
    @Proves(Requirement.CLOSE)
    void aClosedStoreRefusesEveryCall() {
        SnapshotSerializer serializer = serializer(group);
        ChunkStore store = serializer.chunks().orElseThrow();
        store.put(Map.of(id(1), content(1)));

        serializer.close();

        assertThatThrownBy(() -> store.put(Map.of(id(2), content(2)))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.get(List.of(id(1)))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.missing(List.of(id(1)))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.list("", 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.delete(List.of(id(1)), EVER)).isInstanceOf(IllegalStateException.class);
        assertThat(open().get(List.of(id(1)))).hasSize(1);
    }

    private static byte[] one(ChunkStore store, String id) {
        return Objects.requireNonNull(store.get(List.of(id)).get(id), id);
    }

    private static Instant putTime(ChunkStore store, String id) {
        return Objects.requireNonNull(store.list("", 10).get(id), id);
    }

    /** A moment after the given one, by the clock of this machine. */
    private static Instant waitUntilAfter(Instant moment) {
        Instant later = moment.plusMillis(2);
        while (!Instant.now().isAfter(later)) {
            Thread.onSpinWait();
        }
        return later;
    }

    private static String id(int number) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content(number)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    private static byte[] content(int number) {
        return ("the piece of state number " + number).getBytes(StandardCharsets.UTF_8);
    }
}
