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
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoLearnerTest {

    private static final List<Double> SCORES = List.of(0.8, 0.82, 0.85, 0.83, 0.87);

    @TempDir
    private Path directory;

    private final StringWriter printed = new StringWriter();
    private final List<Integer> taught = new CopyOnWriteArrayList<>();
    private final List<PassengerCount> series = series();
    private volatile String score = "0.5";
    private HttpServer server;
    private HostApi api;
    private DemoLearner learner;

    /** A host that keeps what it is taught, and gives every row the same score. */
    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/models/taxi/train", exchange -> {
            List<Integer> rows = rows(exchange);
            taught.addAll(rows);
            answer(exchange, "{\"trained\": " + rows.size() + "}");
        });
        server.createContext(
                "/predictions/taxi",
                exchange -> answer(
                        exchange,
                        rows(exchange).stream().map(row -> score).collect(Collectors.joining(",", "[", "]"))));
        server.start();
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        api = new HostApi(address, address, directory.resolve("no-keys.json"), directory);
        learner = new DemoLearner(screen(), series);
    }

    private DemoScreen screen() {
        PrintWriter out = new PrintWriter(printed);
        return new DemoScreen(new Surroundings(Map.of(), directory, Optional.empty(), directory, out, out, false));
    }

    /** As many passengers as half hours went before. */
    private static List<PassengerCount> series() {
        List<PassengerCount> series = new ArrayList<>();
        LocalDateTime begin = LocalDateTime.of(2014, 7, 1, 0, 0);
        while (begin.isBefore(LocalDateTime.of(2015, 2, 1, 0, 0))) {
            series.add(new PassengerCount(
                    begin.format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT)), series.size()));
            begin = begin.plusMinutes(30);
        }
        return series;
    }

    private static List<Integer> rows(HttpExchange exchange) throws IOException {
        JsonNode body = new ObjectMapper().readTree(exchange.getRequestBody());
        return StreamSupport.stream(body.spliterator(), false)
                .map(row -> row.required(0).intValue())
                .toList();
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
    void theWholeSeriesIsTaughtInOrderAndOnce() {
        learner.teach(api);
        assertThat(taught).hasSize(9760);

        learner.goOn(api);

        assertThat(taught)
                .containsExactlyElementsOf(
                        series.stream().map(PassengerCount::passengers).toList());
    }

    @Test
    void theSameScoresDifferByNothing() {
        assertThat(learner.compare(SCORES, SCORES)).isTrue();

        assertThat(printed.toString()).containsPattern("2015-01-27 +0\\.87 +0\\.87 +0\\.0\\R");
    }

    @Test
    void aScoreThatDiffersInItsLastBitIsShownAndIsADifference() {
        List<Double> after = new ArrayList<>(SCORES);
        after.set(2, Math.nextUp(SCORES.get(2)));

        assertThat(learner.compare(SCORES, after)).isFalse();

        assertThat(printed.toString()).containsPattern("2014-12-25 +0\\.85 +0\\.85\\d+ +1\\.1\\d*E-16\\R");
    }

    @Test
    void aScoreThatIsNoNumberIsNotTakenForOne() {
        score = "\"NaN\"";

        assertThatThrownBy(() -> learner.ask(api))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("NaN");
    }

    @Test
    void aSeriesThatLacksADayOfTheStoryIsRefused() {
        assertThatThrownBy(() -> new DemoLearner(screen(), series.subList(0, 100)))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("2015-01-20 08:00:00");
    }

    @Test
    void aLineIsABeginAndItsPassengers() throws IOException {
        Path file = Files.writeString(directory.resolve("x.csv"), "2015-01-27 08:00:00,570\n");

        assertThat(PassengerCount.read(file)).containsExactly(new PassengerCount("2015-01-27 08:00:00", 570));
    }
}
