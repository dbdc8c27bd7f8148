package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.testsupport.LogLines;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a request below the APIs is the caller's fault, is told, and changes nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProperRequestsTest {

    @TempDir
    static Path directory;

    HostUnderTest host;
    ServingState before;

    @BeforeAll
    void start() {
        host = new HostUnderTest(directory, Map.of()).with("noop.mar").with("sum.mar");
        before = host.serving.state();
    }

    @AfterAll
    void stop() {
        host.close();
    }

    @AfterEach
    void nothingHasChanged() {
        assertThat(host.serving.state()).isEqualTo(before);
    }

    private String raw(String request) {
        return HostUnderTest.raw(host.apis.management(), request);
    }

    private String get(String target) {
        return raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /models?limit=%zz       | The query of the request's URI has a % without two hexadecimal digits
            /models?limit=%         | The query of the request's URI has a % without two hexadecimal digits
            /models?limit=%4        | The query of the request's URI has a % without two hexadecimal digits
            /models?%zz=1           | The query of the request's URI has a % without two hexadecimal digits
            /models?a=%ff           | The query of the request's URI is no UTF-8.
            /models?a=%c0%af        | The query of the request's URI is no UTF-8.
            /models?a=%ed%a0%80     | The query of the request's URI is no UTF-8.
            /models?a=%00           | The query of the request's URI has a NUL character in it.
            /models/%u0041          | The path of the request's URI has a % without two hexadecimal digits
            /models/%zz             | The request is no valid HTTP/1.1
            /models/%ff             | The request is no valid HTTP/1.1
            /models/%00             | The request is no valid HTTP/1.1
            /models/a?x=1&x=2       | more than once
            """)
    void whatCannotBeDecodedIsABadRequest(String target, String message) {
        // A target that reads its parameters.
        String asked = target.startsWith("/models/a?") ? "/snapshots?" + target.substring(10) : target;

        assertThat(get(asked))
                .startsWith("HTTP/1.1 400 ")
                .contains("\"code\": 400")
                .contains(message);
    }

    @Test
    void whatIsEncodedRightlyIsRead() {
        assertThat(get("/models?limit=%31&x=%E2%82%AC+%25")).startsWith("HTTP/1.1 200 ");
        assertThat(get("/models?limit=1&limit=1")).startsWith("HTTP/1.1 200 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bogus", "utf-7", "\"x y\"", "%", "\u00e4"})
    void aCharsetThatNobodyKnowsIsABadRequest(String charset) {
        for (String call :
                List.of("POST /models?url=noop.mar", "PUT /models/noop?min_worker=3", "GET /models?limit=1")) {
            String answer = raw(call + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
                    + "Content-Type: text/plain; charset=" + charset + "\r\n\r\n{}");

            assertThat(answer).startsWith("HTTP/1.1 400 ").contains("charset");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-HTTP-Method-Override", "x-http-method-override", "X-HTTP-Method", "X-Method-Override"})
    void noHeaderPutsAnotherMethodInThePlaceOfTheRequests(String header) {
        HttpResponse<String> post =
                HostUnderTest.call(host.apis.management(), "POST", "/models/noop?_method=DELETE", "", header, "DELETE");
        HttpResponse<String> get = host.management("GET", "/models/noop", header, "DELETE");

        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(get.statusCode()).isEqualTo(200);
        assertThat(host.inference("POST", "/predictions/noop", "x", header, "GARBAGE x")
                        .statusCode())
                .isEqualTo(200);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            DELETE | /models                    | GET, HEAD, OPTIONS, POST
            PATCH  | /models/noop               | DELETE, GET, HEAD, OPTIONS, PUT
            POST   | /models/noop/1.0/set-default | OPTIONS, PUT
            HEAD   | /models/noop/1.0/set-default | OPTIONS, PUT
            TRACE  | /models                    | GET, HEAD, OPTIONS, POST
            FOO    | /models                    | GET, HEAD, OPTIONS, POST
            get    | /models                    | GET, HEAD, OPTIONS, POST
            BEFORE | /models                    | GET, HEAD, OPTIONS, POST
            AFTER  | /models                    | GET, HEAD, OPTIONS, POST
            QUERY  | /models                    | GET, HEAD, OPTIONS, POST
            DELETE | /snapshots                 | GET, HEAD, OPTIONS, POST
            """)
    void aMethodThatAPathHasNotIsToldWhichItHas(String method, String path, String allowed) {
        String answer =
                raw(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 405 ").contains("\r\nAllow: " + allowed + "\r\n");
    }

    @Test
    void whatASettingHasSwitchedOffIsNotAllowed() {
        try (HostUnderTest closed =
                new HostUnderTest(directory.resolve("closed"), Map.of("enable_model_api", "false"))) {
            assertThat(closed.management("POST", "/models?url=x").headers().firstValue("Allow"))
                    .hasValue("GET, HEAD, OPTIONS");
        }
    }

    @Test
    void optionsTellsWhatAPathMayBeAskedWith() {
        HttpResponse<String> answer = host.management("OPTIONS", "/models");

        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(answer.headers().firstValue("Allow")).hasValue("GET, HEAD, OPTIONS, POST");
        assertThat(host.management("OPTIONS", "/nothing").statusCode()).isEqualTo(404);
        assertThat(raw("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 204 ")
                .contains("\r\nAllow: GET, ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/models",
                "/models/noop",
                "/models/none",
                "/models/noop/9",
                "/snapshots",
                "/nothing",
                "/v2/models/x"
            })
    void headIsGetWithoutTheBody(String path) {
        String get = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        String head = raw("HEAD " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        assertThat(head).endsWith("\r\n\r\n");
        assertThat(withoutIds(head)).isEqualTo(withoutIds(get.substring(0, get.indexOf("\r\n\r\n") + 4)));
    }

    private static String withoutIds(String head) {
        return head.replaceAll("(?i)(x-request-id|date): [^\r]*\r\n", "");
    }

    @Test
    void headsThatAreTooLargeAreToldInTheShapeOfEveryError() {
        assertThat(get("/models/" + "a".repeat(9_000)))
                .startsWith("HTTP/1.1 414 ")
                .contains("\"code\": 414");
        assertThat(raw("GET /models HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(9_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ")
                .contains("\"code\": 431");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 4\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\r\nContent-Length: 4",
                "Content-Length: 4\r\nContent-Length: 5",
                "Transfer-Encoding: chunked, chunked",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: gzip",
                "Content-Length: -1",
                "Content-Length: 0x4",
                "Content-Length: 99999999999999999999"
            })
    void aBodyThatCouldEndInTwoPlacesIsRefusedAndTheConnectionClosed(String headers) {
        String answer = HostUnderTest.raw(
                host.apis.inference(),
                "POST /predictions/noop HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n\r\n0\r\n\r\n"
                        + "DELETE /models/noop HTTP/1.1\r\nHost: x\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 400 ");
        assertThat(answer.split("HTTP/1.1 ")).hasSize(2);
    }

    @Test
    void aBodyIsAskedForWhereTheCallerWaitsForThat() {
        String answer = HostUnderTest.raw(
                host.apis.inference(),
                "POST /predictions/sum HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"
                        + "Content-Length: 7\r\n\r\n[1,2,3]");

        assertThat(answer).contains("HTTP/1.1 200 ").endsWith("[6.0]");
    }

    @Test
    void anOfferOfAWebSocketIsPassedOver() {
        String answer = raw("GET /models HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 200").contains("\"modelName\"").doesNotContain("Set-Cookie");
    }

    @Test
    void nothingThatCallersSendIsAFailureOfTheHost() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        LogLines lines;
        // One of its own, for some of the requests are right.
        try (LogLines all = LogLines.ofAll(Level.WARN);
                HostUnderTest other = new HostUnderTest(directory.resolve("other"), Map.of())
                        .with("noop.mar")
                        .with("sum.mar")) {
            for (int i = 0; i < 400; i++) {
                ListenAddress address = i % 2 == 0 ? other.apis.management() : other.apis.inference();
                String request = RandomRequests.next(random);

                String answer = HostUnderTest.rawToTheEnd(address, request);

                assertThat(answer)
                        .as("seed %s, request %s: %s", seed, i, request)
                        .doesNotContain("HTTP/1.1 500")
                        .doesNotContain("Exception:")
                        .doesNotContain("\tat ");
            }
            lines = all;
        }
        assertThat(lines.events())
                .as("seed %s", seed)
                .noneMatch(line -> line.getLevel().isGreaterOrEqual(Level.ERROR))
                .noneMatch(line ->
                        line.getThrowableProxy() != null && line.getLevel().isGreaterOrEqual(Level.WARN));
    }
}
