package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import dev.holdfast.testsupport.Uninterrupted;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A serializer that breaks its promises costs a call, and never the host. */
class GuardedSerializerTest {

    /**
     * Passed by calls that hang. On a machine that has other things to do, it may pass for another call too, or before a call
     * has begun: so calls are made again until one has.
     */
    private static final Duration SHORT = Duration.ofSeconds(1);

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Snapshot SNAPSHOT = ScriptedSerializer.snapshot("default", "a", 1);

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    private final ScriptedSerializer plugin = new ScriptedSerializer();
    private final CountDownLatch released = new CountDownLatch(1);
    /** How many calls have begun to hang. */
    private final AtomicInteger hanging = new AtomicInteger();

    private final List<Plugins> toClose = new ArrayList<>();
    private final ExecutorService hosts = Executors.newCachedThreadPool();

    @AfterEach
    void release() {
        released.countDown();
        toClose.forEach(Plugins::close);
        hosts.shutdownNow();
    }

    @Test
    void aLongComplaintIsShortenedKeepsItsKindAndStandsInTheLogOnce() {
        String said = "First what to do. " + "at 4711 elsewhere, ".repeat(500) + "the reason";
        List<SnapshotStoreException> kinds = List.of(
                new StoreUnavailableException(said),
                new SnapshotConflictException(said),
                new SnapshotNotFoundException(said),
                new SnapshotCorruptException(said),
                new SnapshotFormatTooNewException(said));
        SnapshotSerializer serializer = open(LONG);
        for (SnapshotStoreException kind : kinds) {
            plugin.saving = () -> {
                throw kind;
            };
            assertThatThrownBy(() -> serializer.save(SNAPSHOT))
                    .isExactlyInstanceOf(kind.getClass())
                    .hasCause(kind)
                    .message()
                    .hasSizeLessThan(1024)
                    .startsWith("First what to do. at 4711")
                    .contains("all of it stands in the log, once")
                    .endsWith("the reason");
        }
        plugin.saving = () -> {
            throw new StoreUnavailableException(said.replace("4711", "4712"));
        };
        assertThatThrownBy(() -> serializer.save(SNAPSHOT)).isInstanceOf(StoreUnavailableException.class);

        assertThat(log.warnings()).singleElement().asString().endsWith(" said in save: " + said);
    }

