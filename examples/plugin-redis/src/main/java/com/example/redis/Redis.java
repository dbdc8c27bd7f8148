package com.example.redis;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/** A Redis server as the serializer sees it: each command ends in time, and fails in the words of the SDK. */
final class Redis implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Redis.class);

    private final HostAndPort server;
    private final Duration timeout;
    private final RedisClient client;
    private final AtomicBoolean looked = new AtomicBoolean();
    private volatile boolean closed;

    Redis(HostAndPort server, JedisClientConfig login, Duration timeout) {
        this.server = server;
        this.timeout = timeout;
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxTotal(-1); // as many connections as threads that ask at once, so that none waits for another
        pool.setJmxEnabled(false);
        client = RedisClient.builder()
                .hostAndPort(server)
                .clientConfig(login)
                .poolConfig(pool)
                .build();
    }

    /**
     * The answer to a command. When the connection breaks, nobody knows whether the command was carried out. So it is sent
     * once more, and must be one for which twice is as good as once.
     */
    <T> T ask(Function<RedisClient, T> command) {
        long start = System.nanoTime();
        for (boolean again = false; ; again = true) {
            if (closed) {
                throw new IllegalStateException("The serializer is closed");
            }
            try {
                T answer = command.apply(client);
                warnOfLosses();
                return answer;
            } catch (JedisConnectionException e) {
                client.getPool().clear(); // what broke this connection has broken the idle ones as well
                if (again || System.nanoTime() - start > timeout.toNanos() / 2) {
                    throw unavailable("cannot be reached", e, "");
                }
            } catch (JedisAccessControlException e) {
                throw unavailable("refuses", e, "; check snapshot.redis.user, its rights and its password");
            } catch (JedisException e) {
                throw unavailable("refuses", e, "");
            }
        }
    }

    private StoreUnavailableException unavailable(String what, JedisException e, String cure) {
        Object why = e.getCause() == null ? e.getMessage() : e.getCause();
        return new StoreUnavailableException(this + " " + what + ": " + why + cure, e);
    }

    /** Says once, if it is so, that the server answers before a save is on its disk. */
    private void warnOfLosses() {
        if (!looked.compareAndSet(false, true)) {
            return;
        }
        String found;
        try {
            Map<String, String> set = client.configGet("append*");
            found = "has appendonly " + set.get("appendonly") + ", appendfsync " + set.get("appendfsync");
        } catch (JedisException e) {
            found = "does not tell what it has: " + e.getMessage();
        }
        if (!found.equals("has appendonly yes, appendfsync always")) {
            LOG.warn("{} needs appendonly yes, appendfsync always, or a loss of power costs saves; it {}", this, found);
        }
    }

    @Override
    public void close() {
        closed = true;
        client.close();
    }

    /** As it stands in messages. */
    @Override
    public String toString() {
        return "Redis at " + server;
    }
}
