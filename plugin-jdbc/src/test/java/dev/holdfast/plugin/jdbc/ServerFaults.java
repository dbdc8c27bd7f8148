package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a server and the network before it do to a client, on a real server. */
@Timeout(60)
abstract class ServerFaults {

    private final String table =
            "t" + UUID.randomUUID().toString().replace("-", "").substring(0, 12);

    private final List<SnapshotSerializer> opened = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private Wire wire;

    abstract int serverPort();

    /** The URL of the tests' database through some port. */
    abstract String url(int port);

    /** A connection past the wire, as the administrator. */
    abstract Connection connect() throws SQLException;

    /** Ends every connection of the database but the administrator's, as a restart does. */
    abstract void disconnectAll() throws SQLException;

    @BeforeEach
    final void layAWire() throws Exception {
        wire = new Wire(serverPort());
    }

    @AfterEach
    final void takeItAway() throws Exception {
        opened.forEach(SnapshotSerializer::close);
        wire.close();
        threads.shutdownNow();
    }

    final String table() {
        return table;
    }

    final SnapshotSerializer open(String... more) {
        return open(wire.port(), more);
    }

    final SnapshotSerializer open(int port, String... more) {
        List<String> settings = new ArrayList<>(List.of("table", table, "connect-timeout", "15s"));
        settings.addAll(List.of(more));
        SnapshotSerializer one = new JdbcSnapshotSerializerFactory()
                .open(Configs.of(url(port), "default", settings.toArray(new String[0])));
        opened.add(one);
        return one;
    }

    final List<String> saved() throws SQLException {
        try (Connection connection = connect()) {
            return Rows.select(connection, "select name from " + table + " order by revision");
        }
    }

    final Snapshot named(long revision) {
        return snapshot("default", revision, "r" + revision);
    }

    final Future<?> inTheBackground(Runnable work) {
        return threads.submit(work);
    }

    /** Holds what a save waits for. */
    final Connection lockTheGroup() throws SQLException {
        Connection connection = connect();
        connection.setAutoCommit(false);
        Rows.select(connection, "select workflow from " + table + "_groups for update");
        return connection;
    }

