package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ListenAddress;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenersTest {

    @TempDir
    Path directory;

    @Test
    void aPortInUseStopsTheStartAndLeavesNothingBehind() throws IOException {
        int inference = TokenAuthorizationTest.freePort();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String metrics = "http://127.0.0.1:" + taken.getLocalPort();

            assertThatThrownBy(() -> new HostUnderTest(
                            directory,
                            Map.of(
                                    "inference_address",
                                    "http://127.0.0.1:" + inference,
                                    "metrics_address",
                                    metrics,
                                    "disable_token_authorization",
                                    "false")))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("metrics_address " + metrics)
                    .hasMessageContaining("in use")
                    .hasMessageContaining("set metrics_address to another one");
        }
        assertThatThrownBy(() -> new Socket("127.0.0.1", inference).close()).isInstanceOf(ConnectException.class);
        assertThat(Files.exists(directory.resolve("key_file.json"))).isFalse();
    }

    @Test
    void aSecondHostOnTheSamePortLeavesTheTokensOfTheFirst() throws IOException {
        Map<String, String> settings = Map.of(
                "management_address",
                "http://127.0.0.1:" + TokenAuthorizationTest.freePort(),
                "disable_token_authorization",
                "false");
        try (HostUnderTest first = new HostUnderTest(directory, settings)) {
            String tokens = Files.readString(directory.resolve("key_file.json"));

            assertThatThrownBy(() -> new HostUnderTest(directory, settings)).isInstanceOf(ConfigException.class);

            assertThat(directory.resolve("key_file.json")).hasContent(tokens);
        }
    }

    @Test
    void anAddressThatIsNotThisMachinesIsNamed() {
        assertThatThrownBy(() ->
                        new HostUnderTest(directory, Map.of("management_address", "http://no-such-host.invalid:8081")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("management_address http://no-such-host.invalid:8081")
                .hasMessageContaining("there is no host 'no-such-host.invalid'");
        assertThatThrownBy(() -> new HostUnderTest(directory, Map.of("inference_address", "http://192.0.2.1:0")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("inference_address http://192.0.2.1:0");
    }

    @Test
    void eachListenerHasItsOwnCallsOnly() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of())) {
            assertThat(List.of(host.apis.inference(), host.apis.management(), host.apis.metricsAddress()))
                    .doesNotHaveDuplicates()
                    .allMatch(address -> address.port() > 0);
            assertThat(host.inference("GET", "/snapshots", "").statusCode()).isEqualTo(404);
            assertThat(host.management("GET", "/ping").statusCode()).isEqualTo(404);
            assertThat(host.metrics("/models").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void withoutTheMetricsApiNobodyListensThere() throws IOException {
        int port = TokenAuthorizationTest.freePort();
        try (HostUnderTest host = new HostUnderTest(
                directory, Map.of("enable_metrics_api", "false", "metrics_address", "http://127.0.0.1:" + port))) {
            assertThatThrownBy(() -> new Socket("127.0.0.1", port).close()).isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void withoutTheOpenInferenceProtocolItsCallsAreNotThere() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("ts_open_inference_protocol", "false"))) {
            assertThat(host.inference("GET", "/v2/health/live", "").statusCode())
                    .isEqualTo(404);
            assertThat(host.inference("GET", "/api-description", "").body())
                    .contains("/predictions/{model}")
                    .doesNotContain("/v2");
        }
    }

    @Test
    void aStopLetsARunningPredictionEndAndTakesNoNewOne() throws Exception {
        HostUnderTest host = new HostUnderTest(directory, Map.of()).with("slow.mar");
        ListenAddress address = host.apis.inference();
        CompletableFuture<HttpResponse<String>> running = CompletableFuture.supplyAsync(
                () -> HostUnderTest.call(address, "POST", "/predictions/slow", "[1,2,3]"));
        host.models.slowBegan.await();

        CompletableFuture<Void> stopping = CompletableFuture.runAsync(host.apis::close);
        org.awaitility.Awaitility.await()
                .untilAsserted(() -> assertThatThrownBy(() -> new Socket("127.0.0.1", address.port()).close())
                        .isInstanceOf(ConnectException.class));
        assertThat(stopping).isNotDone();
        host.models.slow.countDown();

        assertThat(running.get().body()).isEqualTo("[6.0]");
        stopping.get();
        host.serving.close();
    }

    @Test
    void aHundredPredictionsAtOnceAreAnsweredAndHealthToo() throws Exception {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("slow.mar")) {
            ExecutorService callers = Executors.newFixedThreadPool(100);
            CountDownLatch sent = new CountDownLatch(90);
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 90; i++) {
                answers.add(callers.submit(() -> {
                    sent.countDown();
                    return host.inference("POST", "/predictions/slow", "[1,2,3]");
                }));
            }
            sent.await();
            org.awaitility.Awaitility.await()
                    .until(() -> host.serving
                                    .describe("slow", java.util.Optional.empty())
                                    .pendingRequests()
                            == 89);

            assertThat(host.inference("GET", "/ping", "").statusCode()).isEqualTo(200);
            host.models.slow.countDown();

            for (Future<HttpResponse<String>> answer : answers) {
                assertThat(answer.get().body()).isEqualTo("[6.0]");
            }
            callers.shutdown();
        }
    }

    @Test
    void tooManyWaitingPredictionsAreTurnedAwayWhileHealthIsAnswered() throws Exception {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of())
                .with("slow.mar")
                .with("slow-2.mar")
                .with("slow-3.mar")) {
            ExecutorService callers = Executors.newFixedThreadPool(260);
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 255; i++) {
                String path = "/predictions/slow/" + new String[] {"1.0", "2", "3"}[i % 3];
                answers.add(callers.submit(() -> host.inference("POST", path, "[1,2,3]")));
            }
            org.awaitility.Awaitility.await()
                    .until(() -> answers.stream().filter(Future::isDone).count() == 255 - 224);

            assertThat(host.inference("GET", "/ping", "").statusCode()).isEqualTo(200);
            assertThat(host.inference("POST", "/predictions/slow", "[1,2,3]").body())
                    .contains("\"type\": \"ServiceUnavailableException\"", "224 predictions under way");
            host.models.slow.countDown();

            int answered = 0;
            for (Future<HttpResponse<String>> answer : answers) {
                answered += answer.get().statusCode() == 200 ? 1 : 0;
            }
            assertThat(answered).isEqualTo(224);
            callers.shutdown();
        }
    }

    @Test
    void corsHeadersAreSentWhereTheyAreConfigured() {
        try (HostUnderTest host = new HostUnderTest(
                directory,
                Map.of(
                        "cors_allowed_origin", "https://app.example",
                        "cors_allowed_methods", "GET, POST",
                        "cors_allowed_headers", "X-Custom"))) {
            HttpResponse<String> ping = host.inference("GET", "/ping", "");
            HttpResponse<String> preflight = host.inference(
                    "OPTIONS",
                    "/predictions/none",
                    "",
                    "Origin",
                    "https://app.example",
                    "Access-Control-Request-Method",
                    "POST");

            assertThat(ping.headers().firstValue("access-control-allow-origin")).hasValue("https://app.example");
            assertThat(preflight.statusCode()).isEqualTo(204);
            assertThat(preflight.headers().firstValue("access-control-allow-methods"))
                    .hasValue("GET, POST");
            assertThat(preflight.headers().firstValue("access-control-allow-headers"))
                    .hasValue("X-Custom");
        }
        try (HostUnderTest host = new HostUnderTest(directory, Map.of())) {
            assertThat(host.inference("GET", "/ping", "").headers().map())
                    .doesNotContainKey("access-control-allow-origin");
        }
    }
}
