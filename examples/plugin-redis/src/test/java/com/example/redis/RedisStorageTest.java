package com.example.redis;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Jedis;

/** What lies in Redis, and which Redis it needs. */
class RedisStorageTest {

    private static final String GROUP = "fleet";

    private final Logger logger = (Logger) LoggerFactory.getLogger(Redis.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @TempDir
    private Path directory;

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
        logger.setAdditive(false);
    }

    @AfterEach
    void stopListening() {
        logger.setAdditive(true);
        logger.detachAppender(log);
    }

    @Test
    void revisionsThatADoubleCannotTellApartAreToldApart() throws Exception {
        long even = 1L << 53;
        try (RedisServer server = RedisServer.durable(directory);
                SnapshotSerializer serializer = open(server)) {
            serializer.save(of(9, "nine"));
            serializer.save(of(even, "even"));
            serializer.save(of(even + 1, "odd"));

            for (long taken : new long[] {10, even, even + 1}) {
                assertThatThrownBy(() -> serializer.save(of(taken, "late")))
                        .isInstanceOf(SnapshotConflictException.class)
                        .hasMessageContaining("has revision " + (even + 1) + " already");
            }
            assertThat(serializer.list(ListRequest.firstPage(10)).headers())
                    .extracting(SnapshotHeader::name)
                    .containsExactly("odd", "even", "nine");
        }
    }

    @Test
    void theHighestRevisionStaysTakenForTheNextStartAfterEverythingWasRemoved() throws Exception {
        try (RedisServer server = RedisServer.durable(directory)) {
            try (SnapshotSerializer serializer = open(server)) {
                serializer.save(snapshot(GROUP, 7, "seven"));
                assertThat(serializer.delete("seven")).isTrue();
            }
            try (SnapshotSerializer serializer = open(server)) {
                assertThatThrownBy(() -> serializer.save(snapshot(GROUP, 7, "again")))
                        .isInstanceOf(SnapshotConflictException.class);
            }
        }
    }

    @Test
    void aDamagedHeaderIsCorruptAndLeftOutOfLists() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                SnapshotSerializer serializer = open(server);
                Jedis redis = server.client()) {
            Snapshot sound = snapshot(GROUP, 1, "sound");
            serializer.save(sound);
            serializer.save(snapshot(GROUP, 2, "damaged"));
            redis.hset("holdfast:{fleet}:snapshots", "damaged", "0000000000000000002 name=damaged kind=");
            String line = redis.zrange("holdfast:{fleet}:headers", -1, -1).get(0);
            redis.zrem("holdfast:{fleet}:headers", line);
            redis.zadd("holdfast:{fleet}:headers", 0, line.replace("kind", "kine"));

            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessageContaining("A header in group fleet of Redis at 127.0.0.1:" + server.port());
            assertThatThrownBy(() -> serializer.get("damaged")).isInstanceOf(SnapshotCorruptException.class);
            assertThat(serializer.list(ListRequest.firstPage(1)).headers()).isEmpty();
            assertThat(serializer.list(ListRequest.firstPage(2)).headers()).containsExactly(sound.header());
        }
    }

    @Test
    void aMissingTextIsDamageAndNotAbsence() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                SnapshotSerializer serializer = open(server);
                Jedis redis = server.client()) {
            serializer.save(snapshot(GROUP, 1));
            redis.del("holdfast:{fleet}:snapshots");

            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessageContaining("it has 0 bytes where its header says");
        }
    }

    @Test
    void theKeysOfAGroupLieTogetherOnANodeOfACluster() throws Exception {
        try (RedisServer server = RedisServer.with(
                        directory, "--appendonly", "yes", "--appendfsync", "always", "--cluster-enabled", "yes");
                Jedis node = server.client();
                SnapshotSerializer serializer = open(server)) {
            node.clusterAddSlots(IntStream.range(0, 16384).toArray());
            for (long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                    !node.clusterInfo().contains("cluster_state:ok"); ) {
                assertThat(System.nanoTime()).as("the cluster comes up in time").isLessThan(until);
            }

            serializer.save(snapshot(GROUP, 1, "one"));

            assertThat(serializer.getLast()).isPresent();
            assertThat(serializer.delete("one")).isTrue();
        }
    }

    @Test
    void theUrlNamesTheDatabase() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                Jedis redis = server.client();
                SnapshotSerializer serializer = open(SerializerConfig.builder("redis", directory)
                        .group(GROUP)
                        .values(Map.of("url", "redis://127.0.0.1:" + server.port() + "/3"))
                        .build())) {
            serializer.save(snapshot(GROUP, 1));

            assertThat(redis.keys("*")).isEmpty();
            redis.select(3);
            assertThat(redis.keys("*"))
                    .containsExactlyInAnyOrder(
                            "holdfast:{fleet}:headers", "holdfast:{fleet}:snapshots", "holdfast:{fleet}:revision");
        }
    }

    @Test
    void ofAServerThatKeepsWhatItAcknowledgesNothingIsSaid() throws Exception {
        try (RedisServer server = RedisServer.durable(directory);
                SnapshotSerializer serializer = open(server)) {
            serializer.save(snapshot(GROUP, 1));
        }

        assertThat(log.list).isEmpty();
    }

    @Test
    void aServerThatAnswersBeforeItsDiskHasTheSaveIsWarnedOfOnce() throws Exception {
        int port;
        try (RedisServer server = RedisServer.with(directory, "--appendonly", "yes");
                SnapshotSerializer serializer = open(server)) {
            port = server.port();
            serializer.save(snapshot(GROUP, 1));
            serializer.save(snapshot(GROUP, 2));
        }

        assertThat(log.list).singleElement().satisfies(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.WARN);
            assertThat(event.getFormattedMessage())
                    .isEqualTo("Redis at 127.0.0.1:" + port + " needs appendonly yes, appendfsync always, or a loss of"
                            + " power costs saves; it has appendonly yes, appendfsync everysec");
        });
    }

    @Test
    void aServerThatDoesNotTellIsWarnedOfAndUsed() throws Exception {
        try (RedisServer server = RedisServer.with(directory, "--rename-command", "CONFIG", "");
                SnapshotSerializer serializer = open(server)) {
            serializer.save(snapshot(GROUP, 1));
        }

        assertThat(log.list)
                .singleElement()
                .extracting(ILoggingEvent::getFormattedMessage)
                .asString()
                .contains("it does not tell what it has: ERR unknown command");
    }

    private static SnapshotSerializer open(RedisServer server) {
        return open(server.config(GROUP));
    }

    private static SnapshotSerializer open(SerializerConfig config) {
        return new RedisSerializerFactory().open(config);
    }

    private static Snapshot of(long revision, String name) {
        return Snapshot.create(TestSnapshots.header(GROUP, 1).revision(revision).name(name), TestSnapshots.text(1));
    }
}