    static String withCauses(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    // Down

    @Test
    void aServerThatIsDownIsToldSoonAndUsedOnceItIsThere() throws Exception {
        int port = wire.port();
        wire.close();
        SnapshotSerializer serializer = open(port, "connect-timeout", "1500ms");
        long begin = System.nanoTime();

        assertThatThrownBy(serializer::getLast)
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageStartingWith("The last snapshot could not be read from table " + table + " of jdbc:");
        assertThatThrownBy(() -> serializer.save(named(1))).isInstanceOf(StoreUnavailableException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));

        wire = new Wire(serverPort(), port);
        // The pool tries at longer and longer intervals, so the first call may still come too early.
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> serializer.save(named(1)));
        assertThat(serializer.getLast()).isPresent();
    }

    @Test
    void aServerThatNeverAnswersIsGivenUp() throws Exception {
        try (ServerSocket blackHole = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            SnapshotSerializer serializer =
                    open(blackHole.getLocalPort(), "query-timeout", "1s", "connect-timeout", "1s");
            long begin = System.nanoTime();

            assertThatThrownBy(serializer::getLast).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> serializer.save(named(1))).isInstanceOf(StoreUnavailableException.class);

            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
        }
    }

    @Test
    void aConnectionThatFallsSilentIsGivenUp() {
        open().save(named(1));
        SnapshotSerializer serializer = open("query-timeout", "1s", "total-timeout", "4s");
        assertThat(serializer.getLast()).isPresent();
        long begin = System.nanoTime();

        wire.swallow();

        assertThatThrownBy(serializer::getLast).isInstanceOf(StoreUnavailableException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void connectionsThatWereCutWhileTheyIdledAreNotNoticed() {
        SnapshotSerializer serializer = open();
        serializer.save(named(1));

        wire.cut();
        assertThat(serializer.getLast()).isPresent();
        wire.cut();
        serializer.save(named(2));
        wire.cut();
        assertThat(serializer.list(ListRequest.firstPage(5)).headers()).hasSize(2);
    }

    @Test
    void aSaveDuringWhichTheServerRestartsIsDoneOnce() throws Exception {
        SnapshotSerializer serializer = open();
        serializer.save(named(1));

        Future<?> save;
        try (Connection lock = lockTheGroup()) {
            save = inTheBackground(() -> serializer.save(named(2)));
            await().until(() -> waitsForALock());
            disconnectAll();
            lock.rollback();
        }
        save.get(20, TimeUnit.SECONDS);

        assertThat(saved()).containsExactly("r1", "r2");
    }

    /** Whether some statement on this test's table waits for a row that is locked. */
    abstract boolean waitsForALock() throws SQLException;

    // The commit that nobody heard of

    @Test
    void aCommitThatWasDoneAndNotAnsweredIsFoundAndSaidToBeSaved() throws Exception {
        SnapshotSerializer serializer = open();
        serializer.save(named(1));
        wire.nextCommit(Wire.Commit.IS_NOT_ANSWERED);

        serializer.save(named(2));

        assertThat(wire.commitHasCome()).isTrue();
        assertThat(saved()).containsExactly("r1", "r2");
    }

    @Test
    void aCommitThatNeverArrivedIsDoneAgain() throws Exception {
        SnapshotSerializer serializer = open();
        serializer.save(named(1));
        wire.nextCommit(Wire.Commit.IS_LOST);

        serializer.save(named(2));

        assertThat(wire.commitHasCome()).isTrue();
        assertThat(saved()).containsExactly("r1", "r2");
    }

    @Test
    void aRemovalThatWasDoneAndNotAnsweredIsSaidToBeDone() throws Exception {
        SnapshotSerializer serializer = open();
        serializer.save(named(1));
        serializer.save(named(2));
        wire.nextCommit(Wire.Commit.IS_NOT_ANSWERED);

        assertThat(serializer.delete("r1")).isTrue();

        assertThat(wire.commitHasCome()).isTrue();
        assertThat(saved()).containsExactly("r2");
    }

    @Test
    void aCommitOfWhichNothingCanBeLearntIsSaidToBeUnknownAndTheNextTryFindsOut() throws Exception {
        open().save(named(1));
        SnapshotSerializer serializer = open("query-timeout", "3s", "total-timeout", "6s", "connect-timeout", "3s");
        assertThat(serializer.getLast())
                .as("what it reads, so that it looks for tables no more")
                .isPresent();
        Snapshot second = named(2);
        wire.nextCommit(Wire.Commit.IS_THE_LAST_THAT_PASSES);

        assertThatThrownBy(() -> serializer.save(second))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("the commit went unanswered, and whether it took effect is unknown");
        assertThat(wire.commitHasCome()).isTrue();

        SnapshotSerializer later = open(serverPort());
        later.save(second);
        assertThat(saved()).containsExactly("r1", "r2");
    }

    @Test
    void aHostThatFellSilentInTheMiddleDoesNotKeepTheOthersOutForEver() throws Exception {
        open().save(named(1));
        SnapshotSerializer silent = open("query-timeout", "1s", "total-timeout", "2s");
        assertThat(silent.getLast())
                .as("what it reads, so that it looks for tables no more")
                .isPresent();
        wire.nextCommit(Wire.Commit.HANGS);
        Future<?> save = inTheBackground(() -> saveUntilACommitHasCome(silent));
        await().until(wire::commitHasCome);

        SnapshotSerializer other = open(serverPort(), "total-timeout", "45s", "query-timeout", "2s");
        other.save(named(3));

        Throwable outcome = catchThrowable(() -> save.get(30, TimeUnit.SECONDS));
        if (outcome != null) {
            assertThat(outcome.getCause()).isInstanceOf(SnapshotStoreException.class);
        }
        assertThat(saved()).first().isEqualTo("r1");
        assertThat(saved()).contains("r3").doesNotHaveDuplicates();
    }

    /** Again where the little time that it has is over before its commit, as may be on a busy machine. */
    private void saveUntilACommitHasCome(SnapshotSerializer silent) {
        while (true) {
            try {
                silent.save(snapshot("default", 2, "of-the-silent"));
                return;
            } catch (StoreUnavailableException e) {
                if (wire.commitHasCome()) {
                    throw e;
                }
            }
        }
    }

    // Chunks

    private static final String FIRST = "1".repeat(64);
    private static final String SECOND = "2".repeat(64);

    private static Map<String, byte[]> both(int content) {
        byte[] bytes = new byte[200_000];
        Arrays.fill(bytes, (byte) content);
        return Map.of(FIRST, bytes, SECOND, bytes);
    }

    static void putReplaceAndRemoveAChunk(SnapshotSerializer serializer) {
        ChunkStore store = serializer.chunks().orElseThrow();
        store.put(both(1));
        store.put(both(2));
        assertThat(store.delete(store.list("", 10).keySet(), Instant.MAX)).isEqualTo(2);
    }

    private static ChunkStore chunks(SnapshotSerializer serializer) {
        return serializer.chunks().orElseThrow();
    }

    /** What is there of both, past the wire; each with one content from end to end. */
    private List<Integer> contents() {
        Map<String, byte[]> there = chunks(open(serverPort())).get(List.of(FIRST, SECOND));
        return there.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(chunk -> {
                    byte content = chunk.getValue()[0];
                    assertThat(chunk.getValue()).hasSize(200_000).containsOnly(content);
                    return (int) content;
                })
                .toList();
    }

    private Connection lockTheSecondChunk() throws SQLException {
        Connection connection = connect();
        connection.setAutoCommit(false);
        Rows.select(
                connection,
                "select id from " + table + "_chunks where workflow = 'default' and id = '" + SECOND + "' for update");
        return connection;
    }

    @Test
    void aPutDuringWhichTheConnectionBreaksIsDoneOnAnother() throws Exception {
        ChunkStore store = chunks(open());
        store.put(both(1));

        Future<?> put;
        try (Connection lock = lockTheSecondChunk()) {
            put = inTheBackground(() -> store.put(both(2)));
            await().until(this::waitsForALock);
            wire.cut();
            assertThat(contents()).containsExactly(1, 1);
            lock.rollback();
        }
        put.get(20, TimeUnit.SECONDS);

        assertThat(contents()).containsExactly(2, 2);
    }

    @Test
    void ofAPutThatFailedInTheMiddleNothingIsThereAndTheNextOneIsDone() throws Exception {
        ChunkStore store = chunks(open("connect-timeout", "1500ms"));
        store.put(both(1));

        try (Connection lock = lockTheSecondChunk()) {
            Future<?> put = inTheBackground(() -> store.put(both(2)));
            await().until(this::waitsForALock);
            wire.close();
            assertThatThrownBy(() -> put.get(20, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageStartingWith("Chunks could not be stored in table " + table + "_chunks of jdbc:");
            lock.rollback();
        }

        assertThat(contents()).containsExactly(1, 1);
        chunks(open(serverPort())).put(both(2));
        assertThat(contents()).containsExactly(2, 2);
    }

    @Test
    void aPutWhoseCommitWasLostOrNotAnsweredIsThereAfterwards() throws Exception {
        ChunkStore store = chunks(open());
        store.put(both(1));
        for (Wire.Commit fate : List.of(Wire.Commit.IS_LOST, Wire.Commit.IS_NOT_ANSWERED)) {
            int content = 2 + fate.ordinal();
            wire.nextCommit(fate);

            store.put(both(content));

            assertThat(wire.commitHasCome()).isTrue();
            assertThat(contents()).containsExactly(content, content);
        }
    }

    @Test
    void aRemovalOfChunksWhoseCommitWasNotAnsweredIsCountedAsDone() throws Exception {
        ChunkStore store = chunks(open());
        store.put(both(1));
        wire.nextCommit(Wire.Commit.IS_NOT_ANSWERED);

        assertThat(store.delete(List.of(FIRST, SECOND), Instant.MAX)).isEqualTo(2);

        assertThat(wire.commitHasCome()).isTrue();
        assertThat(contents()).isEmpty();
    }

    @Test
    void aRemovalThatWaitsForAPutOfTheSameChunkLeavesIt() throws Exception {
        ChunkStore store = chunks(open());
        store.put(both(1));
        Instant later = Instant.now().plus(Duration.ofMinutes(1));

        Future<Integer> removal;
        try (Connection putting = lockTheSecondChunk()) {
            Rows.execute(
                    putting,
                    "update " + table + "_chunks set put_on = "
                            + later.plusSeconds(1).toEpochMilli() + " where workflow = 'default' and id = '" + SECOND
                            + "'");
            removal = threads.submit(() -> store.delete(List.of(FIRST, SECOND), later));
            await().until(this::waitsForALock);
            putting.commit();
        }

        assertThat(removal.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(store.list("", 10)).containsOnlyKeys(SECOND);
    }

    @Test
    void aPutThatWaitsForTheRemovalOfTheSameChunkPutsItAnew() throws Exception {
        ChunkStore store = chunks(open());
        store.put(both(1));

        Future<?> put;
        try (Connection removing = lockTheSecondChunk()) {
            Rows.execute(
                    removing, "delete from " + table + "_chunks where workflow = 'default' and id = '" + SECOND + "'");
            put = inTheBackground(() -> store.put(both(2)));
            await().until(this::waitsForALock);
            removing.commit();
        }
        put.get(20, TimeUnit.SECONDS);

        assertThat(contents()).containsExactly(2, 2);
    }

    // Refusals

    @Test
    void aPoolWhoseConnectionsAreAllInUseSaysSo() throws Exception {
        open().save(named(1));
        // A statement may wait for longer than all the rest takes, so that it keeps its connection until the lock is
        // free.
        SnapshotSerializer serializer =
                open("pool-size", "1", "connect-timeout", "3s", "total-timeout", "4s", "query-timeout", "50s");
        try (Connection lock = lockTheGroup()) {
            Future<?> save = inTheBackground(() -> serializer.save(named(2)));
            await().until(this::waitsForALock);

            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("1 of 1 connections are in use; see snapshot.jdbc.pool-size");

            lock.rollback();
            assertThatThrownBy(() -> save.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(StoreUnavailableException.class);
        }
        assertThat(saved()).containsExactly("r1");
    }

    @Test
    void aConnectionThatIsInUseIsWaitedForLongerThanOneThatCannotBeMade() throws Exception {
        // As above: the save must not lose its connection before the list has waited in vain for it.
        SnapshotSerializer serializer =
                open("pool-size", "1", "connect-timeout", "3s", "query-timeout", "50s", "total-timeout", "50s");
        serializer.save(named(1));
        try (Connection lock = lockTheGroup();
                LogLines log = LogLines.ofAll(Level.DEBUG)) {
            Future<?> save = inTheBackground(() -> serializer.save(named(2)));
            await().until(this::waitsForALock);

            Future<?> list = inTheBackground(() -> serializer.list(ListRequest.firstPage(5)));
            await().until(() -> log.lines().stream()
                    .anyMatch(line -> line.contains(" could not be listed: attempt 1 failed while CONNECTING")));
            lock.rollback();

            list.get(20, TimeUnit.SECONDS);
            save.get(20, TimeUnit.SECONDS);
        }
        assertThat(saved()).containsExactly("r1", "r2");
    }

    @Test
    void aGroupThatStaysLockedIsToldWithinTheTotalTimeOut() throws Exception {
        SnapshotSerializer patient = open();
        patient.save(named(1));
        SnapshotSerializer serializer = open("query-timeout", "1s", "total-timeout", "2s");
        try (Connection lock = lockTheGroup()) {
            long begin = System.nanoTime();

            assertThatThrownBy(() -> serializer.save(named(2)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageNotContaining("unknown");

            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
            lock.rollback();
        }
        patient.save(named(2));
        assertThat(saved()).containsExactly("r1", "r2");
    }
}
