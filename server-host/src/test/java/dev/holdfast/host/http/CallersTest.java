package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.serving.VersionStatus;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Callers that close their connections while their requests wait or run. */
class CallersTest {

    @TempDir
    Path directory;

    private static String request(String path, String body) {
        return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static Socket send(HostUnderTest host, String requests) throws IOException {
        Socket socket = new Socket("127.0.0.1", host.apis.inference().port());
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(requests.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static int waiting(HostUnderTest host) {
        return host.serving.describeAll("slow").stream()
                .mapToInt(VersionStatus::pendingRequests)
                .sum();
    }

    @Test
    void requestsOfTwentyCallersThatHaveGoneHoldUpNobody() throws Exception {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("slow.mar")) {
            List<Socket> callers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                callers.add(send(host, request("/predictions/slow", "[1,2,3]")));
            }
            host.models.slowBegan.await();
            await().until(() -> waiting(host) == 19);
            CompletableFuture<HttpResponse<String>> last =
                    CompletableFuture.supplyAsync(() -> host.inference("POST", "/predictions/slow", "[4,5,6]"));
            await().until(() -> waiting(host) == 20);

            for (Socket caller : callers) {
                caller.close();
            }

            // The one that runs is ended, those that wait are dropped, and the last one runs.
            await().atMost(Duration.ofSeconds(60)).until(() -> waiting(host) == 0);
            assertThat(last).isNotDone();
            host.models.slow.countDown();
            assertThat(last.get().body()).isEqualTo("[15.0]");
            assertThat(host.metrics("/metrics?name[]=Requests4XX").body()).contains("20.0");
        }
    }

    @Test
    void whoSendsTheNextRequestBeforeTheAnswerIsStillThere() throws Exception {
        try (HostUnderTest host =
                        new HostUnderTest(directory, Map.of()).with("slow.mar").with("sum.mar");
                Socket caller = send(host, request("/predictions/slow", "[1,2,3]"))) {
            host.models.slowBegan.await();
            // Longer than the host waits before it looks after a caller for the first time.
            long begin = System.nanoTime();
            await().until(() -> System.nanoTime() - begin > 500_000_000L);
            caller.getOutputStream()
                    .write((request("/predictions/sum", "[4,5,6]") + request("/predictions/sum", "[7,8,9]"))
                            .getBytes(StandardCharsets.US_ASCII));
            long sent = System.nanoTime();
            await().until(() -> System.nanoTime() - sent > 500_000_000L);

            host.models.slow.countDown();

            StringBuilder answers = new StringBuilder();
            byte[] buffer = new byte[8192];
            while (!answers.toString().contains("[24.0]")) {
                int read = caller.getInputStream().read(buffer);
                assertThat(read).as(answers.toString()).isPositive();
                answers.append(new String(buffer, 0, read, StandardCharsets.US_ASCII));
            }
            assertThat(answers.toString()).containsSubsequence("[6.0]", "[15.0]", "[24.0]");
        }
    }

    @Test
    void whoClosesHalfOfTheConnectionIsToldWhyThereIsNoAnswer() throws Exception {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("slow.mar");
                Socket caller = send(host, request("/predictions/slow", "[1,2,3]"))) {
            host.models.slowBegan.await();

            caller.shutdownOutput();

            assertThat(new String(caller.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 499")
                    .contains("The caller closed the connection before the answer was ready.");
        }
    }
}
