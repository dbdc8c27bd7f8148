package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.Host;
import dev.holdfast.host.HostsInTests;
import dev.holdfast.host.TestArchives;
import dev.holdfast.host.cli.Check.Level;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast doctor}, on hosts that run and on places where none does. */
class DoctorTest {

    @TempDir
    private Path directory;

    private Typed typed;
    private Path logs;

    @BeforeEach
    void place() throws IOException {
        directory = directory.toRealPath();
        logs = Files.createDirectories(directory.resolve("logs"));
        TestArchives.noop(directory.resolve("store"), "a.mar", "a", "1.0");
        typed = new Typed(directory);
    }

    private interface Work {
        void with(Host host, HostApi api) throws Exception;
    }

    private void running(Map<String, String> keys, Work work) throws Exception {
        try (Host host = HostsInTests.start(directory.resolve("store"), logs, keys)) {
            RunningHost note = RunningHost.of(host, logs, Clock.systemUTC());
            RunFiles runFiles = new RunFiles(directory.resolve("run"));
            runFiles.write(note);
            work.with(host, new HostApi(note));
            runFiles.remove(note);
        }
    }

    private Map<String, String> levels(int exitCode, String... more) {
        List<String> line = new ArrayList<>(List.of("doctor", "--json"));
        line.addAll(List.of(more));
        assertThat(typed.run(line.toArray(String[]::new)))
                .as("%s %s", typed.out(), typed.errLines())
                .isEqualTo(exitCode);
        Map<String, String> levels = new TreeMap<>();
        CommandJson.parse(typed.out())
                .required("checks")
                .forEach(check -> levels.put(
                        check.required("name").asText(), check.required("level").asText()));
        return levels;
    }

    @Test
    void aHostThatIsWellIsGoodInEveryLine() throws Exception {
        running(Map.of(), (host, api) -> {
            api.manage("POST", "/models?url=a.mar&initial_workers=1");

            assertThat(levels(0))
                    .containsKeys(
                            "host",
                            "version",
                            "snapshots",
                            "last durable",
                            "journal",
                            "models",
                            "workers",
                            "queues",
                            "disk")
                    .allSatisfy((name, level) -> assertThat(level).as(name).isEqualTo("good"));
            assertThat(typed.run("doctor")).isZero();
            assertThat(typed.out())
                    .contains(
                            "ok     host          healthy, ready",
                            "ok     snapshots     attached to store fs, group default")
                    .contains("-snapshot.cfg, revision 2, ");
        });
    }

    @Test
    void aModelThatFailedIsWrongWithItsReasonAndTheExitCodeIsThatOfTheWorst() throws Exception {
        running(Map.of(), (host, api) -> api.manage("POST", "/models?url=a.mar&initial_workers=1"));
        Files.delete(directory.resolve("store/a.mar"));

        running(Map.of(), (host, api) -> {
            assertThat(levels(1)).containsEntry("model", "bad").containsEntry("snapshots", "good");
            assertThat(typed.out()).contains("a 1.0: ").contains("a.mar");
        });
    }

    @Test
    void withoutAHostItSaysWhatIsInTheStoreAndOnTheDisk() throws Exception {
        running(Map.of(), (host, api) -> api.manage("POST", "/models?url=a.mar&initial_workers=1"));
        Files.writeString(logs.resolve("hs_err_pid4711.log"), "# A fatal error");

        assertThat(levels(1))
                .containsEntry("host", "bad")
                .containsEntry("last durable", "good")
                .containsEntry("crash", "attention");
        assertThat(typed.out()).contains("holdfast --start --dry-run", "-shutdown.cfg");
        assertThat(levels(1, "--log-location", directory.resolve("nowhere").toString()))
                .containsEntry("disk", "bad");
        assertThat(directory.resolve("nowhere")).doesNotExist();
    }

    @Test
    void aStoreThatIsNotThereIsWrong() {
        assertThat(levels(1, "-D", "snapshot_store=nosuch")).containsEntry("store", "bad");
        assertThat(typed.out()).contains("nosuch");
    }

    @Test
    void whatWaitsInTheJournalIsToldAlsoWhereTheStoreCannotBeRead() throws Exception {
        running(Map.of(), (host, api) -> {
            Files.move(logs.resolve("config"), directory.resolve("away"));
            api.manage("POST", "/models?url=a.mar&initial_workers=1");
            assertThat(api.manage("GET", "/snapshots/status").path("spooled").asInt())
                    .isEqualTo(1);
        });
        Files.writeString(logs.resolve("config"), "a file, and no directory");

        assertThat(levels(1)).containsEntry("store", "bad").containsEntry("journal", "attention");
        assertThat(typed.out()).contains("1 snapshot waiting for the store");
    }

