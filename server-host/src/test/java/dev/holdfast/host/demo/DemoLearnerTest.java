package dev.holdfast.host.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.cli.CommandFailure;
import dev.holdfast.host.cli.HostApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

    private final List<Integer> taught = new CopyOnWriteArrayList<>();
    private final List<PassengerCount> series = series();
    private volatile String score = "0.5";
    private HostThatAnswers host;
    private HostApi api;
    private DemoLearner learner;

    /** A host that keeps what it is taught, and gives every row the same score. */
    @BeforeEach
    void listen() throws IOException {
        host = new HostThatAnswers(directory)
                .on("/models/taxi/train", body -> {
                    List<Integer> rows = rows(body);
                    taught.addAll(rows);
                    return "{\"trained\": " + rows.size() + "}";
                })
                .on(
                        "/predictions/taxi",
                        body -> rows(body).stream().map(row -> score).collect(Collectors.joining(",", "[", "]")));
        api = host.api();
        learner = new DemoLearner(host.screen(), series);
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

    private static List<Integer> rows(JsonNode body) {
        return StreamSupport.stream(body.spliterator(), false)
                .map(row -> row.required(0).intValue())
                .toList();
    }

    @AfterEach
    void close() {
        host.close();
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

        assertThat(host.printed()).containsPattern("2015-01-27 +0\\.87 +0\\.87 +0\\.0\\R");
    }

    @Test
    void aScoreThatDiffersInItsLastBitIsShownAndIsADifference() {
        List<Double> after = new ArrayList<>(SCORES);
        after.set(2, Math.nextUp(SCORES.get(2)));

        assertThat(learner.compare(SCORES, after)).isFalse();

        assertThat(host.printed()).containsPattern("2014-12-25 +0\\.85 +0\\.85\\d+ +1\\.1\\d*E-16\\R");
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
        assertThatThrownBy(() -> new DemoLearner(host.screen(), series.subList(0, 100)))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("2015-01-20 08:00:00");
    }

    @Test
    void aLineIsABeginAndItsPassengers() throws IOException {
        Path file = Files.writeString(directory.resolve("x.csv"), "2015-01-27 08:00:00,570\n");

        assertThat(PassengerCount.read(file)).containsExactly(new PassengerCount("2015-01-27 08:00:00", 570));
    }
}
