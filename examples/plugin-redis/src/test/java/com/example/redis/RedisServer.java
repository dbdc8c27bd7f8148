package com.example.redis;

import dev.holdfast.sdk.SerializerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.embedded.core.ExecutableProvider;

/** A redis-server of the test's own, on the loopback address, with its data in a directory of the test. */
final class RedisServer implements AutoCloseable {

    private static final String[] DURABLE = {"--appendonly", "yes", "--appendfsync", "always"};

    private final Path directory;
    private final String[] settings;
    private final int port;
    private Process process;

    private RedisServer(Path directory, String[] settings) throws IOException, InterruptedException {
        this.directory = directory;
        this.settings = settings;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        start();
    }

    /** One that keeps what it has acknowledged. */
    static RedisServer durable(Path directory) throws IOException, InterruptedException {
        return new RedisServer(directory, DURABLE);
    }

    static RedisServer with(Path directory, String... settings) throws IOException, InterruptedException {
        return new RedisServer(directory, settings);
    }

    /** Starts it, again on the same port and the same data after {@link #kill}; returns when it answers. */
    void start() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(executable(), "--port", Integer.toString(port)));
        command.addAll(List.of("--bind", "127.0.0.1", "--dir", directory.toString(), "--save", ""));
        command.addAll(List.of(settings));
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()))
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly)); // where a run is broken off
        for (long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30); !answers(); ) {
            if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > until) {
                process.destroyForcibly();
                throw new IOException("redis-server does not answer: " + Files.readString(directory.resolve("log")));
            }
        }
    }

    /** The one that {@code -Dredis.server=PATH} names, else one from the registry, unpacked to the temporary directory. */
    private static String executable() throws IOException {
        String named = System.getProperty("redis.server");
        return named != null
                ? named
                : ExecutableProvider.newJarResourceProvider().get().getAbsolutePath();
    }

    private boolean answers() {
        try (Jedis jedis = new Jedis("127.0.0.1", port)) {
            return jedis.ping().equals("PONG");
        } catch (JedisException e) {
            return String.valueOf(e.getMessage()).contains("NOAUTH");
        }
    }

    /** Kills it as SIGKILL does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    int port() {
        return port;
    }

    /** A client of the test's own; to be closed. */
    Jedis client() {
        return new Jedis("127.0.0.1", port);
    }

    /** A serializer's configuration for a group here, with half a minute for an answer, as a busy disk may need. */
    SerializerConfig config(String group) {
        return config(group, port, "2m");
    }

    /** The same at another port, such as that of something in between. */
    static SerializerConfig config(String group, int port, String timeout) {
        return SerializerConfig.builder("redis", Path.of("target"))
                .group(group)
                .values(Map.of("url", "redis://127.0.0.1:" + port, "timeout", timeout))
                .build();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
