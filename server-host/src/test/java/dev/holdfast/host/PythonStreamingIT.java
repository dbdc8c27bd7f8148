package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.http.HttpApis;
import dev.holdfast.testsupport.LogLines;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a handler gives in pieces is sent in chunks, each when it comes; and whatever happens in the middle can be seen. */
@Timeout(300)
class PythonStreamingIT {

    private static final int MOST = 100_000;

    /** Streams as its request tells it: words; a word with a '/' is a file that it waits for. */
    private static final String WORDS = """
            import os, time
            from ts.handler_utils.utils import send_intermediate_predict_response

            def handle(data, context):
                if data is None:
                    return None
                words = [bytes(row["body"]).decode().split(" ") for row in data]
                context.set_response_content_type(0, "text/x-words")
                context.set_response_header(0, "X-Explain", context.get_request_header(0, "explain"))
                while any(len(left) > 1 for left in words):
                    given, ids = {}, {}
                    for i, left in enumerate(words):
                        if len(left) > 1:
                            given[i], ids[i] = say(left.pop(0), context), context.get_request_id(i)
                    send_intermediate_predict_response(given, ids, "", 200, context)
                return [say(left[0], context) for left in words]

            def say(word, context):
                if word.startswith("/"):
                    while not os.path.exists(word):
                        time.sleep(0.01)
                if word == "endless":
                    while True:
                        send_intermediate_predict_response(["x"], {0: context.get_request_id(0)}, "", 200, context)
                        time.sleep(0.01)
                if word == "hang":
                    time.sleep(600)
                if word == "raise":
                    raise ValueError("in the middle")
                if word == "exit":
                    os._exit(1)
                if word == "status":
                    context.set_response_status(42, "", 0)
                if word.startswith("size="):
                    return "x" * int(word[5:])
                return word + "\\n"
            """;

    @RegisterExtension
    final LogLines log = new LogLines(HttpApis.class);

    @TempDir
    static Path store;

    @TempDir
    static Path logs;

    @TempDir
    static Path files;

    private static PythonHost host;

    @BeforeAll
    static void startHost() throws Exception {
        PythonArchives.assumePython();
        host = new PythonHost(store, logs, Map.of("max_response_size", String.valueOf(MOST)));
        host.register("words", WORDS);
    }

    @AfterAll
    static void stopHost() {
        if (host != null) {
            host.close();
        }
    }

    private static Socket ask(String path, String body) throws IOException {
        return ask(host, path, body);
    }

    private static Socket ask(PythonHost asked, String path, String body) throws IOException {
        Socket socket = asked.connect();
        socket.setSoTimeout(120_000);
        socket.getOutputStream()
                .write(("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: a/b\r\nContent-Length: "
                                + body.length() + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** What comes up to, and with, a text; or all that comes before the connection is closed. */
    private static String until(InputStream in, String end) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        int next = in.read();
        while (next >= 0) {
            read.write(next);
            if (!end.isEmpty() && read.toString(StandardCharsets.US_ASCII).endsWith(end)) {
                break;
            }
            next = in.read();
        }
        return read.toString(StandardCharsets.US_ASCII);
    }

    /** What chunks hold, up to the last one. */
    private static String chunked(InputStream in) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(until(in, "\r\n").strip(), 16);
            all.writeBytes(in.readNBytes(size));
            in.skipNBytes(2);
            if (size == 0) {
                return all.toString(StandardCharsets.US_ASCII);
            }
        }
    }

    /** Whether an answer comes to its last chunk before its connection ends, in whatever way. */
    private static boolean isWhole(InputStream in) {
        try {
            return until(in, "\r\n0\r\n\r\n").endsWith("\r\n0\r\n\r\n");
        } catch (IOException e) {
            return false;
        }
    }

