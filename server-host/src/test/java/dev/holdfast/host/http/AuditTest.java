package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.ManualClock;
import dev.holdfast.host.metrics.RestoreMeasures;
import dev.holdfast.host.wire.AuditLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private final ManualClock clock = new ManualClock();

    private List<JsonNode> lines() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        Path file = directory.resolve("audit.log");
        for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    @Test
    void aChangeIsWrittenDownWithWhoWhatResultAndSnapshot() throws Exception {
        try (HostUnderTest host =
                new HostUnderTest(directory, Map.of("disable_token_authorization", "false"), clock).with("noop.mar")) {
            String key = JSON.readTree(directory.resolve("key_file.json").toFile())
                    .at("/management/key")
                    .asText();
            String id = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes("UTF-8")))
                    .substring(0, 8);

            var answer = host.management(
                    "PUT", "/models/noop?min_worker=2&synchronous=true", "Authorization", "Bearer " + key);

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(lines()).hasSize(1);
            JsonNode line = lines().get(0);
            assertThat(line.path("time").asText()).isEqualTo(clock.instant().toString());
            assertThat(line.path("address").asText()).isEqualTo("127.0.0.1");
            assertThat(line.path("token").asText()).isEqualTo("management:" + id);
            assertThat(line.path("call").asText()).isEqualTo("PUT /models/noop");
            assertThat(line.path("parameters").toString()).isEqualTo("{\"min_worker\":\"2\",\"synchronous\":\"true\"}");
            assertThat(line.path("status").asInt()).isEqualTo(200);
            assertThat(line.path("result").asText())
                    .isEqualTo(JSON.readTree(answer.body()).path("status").asText());
            assertThat(line.path("snapshot").asText()).isEqualTo("20261121093000123-snapshot.cfg");
            assertThat(line.path("request").asText())
                    .isEqualTo(answer.headers().firstValue("x-request-id").orElseThrow());
            assertThat(Files.readString(directory.resolve("audit.log"))).doesNotContain(key);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("audit.log"))))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void everyRouteThatChangesSomethingIsWrittenDownWhateverComesOfIt() throws IOException {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of(), clock)) {
            ChangeAnswers answers = new ChangeAnswers(host.operations.host());
            List<Route> routes = new ArrayList<>();
            routes.addAll(
                    new ManagementApi(host.operations.models(), host.operations.inference(), answers, 1).routes());
            routes.addAll(new SnapshotApi(host.operations.snapshots(), answers, new RestoreMeasures()).routes());
            routes.addAll(new SavesApi(host.operations.saves(), answers).routes());
            List<Route> changing = routes.stream()
                    .filter(route ->
                            !List.of("GET", "OPTIONS").contains(route.method().name()))
                    .toList();
            assertThat(changing).hasSizeGreaterThan(12);
            for (int i = 0; i < changing.size(); i++) {
                String path = changing.get(i).path().replaceAll("\\{\\w+}", "none");

                var answer = host.management(changing.get(i).method().name(), path);

                assertThat(lines()).as("%s", changing.get(i)).hasSize(i + 1);
                JsonNode line = lines().get(i);
                assertThat(line.path("call").asText())
                        .isEqualTo(changing.get(i).method().name() + " " + path);
                assertThat(line.path("status").asInt()).isEqualTo(answer.statusCode());
                assertThat(line.path("result").asText())
                        .isEqualTo(JSON.readTree(answer.body()).path("message").asText());
                assertThat(line.has("token")).as("tokens are off").isFalse();
            }
        }
    }

    @Test
    void newKeysAreWrittenDownAndWhatOnlyLooksIsNot() throws IOException {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("disable_token_authorization", "false"), clock)) {
            JsonNode keys = JSON.readTree(directory.resolve("key_file.json").toFile());
            String management = "Bearer " + keys.at("/management/key").asText();
            host.management("GET", "/models", "Authorization", management);
            host.management("GET", "/snapshots", "Authorization", management);
            host.management("DELETE", "/models/none");
            assertThat(lines()).as("strangers could fill it").isEmpty();

            host.management(
                    "GET",
                    "/token?type=inference",
                    "Authorization",
                    "Bearer " + keys.at("/API/key").asText());

            assertThat(lines()).singleElement().satisfies(line -> {
                assertThat(line.path("call").asText()).isEqualTo("GET /token");
                assertThat(line.path("token").asText()).startsWith("API:");
                assertThat(line.path("status").asInt()).isEqualTo(200);
            });
        }
    }

    @Test
    void noSecretOfAUrlAndNoLineBreakOfACallerGetsIntoIt() throws IOException {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of(), clock)) {
            host.management(
                    "POST",
                    "/models?url=https%3A%2F%2Fuser%3ACANARY%40h.example%2Fm.mar%3FX-Amz-Signature%3DCANARY"
                            + "&secret_key=CANARY&model_name=a%0Ab%1B%5B31m");

            String text = Files.readString(directory.resolve("audit.log"));
            assertThat(text.lines()).hasSize(1);
            assertThat(lines().get(0).at("/parameters/url").asText()).isEqualTo("https://***@h.example/m.mar?***");
            assertThat(lines().get(0).at("/parameters").toString()).doesNotContain("CANARY", "\\n", "\\u001b");
        }
    }

    @Test
    void aFullFileBecomesAnOlderOneAndFiveOfThemStay() throws IOException {
        AuditLog audit = new AuditLog(directory, 100);
        for (int i = 0; i < 100; i++) {
            audit.write(Map.of("call", "call " + i));
        }

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "audit.log", "audit.1.log", "audit.2.log", "audit.3.log", "audit.4.log", "audit.5.log");
        }
        assertThat(Files.readAllLines(directory.resolve("audit.log"))).last().isEqualTo("{\"call\":\"call 99\"}");
        assertThat(directory.resolve("audit.5.log").toFile().length()).isBetween(50L, 100L);
    }

    @Test
    void aFileThatCannotBeWrittenKeepsNoCallFromItsAnswer() throws IOException {
        Path victim = Files.writeString(directory.resolve("victim"), "precious");
        Files.createSymbolicLink(directory.resolve("audit.log"), victim);
        try (HostUnderTest host = new HostUnderTest(directory, Map.of(), clock).with("noop.mar")) {
            assertThat(host.management("PUT", "/models/noop?min_worker=2&synchronous=true")
                            .statusCode())
                    .isEqualTo(200);
        }
        assertThat(victim).hasContent("precious");
    }
}
