package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.wire.Scope;
import dev.holdfast.testsupport.Uninterrupted;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
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
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("slow.mar")) {
            ListenAddress address = host.apis.inference();
            CompletableFuture<HttpResponse<String>> running = CompletableFuture.supplyAsync(
                    () -> HostUnderTest.call(address, "POST", "/predictions/slow", "[1,2,3]"));
            host.models.slowBegan.await();

            host.serving.stopping();
            host.apis.refuse();

            for (HttpResponse<String> refused : List.of(
                    host.inference("POST", "/predictions/slow", "[1,2,3]"),
                    host.management("POST", "/models?url=sum.mar"))) {
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.headers().firstValue("Retry-After")).hasValue("5");
                assertThat(refused.headers().firstValue("Connection")).hasValue("close");
                assertThat(refused.body()).contains("\"ServiceUnavailableException\"", "This host is stopping.");
            }
            assertThat(host.apis.awaitAnswered(Duration.ofMillis(1))).isEqualTo(1);
            host.models.slow.countDown();

            assertThat(running.get().body()).isEqualTo("[6.0]");
            assertThat(host.apis.awaitAnswered(Duration.ofSeconds(60))).isZero();
        }
    }

    @Test
    void whoAsksHowAStoppingHostIsLearnsThatItIsNotReady() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("sum.mar")) {
            host.serving.stopping();
            host.apis.refuse();

            assertThat(host.inference("GET", "/v2/health/live", "").statusCode())
                    .isEqualTo(200);
            assertThat(host.inference("GET", "/ping", "").statusCode()).isEqualTo(500);
            for (String path : List.of("/v2/health/ready", "/v2/models/sum/ready")) {
                HttpResponse<String> answer = host.inference("GET", path, "");
                assertThat(answer.statusCode()).isEqualTo(503);
                assertThat(answer.headers().firstValue("Retry-After")).hasValue("5");
                assertThat(answer.body()).contains("\"ready\": false");
            }
            assertThat(host.metrics("/metrics").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void whoIsInAHurryDoesNotWaitForRunningRequests() throws Exception {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("slow.mar")) {
            CompletableFuture.runAsync(() -> host.inference("POST", "/predictions/slow", "[1,2,3]"));
            host.models.slowBegan.await();
            host.apis.refuse();
            CompletableFuture<Integer> waiting =
                    CompletableFuture.supplyAsync(() -> host.apis.awaitAnswered(Duration.ofDays(1)));

            host.apis.hurry();

            assertThat(waiting).succeedsWithin(Duration.ofSeconds(60)).isEqualTo(1);
        }
    }

    @Test
    void aRequestThatOutlastsTheStopIsCutOffAndFailsNoStop() throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        Route stuck = Route.get("/stuck", Scope.NONE, context -> {
            began.countDown();
            Uninterrupted.await(never);
        });
        Listener listener = BareListener.start("stuck", Duration.ofMillis(200), directory, List.of(stuck));
        CompletableFuture<HttpResponse<String>> running =
                CompletableFuture.supplyAsync(() -> HostUnderTest.call(listener.address(), "GET", "/stuck", ""));
        began.await();
        try {
            listener.close();

            assertThat(running)
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .havingRootCause()
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(HttpTimeoutException.class);
        } finally {
            never.countDown();
        }
    }

    @Test
    void morePredictionsWaitThanThereAreThreadsWhileHealthIsAnswered() throws Exception {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of())
                .with("slow.mar")
                .with("slow-2.mar")
                .with("slow-3.mar")) {
            ExecutorService callers = Executors.newFixedThreadPool(240);
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 240; i++) {
                String path = "/predictions/slow/" + List.of("1.0", "2", "3").get(i % 3);
                answers.add(callers.submit(() -> host.inference("POST", path, "[1,2,3]")));
            }
            Awaitility.await().until(() -> waiting(host) == 240 - 3);

            assertThat(host.inference("GET", "/ping", "").statusCode()).isEqualTo(200);
            assertThat(answers).noneMatch(Future::isDone);
            host.models.slow.countDown();

            for (Future<HttpResponse<String>> answer : answers) {
                assertThat(answer.get().body()).isEqualTo("[6.0]");
            }
            callers.shutdown();
        }
    }

    private static int waiting(HostUnderTest host) {
        return host.serving.describeAll("slow").stream()
                .mapToInt(VersionStatus::pendingRequests)
                .sum();
    }

    @Test
    void aFullQueueIs503AndSaysSo() throws Exception {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("slow.mar")) {
            ExecutorService callers = Executors.newFixedThreadPool(101);
            callers.submit(() -> host.inference("POST", "/predictions/slow", "[1,2,3]"));
            // Else the queue may be full before the worker takes the first one, and one of the others is refused.
            host.models.slowBegan.await();
            for (int i = 0; i < 100; i++) {
                callers.submit(() -> host.inference("POST", "/predictions/slow", "[1,2,3]"));
            }
            Awaitility.await().until(() -> waiting(host) == 100);

            HttpResponse<String> answer = host.inference("POST", "/predictions/slow", "[1,2,3]");

            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.body())
                    .contains("\"type\": \"ServiceUnavailableException\"", "full queue of 100 requests");
            assertThat(answer.headers().firstValue("Retry-After")).hasValue("5");
            host.models.slow.countDown();
            callers.shutdown();
        }
    }

    @Test
    void aCallerThatDoesNotReadItsLargeAnswerHoldsUpNoWorker() throws IOException {
        try (HostUnderTest host = new HostUnderTest(
                                directory, Map.of("max_request_size", "40000000", "max_response_size", "40000000"))
                        .with("echo.mar");
                Socket lazy = new Socket()) {
            lazy.setReceiveBufferSize(4_096);
            lazy.connect(
                    new InetSocketAddress("127.0.0.1", host.apis.inference().port()));
            int size = 30_000_000;
            lazy.getOutputStream()
                    .write(("POST /predictions/echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + size + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            lazy.getOutputStream().write(new byte[size]);
            assertThat(lazy.getInputStream().read()).as("the answer has begun").isEqualTo('H');

            assertThat(host.inference("POST", "/predictions/echo", "hello").body())
                    .isEqualTo("hello");
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
