package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.testsupport.HeldPort;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The distribution with plugin-jdbc copied over, which is the whole installation. */
class JdbcIT {

    private static final String CANARY = "canary-4711-password";

    @TempDir
    private Path directory;

    private Distribution unpacked;
    private Path logs;

    @BeforeEach
    void install() throws Exception {
        directory = directory.toRealPath();
        unpacked = Distribution.unpack(directory);
        logs = Files.createDirectory(directory.resolve("logs"));
        unpacked.with("LOG_LOCATION", logs.toString());
        unpacked.install("plugin-jdbc");
    }

    @AfterEach
    void leaveNoHost() throws IOException {
        new RunningHost(logs).end();
    }

    @Test
    void withoutAnyConfigurationWhatAHostServesSurvivesAKillInSqlite() throws Exception {
        start();
        register();
        scale(3);
        host().kill();

        start();

        assertThat(host().workersOf("digits")).isEqualTo(3);
        assertThat(logs.resolve("snapshots.db")).isRegularFile();
        assertThat(logs.resolve("config")).doesNotExist();
        assertThat(logs.resolve("holdfast.log"))
                .content()
                .contains("Snapshot serializer via plugin has been loaded successfully")
                .contains("Made table holdfast_snapshots in jdbc:sqlite:")
                .doesNotContain("HikariDataSource");
        Said list = unpacked.run("snapshots", "list");
        assertThat(list.out()).contains("-startup.cfg", "-snapshot.cfg");
        assertThat(unpacked.run("--stop").exitCode()).isZero();
    }

    @Test
    void whatAHostServesSurvivesItselfAndItsDatabase() throws Exception {
        unpacked.with("HOLDFAST_SNAPSHOT_JDBC_PASSWORD", CANARY);
        Path data = directory.resolve("postgresql");
        EmbeddedPostgres database = postgresql(data, 0);
        int port = database.getPort();
        String[] settings = {
            "--set",
            "snapshot.jdbc.url=jdbc:postgresql://127.0.0.1:" + port + "/postgres",
            "--set",
            "snapshot.jdbc.user=postgres",
            "--set",
            "snapshot.jdbc.connect-timeout=1s"
        };
        try {
            // Here the connection must come about; everywhere else the test waits until one does.
            start(Stream.concat(Stream.of(settings), Stream.of("--set", "snapshot.jdbc.connect-timeout=30s"))
                    .toArray(String[]::new));
            register();
            assertThat(scale(2).headers().firstValue("Holdfast-Notice")).isEmpty();
            host().kill();
            start(settings);
            assertThat(host().workersOf("digits")).isEqualTo(2);

            // The database stops: the change is spooled, and the answer says so.
            database.close();
            HeldPort held = HeldPort.hold(port);
            assertThat(scale(3).headers().firstValue("Holdfast-Notice")).isPresent();
            assertThat(scale(4).headers().firstValue("Holdfast-Notice")).isPresent();
            held.close();
            database = postgresql(data, port);
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            scale(4).headers().firstValue("Holdfast-Notice").isEmpty());
            List<Long> revisions = revisions(database);
            assertThat(revisions).isSorted().doesNotHaveDuplicates();
            assertThat(revisions.get(revisions.size() - 1) - revisions.get(0)).isEqualTo(revisions.size() - 1);

            // Down at the start: the host comes back with its own copy, detached, and attaches by itself.
            host().kill();
            database.close();
            held = HeldPort.hold(port);
            start(settings);
            assertThat(host().workersOf("digits")).isEqualTo(4);
            assertThat(host().manage("GET", "/snapshots/status").body()).contains("DETACHED");
            assertThat(logs.resolve("holdfast.log"))
                    .content()
                    .contains("Failed to get last snapshot from JDBC.")
                    .contains("The last snapshot could not be read from table holdfast_snapshots of"
                            + " jdbc:postgresql://127.0.0.1:" + port + "/postgres");
            held.close();
            database = postgresql(data, port);
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            host().manage("GET", "/snapshots/status").body().contains("ATTACHED"));
            assertThat(host().workersOf("digits")).isEqualTo(4);
            assertThat(unpacked.run("--stop").exitCode()).isZero();
            assertThat(revisions(database)).isSorted().hasSizeGreaterThan(revisions.size());

            assertThat(textsOf(database)).isNotEmpty().noneMatch(text -> text.contains(CANARY));
            assertThat(filesBelow(logs)).isNotEmpty().noneMatch(text -> text.contains(CANARY));
        } finally {
            database.close();
        }
    }

    private static EmbeddedPostgres postgresql(Path data, int port) throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setPGStartupWait(Duration.ofMinutes(1));
        return (port == 0 ? builder : builder.setPort(port)).start();
    }

    private static List<Long> revisions(EmbeddedPostgres database) throws SQLException {
        try (Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select revision from holdfast_snapshots order by timestamp")) {
            List<Long> revisions = new ArrayList<>();
            while (row.next()) {
                revisions.add(row.getLong(1));
            }
            return revisions;
        }
    }

    private static List<String> textsOf(EmbeddedPostgres database) throws SQLException, IOException {
        try (Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select data from holdfast_snapshots")) {
            List<String> texts = new ArrayList<>();
            while (row.next()) {
                try (var text = new java.util.zip.GZIPInputStream(row.getBinaryStream(1))) {
                    texts.add(new String(text.readAllBytes(), StandardCharsets.UTF_8));
                }
            }
            return texts;
        }
    }

    private static List<String> filesBelow(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            List<String> texts = new ArrayList<>();
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                texts.add(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
            return texts;
        }
    }

    // The host

    private void start(String... settings) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(
                "--model-store=" + unpacked.home().resolve("examples/model-store"),
                "-Dinference_address=http://127.0.0.1:0",
                "-Dmanagement_address=http://127.0.0.1:0",
                "-Dmetrics_address=http://127.0.0.1:0"));
        line.addAll(List.of(settings));
        Said said = unpacked.run(line.toArray(new String[0]));
        assertThat(said.exitCode()).as("%s", said).isZero();
        assertThat(said.out()).contains("Snapshots go to store jdbc");
    }

    private void register() throws IOException, InterruptedException {
        assertThat(host().manage("POST", "/models?url=digits-1.0&initial_workers=1&synchronous=true")
                        .statusCode())
                .isEqualTo(200);
    }

    private HttpResponse<String> scale(int workers) throws IOException, InterruptedException {
        HttpResponse<String> answer = host().manage(
                        "PUT",
                        "/models/digits/1.0?min_worker=" + workers + "&max_worker=" + workers + "&synchronous=true");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer;
    }

    private RunningHost host() {
        return new RunningHost(logs);
    }
}
