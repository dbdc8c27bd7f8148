package com.example.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** Serializer redis does what every serializer must do, with a real server. */
class RedisSerializerTest extends SnapshotSerializerContract {

    private static RedisServer server;

    @BeforeAll
    static void startServer(@TempDir Path directory) throws Exception {
        server = RedisServer.durable(directory);
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
    }

    @Override
    protected SnapshotSerializerFactory factory() {
        return new RedisSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return server.config(group);
    }

    @Override
    protected void damage(String group, String name) {
        byte[] snapshots = ("holdfast:{" + group + "}:snapshots").getBytes(UTF_8);
        try (Jedis client = server.client()) {
            byte[] stored = client.hget(snapshots, name.getBytes(UTF_8));
            stored[stored.length - 1] ^= 1;
            client.hset(snapshots, name.getBytes(UTF_8), stored);
        }
    }
}
