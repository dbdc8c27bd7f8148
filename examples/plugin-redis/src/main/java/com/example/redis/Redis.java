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
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** A server and its connections: every command ends in time, and fails in the words of the SDK. */
final class Redis implements AutoCloseable {

    /** A connection from the pool, connecting, a greeting and an answer: each may take this part of the time-out. */
    static final int STEPS = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Redis.class);

    /** What to do about a refusal that holds this word of Redis. */
    private static final Map<String, String> CURES = Map.of(
            "NOAUTH", "set HOLDFAST_SNAPSHOT_REDIS_PASSWORD or snapshot.redis.password-file",
            "WRONGPASS", "check snapshot.redis.user and the password",
            "NOPERM", "let the user run the commands that the README lists on keys holdfast:*",
            "OOM", "raise maxmemory, or remove old snapshots",
            "READONLY", "let snapshot.redis.url name the primary, not a replica",
            "MISCONF", "make room on the server's disk");

    private final HostAndPort server;
    private final Duration timeout;
    private final RedisClient client;
    private final AtomicBoolean durabilityChecked = new AtomicBoolean();
    private volatile boolean closed;

    Redis(HostAndPort server, JedisClientConfig login, Duration timeout) {
        this.server = server;
        this.timeout = timeout;
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxWait(timeout.dividedBy(STEPS));
        pool.setJmxEnabled(false);
        client = RedisClient.builder()
                .hostAndPort(server)
                .clientConfig(login)
                .poolConfig(pool)
                .build();
    }

    /**
     * The answer to a command. Where the connection breaks, nobody knows whether the command was carried out, so it is
     * sent once more: it must be one for which twice is as good as once.
     */
    <T> T ask(Function<RedisClient, T> command) {
        long retryUntil = System.nanoTime() + timeout.toNanos() / 2;
        for (boolean again = false; ; again = true) {
            if (closed) {
                throw new IllegalStateException("The serializer is closed");
            }
            try {
                checkDurability();
                return command.apply(client);
            } catch (JedisConnectionException e) {
                client.getPool().clear(); // what broke one connection has broken the idle ones as well
                if (again || System.nanoTime() - retryUntil > 0) {
                    throw new StoreUnavailableException(this + " cannot be reached: " + e.getMessage(), e);
                }
            } catch (JedisException e) {
                if (e.getCause() instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                throw new StoreUnavailableException(this + " refuses: " + e.getMessage() + cure(e), e);
            }
        }
    }

    private static String cure(JedisException refusal) {
        return CURES.keySet().stream()
                .filter(word -> String.valueOf(refusal.getMessage()).contains(word))
                .map(word -> "; " + CURES.get(word))
                .findAny()
                .orElse("");
    }

    /** Warns once of a server that answers before a save is on its disk; whether that is good enough is the operator's to say. */
    private void checkDurability() {
        if (durabilityChecked.get()) {
            return;
        }
        String found;
        try {
            Map<String, String> set = client.configGet("append*");
            found = "has appendonly " + set.get("appendonly") + ", appendfsync " + set.get("appendfsync");
        } catch (JedisDataException e) {
            found = "does not tell: " + e.getMessage();
        }
        if (durabilityChecked.compareAndSet(false, true) && !found.endsWith("appendonly yes, appendfsync always")) {
            LOG.warn(
                    "Saves may be lost when {} loses power: set appendonly yes and appendfsync always there; it {}",
                    this,
                    found);
        }
    }

    @Override
    public void close() {
        closed = true;
        client.close();
    }

    /** As it stands in messages, without the login. */
    @Override
    public String toString() {
        return "Redis at " + server;
    }
}
