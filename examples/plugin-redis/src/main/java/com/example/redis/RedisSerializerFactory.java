package com.example.redis;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.SslOptions;

/** Opens serializer {@code redis}. Connects to nothing yet: a host starts while its Redis is still starting. */
public final class RedisSerializerFactory implements SnapshotSerializerFactory {

    private static final Pattern URL = Pattern.compile("(rediss?)://([^\\s/@?#]+):([0-9]{1,5})(?:/([0-9]{1,5}))?");

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        // First, for it tells who has set snapshot.redis.password where a password belongs.
        String password = config.secret("password").orElse(null);
        config.requireKnown("url", "user", "password-file", "timeout");
        Matcher url = URL.matcher(config.get("url", "redis://localhost:6379"));
        if (!url.matches() || Integer.parseInt(url.group(3)) > 65535) {
            // The value is not shown: there may be a password in it.
            throw new IllegalArgumentException(
                    "snapshot.redis.url must be redis://HOST:PORT or redis://HOST:PORT/DATABASE, or rediss:// for TLS,"
                            + " without a user or a password: set snapshot.redis.user, and the password by"
                            + " HOLDFAST_SNAPSHOT_REDIS_PASSWORD or snapshot.redis.password-file");
        }
        Duration timeout =
                config.getDuration("timeout", Duration.ofSeconds(8), Duration.ofMillis(100), Duration.ofHours(1));
        DefaultJedisClientConfig login = DefaultJedisClientConfig.builder()
                .resp2() // or the client would connect here and now, to learn what the server speaks
                .sslOptions(url.group(1).equals("rediss") ? SslOptions.defaults() : null)
                .database(url.group(4) == null ? 0 : Integer.parseInt(url.group(4)))
                .user(config.get("user").orElse(null))
                .password(password)
                // For connecting, and for each answer; a call may need some of them, and all of them twice.
                .timeoutMillis((int) timeout.toMillis() / 4)
                .build();
        HostAndPort server = new HostAndPort(url.group(2), Integer.parseInt(url.group(3)));
        return new RedisSerializer(config.group(), new Redis(server, login, timeout));
    }
}