    private static String pid(String model) throws IOException, InterruptedException {
        return host.worker(model).path("pid").asText();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/predictions/words",
                "/predictions/words/1.0",
                "/v1/models/words:predict",
                "/v1/models/words:explain",
                "/explanations/words",
                "/v2/models/words/infer"
            })
    void eachPieceIsAChunkThatIsSentWhenItComes(String path) throws Exception {
        Path signal = files.resolve(path.replaceAll("\\W", "-"));

        try (Socket socket = ask(path, "one two " + signal + " three")) {
            InputStream in = socket.getInputStream();
            String head = until(in, "\r\n\r\n");
            String before = until(in, "two\n");
            Files.createFile(signal);
            String after = until(in, "0\r\n\r\n");

            assertThat(head)
                    .startsWith("HTTP/1.1 200 ")
                    .contains("Transfer-Encoding: chunked", "Content-Type: text/x-words")
                    .contains("X-Explain: " + (path.contains("expl") ? "True" : "False"))
                    .doesNotContain("Content-Length", "ts_stream_next");
            assertThat(before).isEqualTo("4\r\none\n\r\n4\r\ntwo\n");
            assertThat(after).contains(signal + "\n\r\n").endsWith("\r\n6\r\nthree\n\r\n0\r\n\r\n");
        }
    }

    @Test
    void aConnectionTakesTheNextRequestAfterAnAnswerInPieces() throws Exception {
        try (Socket socket = ask("/predictions/words", "one two")) {
            until(socket.getInputStream(), "0\r\n\r\n");
            socket.getOutputStream()
                    .write(("POST /predictions/words HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: a/b\r\n"
                                    + "Content-Length: 5\r\n\r\nwhole")
                            .getBytes(StandardCharsets.US_ASCII));

            assertThat(until(socket.getInputStream(), "whole\n")).contains("Content-Length: 6");
        }
    }

    @Test
    void theAnswersOfABatchMayHaveDifferentNumbersOfPieces() throws Exception {
        host.register("batched", WORDS, "&batch_size=3&max_batch_delay=60000");

        List<CompletableFuture<HttpResponse<String>>> answers = List.of("a b c", "d", "e f").stream()
                .map(words -> host.predictLater("/predictions/batched", words))
                .toList();

        assertThat(answers).map(answer -> answer.join().body()).containsExactly("a\nb\nc\n", "d\n", "e\nf\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"raise", "exit"})
    void aFailureInTheMiddleClosesTheConnectionWithoutTheLastChunk(String how) throws Exception {
        try (Socket socket = ask("/predictions/words", "one " + how + " two")) {
            String all = until(socket.getInputStream(), "");

            assertThat(all).startsWith("HTTP/1.1 200 ").endsWith("4\r\none\n");
        }
        assertThat(host.predict("/predictions/words", "next").body()).isEqualTo("next\n");
        await().untilAsserted(() -> assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains("was broken off after a part of it was sent: ")
                .contains(how.equals("exit") ? "exit code 1" : "Prediction failed"));
    }

    @Test
    void aStatusThatHttpDoesNotHaveIsToldBeforeAnythingIsSent() throws Exception {
        assertThat(host.predict("/predictions/words", "status one two").statusCode())
                .isEqualTo(500);
        assertThat(host.predict("/predictions/words", "next").body()).isEqualTo("next\n");
    }

    @Test
    void aPieceThatIsTooLargeBreaksTheAnswerOffAndAllTogetherMayBeLarger() throws Exception {
        String large = "size=" + (MOST - 1);

        assertThat(host.predict("/predictions/words", large + " " + large + " " + large)
                        .body())
                .hasSize(3 * (MOST - 1));
        try (Socket socket = ask("/predictions/words", "one size=" + (MOST + 1) + " two")) {
            assertThat(until(socket.getInputStream(), "")).endsWith("4\r\none\n");
        }
        assertThat(host.predict("/predictions/words", "size=" + (MOST + 1) + " two")
                        .body())
                .contains("larger than max_response_size, " + MOST + " bytes");
    }

    @Test
    void theResponseTimeoutCountsAnewWithEachPieceAndEndsAWorkerThatGivesNone() throws Exception {
        host.register("slow", """
                import time
                from ts.handler_utils.utils import send_intermediate_predict_response

                def handle(data, context):
                    if data is None:
                        return None
                    for _ in range(8):
                        time.sleep(0.3)
                        send_intermediate_predict_response(["x"], context.request_ids, "", 200, context)
                    if bytes(data[0]["body"]) == b"hang":
                        time.sleep(600)
                    return ["y"]
                """, "&response_timeout=2");
        String before = pid("slow");

        assertThat(host.predict("/predictions/slow", "").body()).isEqualTo("xxxxxxxxy");
        assertThat(pid("slow")).isEqualTo(before);
        try (Socket socket = ask("/predictions/slow", "hang")) {
            assertThat(until(socket.getInputStream(), "")).endsWith("1\r\nx");
        }
        assertThat(host.predict("/predictions/slow", "").body()).isEqualTo("xxxxxxxxy");
        assertThat(pid("slow")).isNotEqualTo(before);
    }

    @Test
    void aCallerThatGoesAwayCostsTheWorkerNothingWhereTheHandlerComesToItsEnd() throws Exception {
        Path signal = files.resolve("gone");
        String before = pid("words");
        try (Socket socket = ask("/predictions/words", "one two " + signal + " three")) {
            until(socket.getInputStream(), "two\n");
        }
        Files.createFile(signal);

        assertThat(host.predict("/predictions/words", "next").body()).isEqualTo("next\n");
        assertThat(pid("words")).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"one endless", "hang"})
    void aHandlerThatGoesOnForNobodyIsEndedAfterTheResponseTimeout(String what) throws Exception {
        String model = "nobody-" + what.substring(what.length() - 4);
        host.register(model, WORDS, "&response_timeout=2");
        String before = pid(model);
        try (Socket socket = ask("/predictions/" + model, what)) {
            if (what.startsWith("one")) {
                until(socket.getInputStream(), "x");
            } else {
                await().until(() -> host.describe(model)
                                .path("jobQueueStatus")
                                .path("pendingRequests")
                                .asInt()
                        == 0);
            }
        }

        await().atMost(Duration.ofSeconds(60)).until(() -> !pid(model).equals(before));
        assertThat(host.predict("/predictions/" + model, "next").body()).isEqualTo("next\n");
    }

    /** With a call inside a call for each piece, so many would be more than a thread's stack holds. */
    @Test
    void manyTinyPiecesThatHaveWaitedForTheCallerAllCome(@TempDir Path theirStore, @TempDir Path theirLogs)
            throws Exception {
        int large = 32 << 20;
        String tiny = " 123456789".repeat(30_000);
        try (PythonHost roomy = new PythonHost(
                theirStore, theirLogs, Map.of("max_response_size", "100000000", "max_request_size", "10000000"))) {
            roomy.register("words", WORDS);
            try (Socket socket = ask(roomy, "/predictions/words", "size=" + large + tiny)) {
                InputStream in = socket.getInputStream();
                assertThat(until(in, "\r\n\r\n")).startsWith("HTTP/1.1 200");
                // The one worker is done with the other answer then; its pieces wait behind the large one.
                assertThat(roomy.predict("/predictions/words", "next").body()).isEqualTo("next\n");

                assertThat(chunked(new BufferedInputStream(in, 1 << 16)))
                        .isEqualTo("x".repeat(large) + "123456789\n".repeat(30_000));
            }
        }
    }

    @Test
    void aCallerThatTakesNothingIsCutOffAndTheWorkerGoesOn() throws Exception {
        String piece = " size=" + (MOST - 1);
        try (Socket socket = ask("/predictions/words", "one" + piece.repeat(300))) {
            until(socket.getInputStream(), "one\n");

            assertThat(host.predict("/predictions/words", "next").body()).isEqualTo("next\n");
            await().untilAsserted(() -> assertThat(log.warnings())
                    .singleElement()
                    .asString()
                    .contains("its caller has not taken", "max_response_size, " + MOST + " bytes"));
            assertThat(isWhole(socket.getInputStream())).isFalse();
        }
    }
}