    @Test
    void aShortComplaintGoesThroughAsItIs() {
        SnapshotConflictException conflict = new SnapshotConflictException("revision 2 is there");
        plugin.saving = () -> {
            throw conflict;
        };

        assertThatThrownBy(() -> open(LONG).save(SNAPSHOT)).isSameAs(conflict);
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void whatWorksGoesThrough() {
        AtomicInteger saves = new AtomicInteger();
        plugin.saving = saves::incrementAndGet;
        plugin.last = () -> Optional.of(SNAPSHOT);
        plugin.one = () -> SNAPSHOT;
        plugin.page = () -> SnapshotPage.last(List.of(SNAPSHOT.header()));
        SnapshotSerializer serializer = open(LONG);

        serializer.save(SNAPSHOT);

        assertThat(saves).hasValue(1);
        assertThat(serializer.getLast()).contains(SNAPSHOT);
        assertThat(serializer.get("a")).isSameAs(SNAPSHOT);
        assertThat(serializer.list(ListRequest.firstPage(1)).headers()).containsExactly(SNAPSHOT.header());
        assertThat(serializer.delete("a")).isTrue();
    }

    @Test
    void theStoreOfChunksIsAskedForOnceAndItsLargestChunkToo() {
        AtomicInteger asked = new AtomicInteger();
        CountingChunks chunks = new CountingChunks();
        plugin.chunks = () -> {
            asked.incrementAndGet();
            return Optional.of(chunks);
        };
        SnapshotSerializer serializer = open(LONG);

        for (int i = 0; i < 2; i++) {
            assertThat(serializer.chunks().orElseThrow().maxChunkBytes()).isEqualTo(7);
            serializer.chunks().orElseThrow().put(Map.of());
        }

        assertThat(asked).hasValue(1);
        assertThat(chunks.sizes).hasValue(1);
        assertThat(chunks.puts).hasValue(2);
        serializer.close();
        assertThatThrownBy(serializer::chunks).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aStoreOfChunksThatCouldNotBeHadIsAskedForAgain() {
        CountingChunks chunks = new CountingChunks();
        plugin.chunks = () -> {
            plugin.chunks = () -> Optional.of(chunks);
            throw new StoreUnavailableException("away");
        };
        SnapshotSerializer serializer = open(LONG);

        assertUnavailable(serializer::chunks, "away");
        serializer.chunks().orElseThrow().put(Map.of());

        assertThat(chunks.puts).hasValue(1);
    }

    private static final class CountingChunks implements ChunkStore {

        final AtomicInteger sizes = new AtomicInteger();
        final AtomicInteger puts = new AtomicInteger();

        @Override
        public int maxChunkBytes() {
            sizes.incrementAndGet();
            return 7;
        }

        @Override
        public void put(Map<String, byte[]> chunks) {
            puts.incrementAndGet();
        }

        @Override
        public Map<String, byte[]> get(Collection<String> ids) {
            return Map.of();
        }

        @Override
        public Set<String> missing(Collection<String> ids) {
            return Set.of();
        }

        @Override
        public SortedMap<String, Instant> list(String after, int limit) {
            return new TreeMap<>();
        }

        @Override
        public int delete(Collection<String> ids, Instant putBefore) {
            return 0;
        }
    }

    @Test
    void everyMethodOfTheSpiIsGuarded() {
        // A default method that the guard does not have would run in the guard itself, past the plugin.
        for (Method method : SnapshotSerializer.class.getMethods()) {
            if (!Modifier.isStatic(method.getModifiers())) {
                assertThat(GuardedSerializer.class.getDeclaredMethods())
                        .as("%s", method)
                        .anySatisfy(own -> {
                            assertThat(own.getName()).isEqualTo(method.getName());
                            assertThat(own.getParameterTypes()).isEqualTo(method.getParameterTypes());
                        });
            }
        }
    }

    @Test
    void failuresOfTheSpiGoThroughAsTheyAre() {
        SnapshotConflictException conflict = new SnapshotConflictException("revision 1 is there");
        plugin.saving = () -> {
            throw conflict;
        };
        SnapshotSerializer serializer = open(LONG);

        assertThat(catchThrowable(() -> serializer.save(SNAPSHOT))).isSameAs(conflict);
    }

    @Test
    void everyOtherFailureBecomesUnavailableAndNamesSerializerAndCall() {
        List<Throwable> failures = List.of(
                new IllegalStateException("a\nb"),
                new IllegalArgumentException("bad"),
                new NullPointerException(),
                new OutOfMemoryError("heap"),
                new StackOverflowError(),
                new NoClassDefFoundError("x/Y"),
                new AssertionError("no"),
                new Exception("checked, thrown by stealth"));
        SnapshotSerializer serializer = open(LONG);

        for (Throwable failure : failures) {
            plugin.saving = () -> throwAny(failure);

            assertThatThrownBy(() -> serializer.save(SNAPSHOT))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessage("Serializer fs failed in save: "
                            + failure.toString().replace('\n', ' '))
                    .hasCause(failure);
        }

        plugin.saving = () -> {};
        serializer.save(SNAPSHOT);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void throwAny(Throwable failure) throws T {
        throw (T) failure;
    }

    @Test
    void openTellsAConfigurationErrorAsItIsAndAllElseAsUnavailable() {
        for (RuntimeException failure : List.of(
                new IllegalArgumentException("snapshot.fs.x is not a known key"),
                new IllegalStateException("locked"))) {
            plugin.opening = () -> {
                throw failure;
            };
            assertThat(catchThrowable(() -> open(LONG))).isSameAs(failure);
        }

        plugin.opening = () -> {
            throw new UnsatisfiedLinkError("libx");
        };
        assertThatThrownBy(() -> open(LONG))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessage("Serializer fs failed in open: java.lang.UnsatisfiedLinkError: libx");
    }

    @Test
    void whatTheSpiAllowsListAndDeleteGoesThrough() {
        plugin.page = () -> {
            throw new IllegalArgumentException("token");
        };
        plugin.deleting = () -> {
            throw new UnsupportedOperationException("kept for ever");
        };
        SnapshotSerializer serializer = open(LONG);

        assertThatThrownBy(() -> serializer.list(ListRequest.firstPage(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("token");
        assertThatThrownBy(() -> serializer.delete("a"))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("kept for ever");
    }

    @Test
    void nullIsNoAnswer() {
        plugin.last = () -> null;
        plugin.deleting = () -> null;
        SnapshotSerializer serializer = open(LONG);
        plugin.given = null;

        assertUnavailable(serializer::getLast, "Serializer fs gave null in getLast");
        assertUnavailable(() -> serializer.list(ListRequest.firstPage(1)), "Serializer fs gave null in list");
        assertUnavailable(() -> serializer.get("a"), "Serializer fs gave null in get");
        assertUnavailable(() -> open(LONG), "Serializer fs gave null in open");
    }

    @Test
    void snapshotsOfAnotherGroupAreRefused() {
        Snapshot foreign = ScriptedSerializer.snapshot("theirs", "a", 1);
        plugin.last = () -> Optional.of(foreign);
        plugin.one = () -> foreign;
        plugin.page = () -> SnapshotPage.last(List.of(foreign.header()));
        SnapshotSerializer serializer = open(LONG);
        String wrong = " snapshot a of group theirs where it was opened for default";

        assertUnavailable(serializer::getLast, "Serializer fs gave in getLast" + wrong);
        assertUnavailable(() -> serializer.get("a"), "Serializer fs gave in get" + wrong);
        assertUnavailable(() -> serializer.list(ListRequest.firstPage(1)), "Serializer fs gave in list" + wrong);
    }

    @Test
    void aCountGoesThroughAndANegativeOneIsRefused() {
        SnapshotSerializer serializer = open(LONG);
        assertThat(serializer.count()).isEmpty();

        plugin.counting = () -> OptionalLong.of(6);
        assertThat(serializer.count()).hasValue(6);

        plugin.counting = () -> OptionalLong.of(-1);
        assertUnavailable(serializer::count, "Serializer fs gave in count -1 snapshots");
    }

    @Test
    void anotherNameThanAskedForIsRefused() {
        plugin.one = () -> SNAPSHOT;

        assertUnavailable(() -> open(LONG).get("b"), "Serializer fs gave in get snapshot a where b was asked for");
    }

    @Test
    void pagesThatWouldMisleadTheHostAreRefused() {
        SnapshotHeader one = SNAPSHOT.header();
        SnapshotHeader two = ScriptedSerializer.snapshot("default", "b", 2).header();
        SnapshotSerializer serializer = open(LONG);

        plugin.page = () -> SnapshotPage.last(List.of(one, two));
        assertUnavailable(
                () -> serializer.list(ListRequest.firstPage(2)),
                "Serializer fs gave in list a before b, which has the higher revision");

        plugin.page = () -> SnapshotPage.last(List.of(two, one));
        assertUnavailable(
                () -> serializer.list(ListRequest.firstPage(1)),
                "Serializer fs gave in list 2 headers where 1 were asked for");

        plugin.page = () -> SnapshotPage.of(List.of(two), "t");
        assertUnavailable(
                () -> serializer.list(ListRequest.firstPage(1).page("t")),
                "Serializer fs gave in list the token of the page itself for the next one");
        assertThat(serializer.list(ListRequest.firstPage(1)).nextPageToken()).contains("t");
    }

    @Test
    void callThatHangsEndsAtItsLimitAndOtherCallsGoOn() {
        plugin.saving = this::hang;
        SnapshotSerializer serializer = open(SHORT);

        do {
            assertUnavailable(
                    () -> serializer.save(SNAPSHOT),
                    "Serializer fs has not ended save within 1000 ms; whether it will still take effect is unknown");
        } while (hanging.get() == 0);

        awaitNoLast(serializer);
    }

    @Test
    void callThatHangsIsInterrupted() {
        CountDownLatch interrupted = new CountDownLatch(1);
        plugin.saving = () -> {
            hanging.incrementAndGet();
            try {
                released.await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        };
        SnapshotSerializer serializer = open(SHORT);

        do {
            assertThat(catchThrowable(() -> serializer.save(SNAPSHOT))).isInstanceOf(StoreUnavailableException.class);
        } while (hanging.get() == 0);

        await().until(() -> interrupted.getCount() == 0);
    }

    @Test
    void whereAllThreadsHangCallsFailAtOnceUntilOneEnds() throws Exception {
        plugin.saving = this::hang;
        SnapshotSerializer serializer = open(SHORT);
        List<Future<?>> callers = new ArrayList<>();
        for (int i = 0; i < PluginCalls.MOST_AT_ONCE; i++) {
            callers.add(hosts.submit(() -> {
                while (hanging.get() < PluginCalls.MOST_AT_ONCE) {
                    assertThat(catchThrowable(() -> serializer.save(SNAPSHOT)))
                            .isInstanceOf(StoreUnavailableException.class);
                }
            }));
        }
        for (Future<?> caller : callers) {
            caller.get();
        }

        assertUnavailable(
                serializer::getLast,
                "Serializer fs was not called for getLast: 16 calls are under way, of which 16 are past the limit of"
                        + " 1000 ms");

        released.countDown();
        awaitNoLast(serializer);
    }

    private static void awaitNoLast(SnapshotSerializer serializer) {
        await().ignoreExceptionsInstanceOf(StoreUnavailableException.class)
                .untilAsserted(() -> assertThat(serializer.getLast()).isEmpty());
    }

    @Test
    void moreCallersThanThreadsWaitTheirTurn() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        plugin.saving = () -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            hang();
            inside.decrementAndGet();
        };
        SnapshotSerializer serializer = open(LONG);
        List<Future<?>> saves = new ArrayList<>();
        Set<Thread> callers = ConcurrentHashMap.newKeySet();
        for (int i = 0; i < PluginCalls.MOST_AT_ONCE + 5; i++) {
            saves.add(hosts.submit(() -> {
                callers.add(Thread.currentThread());
                serializer.save(SNAPSHOT);
            }));
        }
        await().until(() -> inside.get() >= PluginCalls.MOST_AT_ONCE);
        await("all of them wait, for their call or for their turn")
                .until(() -> callers.size() == PluginCalls.MOST_AT_ONCE + 5
                        && callers.stream().allMatch(caller -> caller.getState() == Thread.State.TIMED_WAITING));

        released.countDown();

        for (Future<?> save : saves) {
            save.get();
        }
        assertThat(most).hasValue(PluginCalls.MOST_AT_ONCE);
    }

    @Test
    void interruptThatThePluginSetsReachesNeitherTheHostNorTheNextCall() {
        AtomicBoolean found = new AtomicBoolean();
        plugin.saving = () -> {
            found.compareAndSet(false, Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
        };
        SnapshotSerializer serializer = open(LONG);

        for (int i = 0; i < 20; i++) {
            serializer.save(SNAPSHOT);
        }

        assertThat(found).isFalse();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void callerWhoIsInterruptedStillLearnsHowItEndedAndKeepsTheInterrupt() {
        plugin.last = () -> Optional.of(SNAPSHOT);
        SnapshotSerializer serializer = open(LONG);
        Thread.currentThread().interrupt();

        Optional<Snapshot> last = serializer.getLast();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(last).contains(SNAPSHOT);
    }

    @Test
    void serializerThatIsOpenedTooLateIsClosedAndNotInterruptedAtIt() {
        plugin.opening = () -> {
            hanging.incrementAndGet();
            Uninterrupted.await(released);
        };
        AtomicBoolean interrupted = new AtomicBoolean();
        plugin.closing = () -> interrupted.set(Thread.currentThread().isInterrupted());

        do {
            assertUnavailable(
                    () -> open(SHORT),
                    "Serializer fs has not ended open within 1000 ms; whether it will still take effect is unknown");
        } while (hanging.get() == 0);
        assertThat(plugin.closed).hasValue(0);

        released.countDown();
        await().untilAsserted(() -> assertThat(plugin.closed).hasValue(hanging.get()));
        assertThat(interrupted).isFalse();
    }

    @Test
    void serializerThatIsOpenedTooLateAndCannotBeClosedHarmsNobody() {
        AtomicInteger uncaught = new AtomicInteger();
        AtomicInteger closings = new AtomicInteger();
        plugin.opening = () -> {
            Thread.currentThread().setUncaughtExceptionHandler((thread, failure) -> uncaught.incrementAndGet());
            hang();
        };
        plugin.closing = () -> {
            closings.incrementAndGet();
            throw new IllegalStateException("busy");
        };

        do {
            assertThat(catchThrowable(() -> open(SHORT))).isInstanceOf(StoreUnavailableException.class);
        } while (hanging.get() == 0);
        released.countDown();

        await().untilAsserted(() -> assertThat(closings).hasValue(hanging.get()));
        await().untilAsserted(() -> assertThat(threadsOfThePlugin()).isEmpty());
        assertThat(uncaught).hasValue(0);
    }

    @Test
    void closesOnceAndRefusesCallsAfterwards() {
        SnapshotSerializer serializer = open(LONG);

        serializer.close();
        serializer.close();

        assertThat(plugin.closed).hasValue(1);
        assertThatThrownBy(serializer::getLast)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Serializer fs is closed");
        await().untilAsserted(() -> assertThat(threadsOfThePlugin()).isEmpty());
    }

    @Test
    void pluginsCloseWhatTheHostLeftOpenAndOutliveASerializerThatFailsAtIt() {
        plugin.closing = () -> {
            throw new IllegalStateException("still busy");
        };
        open(LONG);

        toClose.get(0).close();

        assertThat(log.warnings())
                .singleElement()
                .asString()
                .startsWith("Serializer fs could not be closed: ")
                .contains("still busy");
        await().untilAsserted(() -> assertThat(threadsOfThePlugin()).isEmpty());
    }

    private static List<String> threadsOfThePlugin() {
        Thread[] threads = new Thread[Thread.activeCount() + 50];
        int count = Thread.enumerate(threads);
        return Arrays.stream(threads, 0, count)
                .map(Thread::getName)
                .filter(name -> name.startsWith("plugin-fs-"))
                .toList();
    }

    /** Hangs as bad code does: an interrupt does not end it. */
    private void hang() {
        hanging.incrementAndGet();
        Uninterrupted.await(released);
        Thread.interrupted();
    }

    private static void assertUnavailable(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(StoreUnavailableException.class).hasMessage(message);
    }

    private SnapshotSerializer open(Duration limit) {
        Plugins plugins = Plugins.load(PluginOptions.of(List.of()).withCallLimit(limit));
        toClose.add(plugins);
        return plugins.open(plugins.choose(null, plugin), ScriptedSerializer.config());
    }
}
