package com.example.redis;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientPauseMode;

/** What an operator and a host see when the server, or the way to it, fails. */
class RedisFaultsTest {

    private static final String GROUP = "fleet";

    /** The least, as the README shows them. */
    private static final String RIGHTS =
            "+eval +get +set +hget +hset +hexists +hdel +zadd +zscore +zrem +zrange" + " +config|get +ping +select";

    /** Longer than any test takes, which ends the pause itself; paused are scripts alone, for they may write. */
    private static final long PAUSE_MS = Duration.ofMinutes(10).toMillis();

    @TempDir
    private Path directory;

    @Test
    void aServerThatIsDownIsUnavailableAndNotEmpty() throws Exception {
        RedisServer server = RedisServer.durable(directory);
        server.kill();

        try (SnapshotSerializer serializer = open(server.config(GROUP))) {
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageStartingWith("Redis at 127.0.0.1:" + server.port() + " cannot be reached: ");
            assertThatThrownBy(() -> serializer.save(snapshot(GROUP, 1))).isInstanceOf(StoreUnavailableException.class);
        }
    }

    @Test
    void openingConnectsToNothing() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                SnapshotSerializer serializer = open(RedisServer.config(GROUP, listener.getLocalPort(), "2m"))) {
            listener.setSoTimeout(200);

            assertThatThrownBy(listener::accept).as("a connection").isInstanceOf(SocketTimeoutException.class);
            assertThat(serializer).isNotNull();
        }
    }

    @Test
    void aServerThatNeverAnswersCostsNoMoreThanTheTimeout() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                SnapshotSerializer serializer = open(RedisServer.config(GROUP, silent.getLocalPort(), "400ms"))) {
            long start = System.nanoTime();

            assertThatThrownBy(() -> serializer.save(snapshot(GROUP, 1))).isInstanceOf(StoreUnavailableException.class);

            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofMillis(90), Duration.ofSeconds(20));
        }
    }

    @Test
    void aSaveIntoAServerThatStopsAnsweringEndsInTimeAndIsSettledLater() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                Jedis admin = server.client();
                SnapshotSerializer hasty = open(RedisServer.config(GROUP, server.port(), "400ms"));
                SnapshotSerializer patient = open(server.config(GROUP))) {
            patient.save(snapshot(GROUP, 1));
            admin.clientPause(PAUSE_MS, ClientPauseMode.WRITE);
            Snapshot saved = snapshot(GROUP, 2);
            long start = System.nanoTime();

            assertThatThrownBy(() -> hasty.save(saved)).isInstanceOf(StoreUnavailableException.class);

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
            admin.clientUnpause();
            patient.save(saved);
            assertThat(patient.getLast()).contains(saved);
        }
    }

    @Test
    void nothingThatWasAcknowledgedIsLostWhenTheServerIsKilled() throws Exception {
        List<SnapshotHeader> acknowledged = new ArrayList<>();
        try (RedisServer server = RedisServer.durable(directory);
                SnapshotSerializer serializer = open(server.config(GROUP))) {
            long revision = 0;
            for (int round = 0; round < 4; round++) {
                CountDownLatch begun = new CountDownLatch(20);
                long from = revision;
                Future<Long> saving = inBackground(() -> saveUntilItFails(serializer, from, acknowledged, begun));
                assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
                server.kill();
                revision = saving.get();
                server.start();

                long last = serializer.getLast().orElseThrow().header().revision();

                // The save that failed may be there or not; the next one goes on behind it.
                assertThat(last).isBetween(revision - 1, revision);
                for (SnapshotHeader header : acknowledged) {
                    assertThat(serializer.get(header.name()).header()).isEqualTo(header);
                }
            }
        }
        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(80);
    }

    /** The revision of the save that failed. */
    private static long saveUntilItFails(
            SnapshotSerializer serializer, long from, List<SnapshotHeader> acknowledged, CountDownLatch begun) {
        for (long revision = from + 1; ; revision++) {
            Snapshot snapshot = snapshot(GROUP, revision);
            try {
                serializer.save(snapshot);
            } catch (StoreUnavailableException e) {
                return revision;
            }
            acknowledged.add(snapshot.header());
            begun.countDown();
        }
    }

    @Test
    void theFirstCallAfterARestartWorksHoweverManyConnectionsBroke() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                SnapshotSerializer serializer = open(server.config(GROUP))) {
            try (Jedis admin = server.client()) {
                serializer.save(snapshot(GROUP, 1));
                // A script may write, so each call waits and none can go through the connection of another.
                admin.clientPause(PAUSE_MS, ClientPauseMode.WRITE);
                List<Future<?>> calls = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    calls.add(inBackground(serializer::getLast));
                }
                awaitThat(() -> admin.clientList().lines().count() > 4, "a connection for each call");
                admin.clientUnpause();
                for (Future<?> call : calls) {
                    call.get();
                }
            }
            server.kill();
            server.start();

            assertThat(serializer.getLast()).isPresent();
        }
    }

    @Test
    void aSaveWhoseAnswerWasLostHasSucceeded() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                LostAnswerProxy between = new LostAnswerProxy(server.port(), "ZADD", 1);
                SnapshotSerializer serializer = open(RedisServer.config(GROUP, between.port(), "2m"))) {
            Snapshot saved = snapshot(GROUP, 1);

            serializer.save(saved);

            assertThat(between.left()).as("answers that were to be lost").isZero();
            assertThat(serializer.getLast()).contains(saved);
            assertThat(serializer.list(ListRequest.firstPage(10)).headers()).containsExactly(saved.header());
        }
    }

    @Test
    void aSaveWhoseAnswersAreAllLostIsUnknownAndSettledWhenItIsSentAgain() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                LostAnswerProxy between = new LostAnswerProxy(server.port(), "ZADD", 2);
                SnapshotSerializer serializer = open(RedisServer.config(GROUP, between.port(), "2m"))) {
            Snapshot saved = snapshot(GROUP, 1);
            assertThatThrownBy(() -> serializer.save(saved)).isInstanceOf(StoreUnavailableException.class);

            serializer.save(saved);

            assertThatThrownBy(() -> serializer.save(snapshot(GROUP, 1))).isInstanceOf(SnapshotConflictException.class);
            assertThat(serializer.getLast()).contains(saved);
        }
    }

    @Test
    void aRefusalIsUnavailableAndSaysWhy() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                SnapshotSerializer serializer = open(server.config(GROUP));
                Jedis admin = server.client()) {
            Snapshot saved = snapshot(GROUP, 1);
            serializer.save(saved);

            admin.configSet("maxmemory", "1");
            assertRefused(serializer, "OOM command not allowed when used memory > 'maxmemory'");
            admin.configSet("maxmemory", "0");
            admin.replicaof("127.0.0.1", 1);
            assertRefused(serializer, "READONLY You can't write against a read only replica");
            admin.replicaofNoOne();
            Files.createDirectory(directory.resolve("dump.rdb")); // in the place of the file that Redis saves to
            admin.configSet("save", "900 1");
            admin.bgsave();
            awaitThat(() -> admin.info("persistence").contains("rdb_last_bgsave_status:err"), "a failed bgsave");
            assertRefused(serializer, "MISCONF");
            admin.configSet("save", "");

            assertThat(serializer.list(ListRequest.firstPage(10)).headers()).containsExactly(saved.header());
            serializer.save(snapshot(GROUP, 2));
        }
    }

    private static void assertRefused(SnapshotSerializer serializer, String why) {
        assertThatThrownBy(() -> serializer.save(snapshot(GROUP, 2)))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining(" refuses: ")
                .hasMessageContaining(why);
    }

    private static void awaitThat(BooleanSupplier condition, String what) {
        for (long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30); !condition.getAsBoolean(); ) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
        }
    }

    @Test
    void theLoginIsUsedAndAWrongOneIsToldWithoutThePassword() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                Jedis admin = server.client()) {
            assertThat(Path.of("README.md")).content().contains("~holdfast:* " + RIGHTS + "`");
            admin.aclSetUser("holdfast", ("on ~holdfast:* " + RIGHTS).split(" "));
            admin.aclSetUser("holdfast", ">right-one");
            admin.aclSetUser("default", "off");

            try (SnapshotSerializer serializer = open(login(server, "right-one"))) {
                serializer.save(snapshot(GROUP, 1));
                assertThat(serializer.getLast()).isPresent();
                assertThat(serializer.list(ListRequest.firstPage(1)).headers()).hasSize(1);
                assertThat(serializer.delete(TestSnapshots.name(1))).isTrue();
            }
            try (SnapshotSerializer serializer = open(login(server, "wrong-one"))) {
                assertThatThrownBy(serializer::getLast)
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("WRONGPASS")
                        .hasMessageEndingWith("; check snapshot.redis.user, its rights and its password")
                        .hasMessageNotContaining("wrong-one");
            }
            try (SnapshotSerializer serializer = open(server.config(GROUP))) {
                assertThatThrownBy(serializer::getLast)
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("NOAUTH")
                        .hasMessageEndingWith("; check snapshot.redis.user, its rights and its password");
            }
        }
    }

    private static SerializerConfig login(RedisServer server, String password) {
        return SerializerConfig.builder("redis", Path.of("target"))
                .group(GROUP)
                .values(Map.of("url", "redis://127.0.0.1:" + server.port(), "user", "holdfast"))
                .environment(Map.of("HOLDFAST_SNAPSHOT_REDIS_PASSWORD", password))
                .build();
    }

    private static SnapshotSerializer open(SerializerConfig config) {
        return new RedisSerializerFactory().open(config);
    }

    private static <T> Future<T> inBackground(Callable<T> task) {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            return thread.submit(task);
        } finally {
            thread.shutdown();
        }
    }
}
