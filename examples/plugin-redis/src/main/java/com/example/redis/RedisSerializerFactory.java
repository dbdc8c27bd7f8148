package com.example.redis;

import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.SslOptions;

/** Opens serializer {@code redis}. Connects to nothing yet: a host starts while its Redis is still starting. */
public final class RedisSerializerFactory implements SnapshotSerializerFactory {

    private static final Pattern URL = Pattern.compile("(rediss?)://([^\\s/@?#]+):([0-9]{1,5})(?:/([0-9]{1,5}))?");

    private static final ConfigKey<String> ADDRESS =
            ConfigKey.text("url", "redis://localhost:6379", "where Redis is; rediss:// for TLS");
    private static final ConfigKey<String> USER = ConfigKey.text("user", "for Redis's access control lists");
    private static final ConfigKey<String> PASSWORD_FILE =
            ConfigKey.secretFile("password", "a file that holds the password");
    private static final ConfigKey<Duration> TIMEOUT = ConfigKey.time(
            "timeout", Duration.ofSeconds(8), Duration.ofMillis(100), Duration.ofHours(1), "how long a call may take");

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public List<ConfigKey<?>> keys() {
        return List.of(ADDRESS, USER, PASSWORD_FILE, TIMEOUT);
    }

    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        config.requireKnown(keys());
        Matcher url = URL.matcher(ADDRESS.in(config));
        if (!url.matches() || Integer.parseInt(url.group(3)) > 65535) {
            // The value is not shown: there may be a password in it.
            throw new ConfigurationException(
                    "snapshot.redis.url must be redis://HOST:PORT or redis://HOST:PORT/DATABASE, or rediss:// for TLS,"
                            + " without a user or a password: set snapshot.redis.user, and the password by"
                            + " HOLDFAST_SNAPSHOT_REDIS_PASSWORD or snapshot.redis.password-file");
        }
        Duration timeout = TIMEOUT.in(config);
        String password = config.secret("password").orElse(null);
        DefaultJedisClientConfig login = DefaultJedisClientConfig.builder()
                .resp2() // or the client would connect here and now, to learn what the server speaks
                .sslOptions(url.group(1).equals("rediss") ? SslOptions.defaults() : null)
                .database(url.group(4) == null ? 0 : Integer.parseInt(url.group(4)))
                .user(USER.ifSet(config).orElse(null))
                .password(password)
                // For connecting, and for each answer; a call may need some of them, and all of them twice.
                .timeoutMillis((int) timeout.toMillis() / 4)
                .build();
        HostAndPort server = new HostAndPort(url.group(2), Integer.parseInt(url.group(3)));
        return new RedisSerializer(config.group(), new Redis(server, login, timeout));
    }
}
