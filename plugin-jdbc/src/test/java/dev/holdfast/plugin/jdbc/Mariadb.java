package dev.holdfast.plugin.jdbc;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A real MariaDB on loopback, made by the server's own programs where this machine has them. */
final class Mariadb {

    private static Mariadb running;

    private final Path directory;
    private final int port;
    private final Process process;
    /** All that ever ran in the directory. */
    private final List<Process> processes;

    private Mariadb(Path directory, int port, Process process, List<Process> processes) {
        this.directory = directory;
        this.port = port;
        this.process = process;
        this.processes = processes;
    }

    /** The one for all tests of this JVM; a test without it is skipped. */
    static synchronized Mariadb server() {
        if (running == null) {
            running = start();
        }
        return running;
    }

    static Mariadb start(String... options) {
        Assumptions.assumeTrue(program("mariadbd") != null, "mariadbd is not installed, so MariaDB is not tested");
        try {
            Path directory = Files.createTempDirectory("holdfast-mariadb");
            List<Process> processes = new CopyOnWriteArrayList<>();
            // In this order, for a server that runs makes files in it.
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                processes.forEach(process -> process.destroyForcibly().onExit().join());
                delete(directory);
            }));
            run(
                    program("mariadb-install-db"),
                    "--no-defaults",
                    "--user=" + System.getProperty("user.name"),
                    "--datadir=" + directory,
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db");
            return start(directory, freePort(), processes, options);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Mariadb start(Path directory, int port, List<Process> processes, String... options)
            throws IOException {
        List<String> line = new ArrayList<>(List.of(
                program("mariadbd"),
                "--no-defaults",
                "--user=" + System.getProperty("user.name"),
                "--datadir=" + directory,
                "--socket=" + directory.resolve("s"),
                "--bind-address=127.0.0.1",
                "--port=" + port,
                "--innodb-buffer-pool-size=32M",
                "--log-error=" + directory.resolve("error.log")));
        line.addAll(List.of(options));
        Process process = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("out.log").toFile())
                .start();
        processes.add(process);
        Mariadb server = new Mariadb(directory, port, process, processes);
        await().atMost(Duration.ofSeconds(60)).until(server::answers);
        return server;
    }

    private boolean answers() {
        if (!process.isAlive()) {
            throw new IllegalStateException("mariadbd has ended: see " + directory);
        }
        try (Connection connection = connect("mysql")) {
            return connection.isValid(1);
        } catch (SQLException e) {
            return false;
        }
    }

    int port() {
        return port;
    }

    /** Stops it as a crash does. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Starts it again after {@link #kill}, with what it had. */
    Mariadb restart() throws IOException {
        return start(directory, port, processes);
    }

    /** A database of its own, and the URL that leads there. */
    String newDatabase() throws SQLException {
        String name = "d" + UUID.randomUUID().toString().replace("-", "");
        try (Connection connection = connect("mysql")) {
            Rows.execute(connection, "create database " + name);
        }
        return url(name);
    }

    String url(String database) {
        return "jdbc:mariadb://127.0.0.1:" + port + "/" + database + "?sslMode=disable";
    }

    Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(url(database), "root", "");
    }

    private static String program(String name) {
        return Stream.of("/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/")
                .map(place -> place + name)
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElse(null);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void run(String... line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(List.of(line) + " has failed");
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