    @Test
    void theBundleHasWhatHelpsAndNoSecret() throws Exception {
        List<String> canaries = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            canaries.add("canary" + (char) ('A' + i) + "17x9");
        }
        Path file = directory.resolve("host.properties");
        Files.writeString(directory.resolve("password.txt"), canaries.get(0) + "\n");
        Files.writeString(file, """
                # the old password was %s
                keystore_pass=%s
                snapshot.acme.api_key = %s
                snapshot.acme.password=%s\\
                 and-more
                snapshot.acme.password-file=%s
                snapshot.acme.login-secret=$$ACME_LOGIN$$
                snapshot.acme.url=https://me:%s@acme.example/store?sig=%s&x=1
                allowed_urls=https://%s@models.example/.*
                vmargs=-Djavax.net.ssl.keyStorePassword=%s -Dx=y
                job_queue_size=77
                """.formatted(
                        canaries.get(1),
                        canaries.get(2),
                        canaries.get(3),
                        canaries.get(4),
                        directory.resolve("password.txt"),
                        canaries.get(5),
                        canaries.get(6),
                        canaries.get(7),
                        canaries.get(8)));
        typed.with("ACME_LOGIN", canaries.get(9)).with("HOLDFAST_SNAPSHOT_ACME_TOKEN", canaries.get(10));
        Files.writeString(
                logs.resolve("holdfast.log"),
                String.join(
                        "\n",
                        "GET https://models.example/m.mar?X-Amz-Signature=" + canaries.get(11) + " HTTP/1.1",
                        "jdbc:postgresql://user:" + canaries.get(12) + "@db/holdfast",
                        "Authorization: Bearer " + canaries.get(13),
                        "{\"password\": \"" + canaries.get(14) + "\", \"kept\": \"ordinary\"}",
                        "opened with dbPassword=" + canaries.get(15) + ", and went on",
                        "a plugin printed " + canaries.get(0) + " and " + canaries.get(9) + " and " + canaries.get(10),
                        "-----BEGIN PRIVATE KEY-----\n" + canaries.get(16) + "\n-----END PRIVATE KEY-----",
                        "an ordinary line\n"));
        Files.writeString(logs.resolve("hs_err_pid1.log"), "ACME_SECRET=" + canaries.get(17) + "\nSIGSEGV\n");
        Files.writeString(
                logs.resolve("audit.log"),
                "{\"call\":\"POST /models\",\"parameters\":{\"url\":\"https://a:" + canaries.get(18)
                        + "@h/m.mar\"}}\n");
        Path bundle = directory.resolve("bundle.tar.gz");

        running(Map.of("disable_token_authorization", "false"), (host, api) -> {
            JsonNode keys = CommandJson.parse(Files.readString(host.keyFile()));
            keys.forEach(scope -> canaries.add(scope.path("key").asText()));
            Files.writeString(logs.resolve("holdfast.out"), "token " + canaries.get(canaries.size() - 1) + "\n");

            assertThat(typed.run(
                            "doctor",
                            "--bundle",
                            bundle.toString(),
                            "--config",
                            file.toString(),
                            "-D",
                            "snapshot.acme.auth=" + canaries.get(19),
                            "-D",
                            "acme_url=ftp://x:" + canaries.get(20) + "@h/"))
                    .as("%s", typed.errLines())
                    .isIn(0, 5);
        });

        Map<String, String> parts = unpacked(bundle);
        assertThat(parts)
                .containsKeys(
                        "holdfast-bundle/doctor.txt",
                        "holdfast-bundle/doctor.json",
                        "holdfast-bundle/versions.txt",
                        "holdfast-bundle/files.txt",
                        "holdfast-bundle/host/threads.txt",
                        "holdfast-bundle/host/snapshots-status.json",
                        "holdfast-bundle/logs/holdfast.log",
                        "holdfast-bundle/logs/hs_err_pid1.log",
                        "holdfast-bundle/config/ts-config.properties");
        assertThat(canaries).hasSizeGreaterThan(26).allSatisfy(canary -> {
            assertThat(parts)
                    .allSatisfy((name, text) -> assertThat(text).as(name).doesNotContain(canary));
        });
        assertThat(parts.get("holdfast-bundle/config/ts-config.properties"))
                .contains("job_queue_size=77", "keystore_pass=***", "acme.example/store", "$$ACME_LOGIN$$");
        assertThat(parts.get("holdfast-bundle/logs/holdfast.log")).contains("an ordinary line", "ordinary", "went on");
        assertThat(parts.get("holdfast-bundle/host/threads.txt")).contains("snapshot-keeper");
        assertThat(Files.getPosixFilePermissions(bundle)).isEqualTo(PosixFilePermissions.fromString("rw-------"));

        assertThat(typed.run("doctor", "--bundle", bundle.toString())).isEqualTo(ExitCodes.REFUSED);
        assertThat(typed.errLines().get(0)).contains("There is a file " + bundle);
    }

    private static Map<String, String> unpacked(Path bundle) throws IOException {
        Map<String, String> parts = new TreeMap<>();
        byte[] tar;
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(bundle)))) {
            tar = in.readAllBytes();
        }
        for (int at = 0; tar[at] != 0; ) {
            int size = Integer.parseInt(new String(tar, at + 124, 11, StandardCharsets.UTF_8), 8);
            parts.put(
                    new String(tar, at, 100, StandardCharsets.UTF_8).replace("\0", ""),
                    new String(tar, at + 512, size, StandardCharsets.UTF_8));
            at += 512 + (size + 511) / 512 * 512;
        }
        return parts;
    }

    @Test
    void theWorstOfSeveralIsWhatTheExitCodeSays() {
        assertThat(List.of(Level.GOOD, Level.ATTENTION, Level.BAD))
                .extracting(Level::exitCode)
                .containsExactly(0, 5, 1);
        assertThat(typed.run("doctor", "-D", "=x")).isEqualTo(2);
        assertThat(typed.run("--config", "x", "doctor")).isEqualTo(2);
    }
}
