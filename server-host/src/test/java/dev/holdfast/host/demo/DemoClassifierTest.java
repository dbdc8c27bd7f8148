package dev.holdfast.host.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.holdfast.host.cli.CommandFailure;
import dev.holdfast.host.cli.HostApi;
import dev.holdfast.host.cli.Surroundings;
import dev.holdfast.host.demo.DemoClassifier.Guess;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoClassifierTest {

    private static final List<Paragraph> ASKED = List.of(
            new Paragraph("Austen", "It is a truth universally acknowledged, that a single man"),
            new Paragraph("Doyle", "To Sherlock Holmes she is always THE woman."));

    @TempDir
    private Path directory;

    private final StringWriter printed = new StringWriter();
    private HttpServer server;
    private HostApi api;
    private volatile String answer = "[{\"label\": \"Austen\", \"scores\": {\"Austen\": 0.5}},"
            + " {\"label\": \"Austen\", \"scores\": {\"Austen\": 0.25, \"Doyle\": 0.1}}]";
    private volatile JsonNode taught;
    private DemoClassifier classifier;

    /** A host that learns everything, and gives one answer. */
    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/models/authors/train", exchange -> {
            taught = new ObjectMapper().readTree(exchange.getRequestBody());
            answer(exchange, "{\"trained\": " + taught.size() + "}");
        });
        server.createContext("/predictions/authors", exchange -> answer(exchange, answer));
        server.start();
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        api = new HostApi(address, address, directory.resolve("no-keys.json"), directory);
        PrintWriter out = new PrintWriter(printed);
        DemoScreen screen =
                new DemoScreen(new Surroundings(Map.of(), directory, Optional.empty(), directory, out, out, false));
        classifier = new DemoClassifier(screen, List.of(new Paragraph("Shelley", "I am by birth a Genevese")), ASKED);
    }

    private static void answer(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        try (exchange) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    @Test
    void eachParagraphIsTaughtWithItsAuthor() {
        classifier.teach(api);

        assertThat(taught.toString())
                .isEqualTo("[{\"label\":\"Shelley\",\"data\":{\"text\":\"I am by birth a Genevese\"}}]");
    }

    @Test
    void aWrongGuessIsShownAsOne() {
        classifier.show(classifier.ask(api));

        assertThat(printed.toString())
                .containsPattern("says Austen +truth Austen\\R")
                .containsPattern("says Austen +truth Doyle  wrong\\R")
                .contains("It knows who wrote 1 of the 2 paragraphs that it has never seen: 50.0 %");
    }

    @Test
    void aScoreThatDiffersInItsLastBitIsADifference() {
        List<Guess> before = classifier.ask(api);
        assertThat(classifier.compare(before, classifier.ask(api))).isTrue();

        List<Guess> after = List.of(before.get(0), new Guess("Austen", Math.nextUp(0.25)));

        assertThat(classifier.compare(before, after)).isFalse();
    }

    @Test
    void anAnswerWithoutAScoreIsNotTakenForOne() {
        answer = "[{\"label\": \"Austen\", \"scores\": {}}]";

        assertThatThrownBy(() -> classifier.ask(api))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("each of 2 paragraphs");
    }

    @Test
    void aLineIsAnAuthorAndAParagraph() throws IOException {
        Path file = Files.writeString(directory.resolve("x.tsv"), "Doyle\t\"Quite so,\" he answered.\n");

        assertThat(Paragraph.read(file)).containsExactly(new Paragraph("Doyle", "\"Quite so,\" he answered."));
    }
}
