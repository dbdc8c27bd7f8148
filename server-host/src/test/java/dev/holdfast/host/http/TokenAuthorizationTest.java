package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.ManualClock;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ListenAddress;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenAuthorizationTest {

    private static final Instant START = Instant.parse("2026-11-21T09:30:00Z");

    @TempDir
    Path directory;

    final ManualClock clock = new ManualClock();

    private HostUnderTest start(String... settings) {
        Map<String, String> all = new java.util.HashMap<>(Map.of("disable_token_authorization", "false"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return new HostUnderTest(directory, all, clock).with("noop.mar");
    }

    private String key(String scope) throws IOException {
        return file().path(scope).path("key").asText();
    }

    private JsonNode file() throws IOException {
        return new ObjectMapper().readTree(directory.resolve("key_file.json").toFile());
    }

    private static HttpResponse<String> call(ListenAddress address, String method, String path, String authorization) {
        return authorization.isEmpty()
                ? HostUnderTest.call(address, method, path, "")
                : HostUnderTest.call(address, method, path, "", "Authorization", authorization);
    }

    @Test
    void theFileHasThreeStrongKeysAndIsItsOwnersAlone() throws IOException {
        try (HostUnderTest host = start()) {
            for (String scope : new String[] {"management", "inference", "API"}) {
                assertThat(Base64.getUrlDecoder().decode(key(scope))).hasSizeGreaterThanOrEqualTo(16);
            }
            assertThat(file().at("/management/expiration time").asText())
                    .isEqualTo(START.plus(Duration.ofMinutes(60)).toString());
            assertThat(file().at("/API").has("expiration time")).isFalse();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("key_file.json"))))
                    .isEqualTo("rw-------");
        }
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left)
                    .as("removed at the end, and no temporary file left")
                    .isEmpty();
        }
    }

    @Test
    void missingAndWrongTokensAre401AndChangeNothing() throws IOException {
        try (HostUnderTest host = start()) {
            String management = key("management");
            for (String authorization : new String[] {
                "",
                "Bearer",
                "Bearer  ",
                "Bearer wrong",
                "Basic " + management,
                management,
                "Bearer " + management + "x",
                "Bearer " + management.substring(1),
                "Bearer " + management + " x"
            }) {
                HttpResponse<String> answer = call(host.apis.management(), "DELETE", "/models/noop", authorization);

                assertThat(answer.statusCode()).as(authorization).isEqualTo(401);
                assertThat(answer.body())
                        .contains(
                                "\"code\": 401",
                                "\"type\": \"InvalidKeyException\"",
                                "Token Authorization failed. Token either incorrect, expired, or not provided correctly");
                assertThat(answer.headers().firstValue("www-authenticate")).hasValue("Bearer");
            }
            assertThat(host.serving.state().models()).containsOnlyKeys("noop");
            assertThat(host.snapshots.changes).hasValue(1);
        }
    }

    @Test
    void eachKeyOpensItsOwnApiOnly() throws IOException {
        try (HostUnderTest host = start()) {
            ListenAddress management = host.apis.management();
            ListenAddress inference = host.apis.inference();

            assertThat(call(management, "GET", "/models", "Bearer " + key("management"))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(management, "GET", "/models", "Bearer " + key("inference"))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(call(management, "GET", "/models", "Bearer " + key("API"))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(call(inference, "GET", "/ping", "Bearer " + key("inference"))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(inference, "GET", "/ping", "bearer " + key("inference"))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(inference, "GET", "/ping", "Bearer " + key("management"))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(call(inference, "POST", "/predictions/noop", "").statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void documentsProbesAndMetricsNeedNoToken() {
        try (HostUnderTest host = start()) {
            assertThat(call(host.apis.management(), "GET", "/api-description", "")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(host.apis.inference(), "OPTIONS", "/", "").statusCode())
                    .isEqualTo(200);
            assertThat(call(host.apis.inference(), "GET", "/v2/health/live", "").statusCode())
                    .isEqualTo(200);
            assertThat(call(host.apis.inference(), "GET", "/v2/health/ready", "")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(host.apis.metricsAddress(), "GET", "/metrics", "").statusCode())
                    .isEqualTo(200);
            assertThat(call(host.apis.inference(), "GET", "/v2", "").statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void strangersAreNotToldWhatIsNotThere() throws IOException {
        try (HostUnderTest host = start()) {
            assertThat(call(host.apis.management(), "GET", "/nothing", "").statusCode())
                    .isEqualTo(401);
            assertThat(call(host.apis.management(), "PATCH", "/models", "").statusCode())
                    .isEqualTo(401);
            assertThat(call(host.apis.management(), "GET", "/nothing", "Bearer " + key("management"))
                            .statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void aHeaderOrPathThatMentionsTokenIsNoWayRound() {
        try (HostUnderTest host = start()) {
            assertThat(HostUnderTest.call(
                                    host.apis.management(), "GET", "/models?x=/token", "", "Referer", "http://h/token")
                            .statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void expiredKeysAre401ButTheApiKeyGetsNewOnes() throws IOException {
        try (HostUnderTest host = start("token_expiration_min", "0.5")) {
            ListenAddress management = host.apis.management();
            String old = key("management");
            clock.set(START.plusSeconds(29));
            assertThat(call(management, "GET", "/models", "Bearer " + old).statusCode())
                    .isEqualTo(200);
            clock.set(START.plusSeconds(30));
            assertThat(call(management, "GET", "/models", "Bearer " + old).statusCode())
                    .isEqualTo(401);
            assertThat(call(management, "GET", "/token?type=management", "Bearer " + old)
                            .statusCode())
                    .isEqualTo(401);

            HttpResponse<String> rotated = call(management, "GET", "/token?type=management", "Bearer " + key("API"));

            assertThat(rotated.statusCode()).isEqualTo(200);
            assertThat(rotated.body()).isEqualTo("\n");
            assertThat(key("management")).isNotEqualTo(old);
            assertThat(call(management, "GET", "/models", "Bearer " + key("management"))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(management, "GET", "/models", "Bearer " + old).statusCode())
                    .isEqualTo(401);
            assertThat(call(management, "GET", "/token?type=API", "Bearer " + key("API"))
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void aKeyThatCannotBeWrittenIsNotInForce() throws IOException {
        try (HostUnderTest host = start()) {
            ListenAddress management = host.apis.management();
            String old = key("management");
            String renew = key("API");
            Path file = directory.resolve("key_file.json");
            Path whole = Files.move(file, directory.resolve("whole"));
            Files.createDirectories(file.resolve("in-the-way"));

            assertThat(call(management, "GET", "/token?type=management", "Bearer " + renew)
                            .statusCode())
                    .isEqualTo(500);

            assertThat(call(management, "GET", "/models", "Bearer " + old).statusCode())
                    .isEqualTo(200);
            Files.delete(file.resolve("in-the-way"));
            Files.delete(file);
            Files.move(whole, file);
            assertThat(call(management, "GET", "/token?type=management", "Bearer " + renew)
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(management, "GET", "/models", "Bearer " + key("management"))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void allFailuresAre400WhereTheOldNumberIsWanted() throws IOException {
        try (HostUnderTest host = start("token_failure_status", "400")) {
            for (String authorization : new String[] {"", "Bearer wrong", "Bearer " + key("inference")}) {
                HttpResponse<String> answer = call(host.apis.management(), "GET", "/models", authorization);

                assertThat(answer.statusCode()).isEqualTo(400);
                assertThat(answer.body())
                        .contains(
                                "\"code\": 400",
                                "\"type\": \"InvalidKeyException\"",
                                "Token Authorization failed. Token either incorrect, expired, or not provided correctly");
            }
        }
    }

    @Test
    void inACombinedListenerEachPathKeepsItsScope() throws IOException {
        int port = freePort();
        String address = "http://127.0.0.1:" + port;
        try (HostUnderTest host = start("inference_address", address, "management_address", address)) {
            assertThat(host.apis.inference()).isEqualTo(host.apis.management());
            ListenAddress both = host.apis.inference();

            assertThat(call(both, "GET", "/models", "Bearer " + key("management"))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(call(both, "GET", "/models", "Bearer " + key("inference"))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(call(both, "POST", "/predictions/noop", "Bearer " + key("inference"))
                            .body())
                    .isEqualTo("OK");
            assertThat(call(both, "POST", "/predictions/noop", "Bearer " + key("management"))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(call(both, "GET", "/api-description", "").body()).contains("/ping", "/snapshots");
        }
    }

    @Test
    void aDirectoryThatCannotBeWrittenStopsTheStart() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));

        assertThatThrownBy(() -> new HostUnderTest(file, Map.of("disable_token_authorization", "false")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("key_file.json")
                .hasMessageContaining("disable_token_authorization=true");
    }

    @Test
    void theFileOfAnotherHostIsLeftAlone() throws IOException {
        try (HostUnderTest host = start()) {
            Files.writeString(directory.resolve("key_file.json"), "another host's");
        }

        assertThat(directory.resolve("key_file.json")).hasContent("another host's");
    }

    /** Below the ports that the system gives to whoever asks for any, so that nobody is given it before it is used. */
    static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 30_000);
            try (ServerSocket socket = new ServerSocket(port)) {
                return socket.getLocalPort();
            } catch (BindException e) {
                // Somebody has it; another one is free.
            }
        }
    }
}
