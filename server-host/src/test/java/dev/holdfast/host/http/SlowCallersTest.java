package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.wire.Scope;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Callers that take long to say what they want, over real sockets: they hold nothing that others need, and are cut off. */
class SlowCallersTest {

    private static final int MANY = 200;

    @TempDir
    private Path directory;

    private final List<Socket> sockets = new ArrayList<>();
    private HostUnderTest host;

    @AfterEach
    void stop() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        host.close();
    }

    private void start(String... settings) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        host = new HostUnderTest(directory, all).with("sum.mar").with("echo.mar");
    }

    private Socket begin(ListenAddress address, String text) throws IOException {
        Socket socket = new Socket(address.host(), address.port());
        sockets.add(socket);
        socket.setSoTimeout(60_000);
        send(socket, text);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private static String answer(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String predictions(String headers) {
        return "POST /predictions/sum HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n\r\n";
    }

    private void predictionsAndProbesAreAnswered() {
        assertThat(host.inference("POST", "/predictions/sum", "[1,2,3]").body()).isEqualTo("[6.0]");
        assertThat(host.inference("GET", "/ping", "").statusCode()).isEqualTo(200);
        assertThat(host.inference("GET", "/v2/health/live", "").statusCode()).isEqualTo(200);
    }

    @Test
    void manyBodiesThatTrickleHoldNoThread() throws IOException {
        start("request_least_rate", "0");
        for (int i = 0; i < MANY; i++) {
            begin(host.apis.inference(), predictions("Connection: close\r\nContent-Length: 7") + "[1");
        }

        predictionsAndProbesAreAnswered();
        for (Socket socket : sockets) {
            send(socket, ",");
        }
        predictionsAndProbesAreAnswered();
        for (Socket socket : sockets) {
            send(socket, "2,3]");
            assertThat(answer(socket)).startsWith("HTTP/1.1 200 ").endsWith("[6.0]");
        }
    }

    @Test
    void manyHeadsThatTrickleHoldNoThread() throws IOException {
        start();
        for (int i = 0; i < MANY; i++) {
            begin(host.apis.inference(), "POST /predictions/sum HTTP/1.1\r\nHo");
        }

        predictionsAndProbesAreAnswered();
        for (Socket socket : sockets) {
            send(socket, "st: x\r\nConnection: close\r\nContent-Length: 7\r\n\r\n[1,2,3]");
            assertThat(answer(socket)).endsWith("[6.0]");
        }
    }

    @Test
    void aBodyThatComesTooSlowlyIsCutOff() throws IOException {
        start("request_least_rate", "1000");

        Socket socket = begin(host.apis.inference(), predictions("Content-Length: 7") + "[1");

        assertThat(answer(socket))
                .startsWith("HTTP/1.1 408 ")
                .contains("\r\nConnection: close\r\n")
                .contains("slowly than request_least_rate, 1000 bytes a second");
    }

    @Test
    void aBodyInPiecesIsBoundByTheSameRules() throws IOException {
        start("request_body_timeout", "1", "request_least_rate", "0");

        Socket socket = begin(host.apis.inference(), predictions("Transfer-Encoding: chunked") + "2\r\n[1\r\n");

        assertThat(answer(socket))
                .startsWith("HTTP/1.1 408 ")
                .contains("did not arrive whole within request_body_timeout, 1 s");
    }

    @Test
    void aHeadThatIsNotWholeInTimeIsCutOffAlsoAfterARequestOnTheSameConnection() throws IOException {
        start("request_head_timeout", "1");
        Socket first = begin(host.apis.inference(), "GET /ping HTTP/1.1\r\nHo");
        Socket second = begin(host.apis.inference(), predictions("Content-Length: 7") + "[1,2,3]");
        byte[] answered = new byte[1];
        assertThat(second.getInputStream().read(answered)).isEqualTo(1);
        send(second, "GET /pi");
        Socket idle = begin(host.apis.inference(), "");

        assertThat(answer(first))
                .startsWith("HTTP/1.1 408 ")
                .contains("did not arrive whole within request_head_timeout, 1 s");
        assertThat(answer(second)).contains("[6.0]").contains("HTTP/1.1 408 ");
        // Who has not begun is only idle.
        send(idle, "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(answer(idle)).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void aLargeBodyInManyPiecesArrivesWhole() throws IOException {
        start("max_request_size", "3000000");
        String text = "0123456789".repeat(250_000);

        Socket socket = begin(
                host.apis.inference(),
                "POST /predictions/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < text.length(); i += 100_000) {
            send(socket, "186a0\r\n" + text.substring(i, i + 100_000) + "\r\n");
        }
        send(socket, "0\r\n\r\n");

        assertThat(answer(socket)).endsWith("\r\n\r\n" + text);
    }

    @Test
    void aBodyInPiecesThatGrowsTooLargeIsRefused() throws IOException {
        start("max_request_size", "1000");

        Socket socket = begin(host.apis.inference(), predictions("Transfer-Encoding: chunked"));
        send(socket, "3e9\r\n" + "x".repeat(1001) + "\r\n");

        assertThat(answer(socket)).startsWith("HTTP/1.1 413 ");
    }

    @Test
    void aBodyThatBreaksOffIsNotAFailureOfTheHost() throws IOException {
        start();

        Socket socket = begin(host.apis.inference(), predictions("Content-Length: 7") + "[1");
        socket.shutdownOutput();

        assertThat(answer(socket)).startsWith("HTTP/1.1 4");
    }

    @Test
    void aStrangersBodyIsNotWaitedFor() throws IOException {
        start("disable_token_authorization", "false");

        Socket socket = begin(host.apis.inference(), predictions("Content-Length: 7") + "[1");

        assertThat(answer(socket)).startsWith("HTTP/1.1 401 ");
    }

    @Test
    void connectionsBeyondTheLimitAreTurnedAwayUntilOneIsFree() throws IOException {
        start("max_connections", "3");
        List<Socket> taken = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Socket socket = begin(host.apis.metricsAddress(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            taken.add(socket);
        }

        assertThat(answer(begin(host.apis.metricsAddress(), "")))
                .startsWith("HTTP/1.1 503 ")
                .contains("\r\nRetry-After: 5\r\n")
                .contains("more connections than max_connections, 3");
        // Each listener has a count of its own.
        assertThat(host.management("GET", "/models").statusCode()).isEqualTo(200);

        taken.get(0).close();
        Awaitility.await().until(() -> host.metrics("/metrics").statusCode() == 200);
    }

    @Test
    void whoIsTurnedAwayCanReadWhyAlsoWhileItStillSends() throws IOException {
        start("max_connections", "1");
        Socket taken = begin(host.apis.metricsAddress(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(taken.getInputStream().read()).isEqualTo('H');
        Socket socket = begin(host.apis.metricsAddress(), "POST /metrics HTTP/1.1\r\nHost: x\r\n");
        assertThat(socket.getInputStream().read()).isEqualTo('H');

        // Its answer is there. Had the host closed the connection, the first of these would end it, and the others
        // fail.
        for (int i = 0; i < 100; i++) {
            send(socket, "X-Header: " + "x".repeat(1000) + "\r\n");
        }

        assertThat(answer(socket)).startsWith("TTP/1.1 503 ").contains("more connections than max_connections, 1");
        // The one that is being let go of does not count.
        taken.close();
        Awaitility.await().until(() -> host.metrics("/metrics").statusCode() == 200);
    }

    @Test
    void whoSendsALargeBodyThatIsRefusedCanReadWhy() throws IOException {
        start("max_request_size", "1000");
        int size = 4_000_000;

        Socket socket = begin(
                host.apis.inference(),
                "POST /predictions/echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + "\r\n\r\n");
        assertThat(socket.getInputStream().read()).isEqualTo('H');
        send(socket, "x".repeat(size));

        assertThat(answer(socket)).startsWith("TTP/1.1 413 ");
    }

    private Socket ask(String body) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        // So that the system takes little of the answer in the caller's place.
        socket.setReceiveBufferSize(4096);
        socket.setSoTimeout(60_000);
        ListenAddress address = host.apis.inference();
        socket.connect(new InetSocketAddress(address.host(), address.port()));
        send(
                socket,
                "POST /predictions/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + body.length()
                        + "\r\n\r\n" + body);
        assertThat(socket.getInputStream().read()).isEqualTo('H');
        return socket;
    }

    @Test
    void manyCallersThatDoNotTakeTheirLargeAnswersHoldNoThread() throws IOException {
        start();
        String large = "0123456789".repeat(300_000);
        for (int i = 0; i < 20; i++) {
            ask(large);
        }

        predictionsAndProbesAreAnswered();
        assertThat(host.inference("POST", "/predictions/echo", large).body()).isEqualTo(large);
        assertThat(answer(sockets.get(0))).endsWith(large);
    }

    @Test
    void whoDoesNotTakeAnAnswerInTimeIsCutOff() throws IOException {
        start("response_body_timeout", "1");
        Socket socket = ask("0123456789".repeat(500_000));

        Awaitility.await().until(() -> {
            try {
                send(socket, "x");
                return false;
            } catch (IOException cutOff) {
                return true;
            }
        });
        predictionsAndProbesAreAnswered();
    }

    @Test
    void oneAddressGetsNoMoreThanItsShare() throws IOException {
        start("max_connections_per_address", "2");
        for (int i = 0; i < 2; i++) {
            Socket socket = begin(host.apis.metricsAddress(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(socket.getInputStream().read()).isEqualTo('H');
        }

        assertThat(answer(begin(host.apis.metricsAddress(), "")))
                .startsWith("HTTP/1.1 503 ")
                .contains("max_connections_per_address, 2");
    }

    @Test
    void anAddressIsChargedForNoConnectionThatIsClosed() throws IOException {
        start("max_connections_per_address", "2");

        for (int i = 0; i < 10; i++) {
            String get = "GET /metrics HTTP/1.1\r\nHost: x\r\n" + (i % 2 == 0 ? "Connection: close\r\n" : "") + "\r\n";
            // The host hears of an end a moment later than the caller.
            Awaitility.await().until(() -> {
                try (Socket socket = begin(host.apis.metricsAddress(), get)) {
                    byte[] line = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
                    return new String(line, StandardCharsets.US_ASCII).equals("HTTP/1.1 200");
                }
            });
        }
    }

    @Test
    void probesAreAnsweredWhileCallsHoldAllOtherThreads() throws Exception {
        start();
        CountDownLatch held = new CountDownLatch(8);
        CountDownLatch free = new CountDownLatch(1);
        Route holding = Route.get("/holding", Scope.NONE, context -> {
            held.countDown();
            free.await();
        });
        Route ping = Route.get("/ping", Scope.NONE, context -> context.result("pong"));
        try (Listener listener =
                BareListener.start("held", Duration.ofSeconds(10), directory, List.of(holding, ping))) {
            for (int i = 0; i < MANY; i++) {
                begin(listener.address(), "GET /holding HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            }
            held.await();

            assertThat(HostUnderTest.call(listener.address(), "GET", "/ping", "")
                            .body())
                    .isEqualTo("pong");
            free.countDown();
            for (Socket socket : sockets) {
                assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    @Test
    void aRateIsCountedFromTheBeginning() {
        start();
        CallerLimits limits =
                new CallerLimits(0, 0, Duration.ofSeconds(1), Duration.ofSeconds(100), 1000, 1, Duration.ofSeconds(1));

        assertThat(limits.slow(0, CallerLimits.GRACE)).isEmpty();
        assertThat(limits.slow(9_999, Duration.ofSeconds(10))).contains("request_least_rate");
        assertThat(limits.slow(10_000, Duration.ofSeconds(10))).isEmpty();
        assertThat(limits.slow(1_000_000_000, Duration.ofMillis(100_001))).contains("request_body_timeout, 100 s");
    }
}
