package dev.holdfast.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.holdfast.host.cli.CommandFailure;
import dev.holdfast.host.cli.HostApi;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The demo's model that learns while it is served: it is taught New York's taxis, half hour by half hour, and says of a
 * number of passengers how unusual it would be as the next one.
 *
 * <pre>
 *   teach ─▶ ask ─▶ [state stored, SIGKILL, start] ─▶ ask the same ─▶ compare ─▶ go on, a day at a time
 * </pre>
 */
final class DemoLearner {

    private static final String HOUR = " 08:00:00";
    private static final String TODAY = "2015-01-20";
    private static final List<Day> KNOWN = List.of(
            new Day(TODAY, "an ordinary Tuesday"),
            new Day("2014-11-27", "Thanksgiving"),
            new Day("2014-12-25", "Christmas"),
            new Day("2015-01-01", "New Year's Day"),
            new Day("2015-01-27", "a blizzard"));
    private static final int ROWS_OF_A_REQUEST = 2000;
    private static final int HALF_HOURS_OF_A_DAY = 48;

    private final DemoScreen screen;
    private final List<PassengerCount> series;
    private final int today;

    private record Day(String date, String what) {}

    /** @param series with eight o'clock of every day that the demo tells of */
    DemoLearner(DemoScreen screen, List<PassengerCount> series) {
        this.screen = screen;
        this.series = List.copyOf(series);
        this.today = eightOClock(TODAY);
    }

    private int eightOClock(String date) {
        for (int i = 0; i < series.size(); i++) {
            if (series.get(i).begin().equals(date + HOUR)) {
                return i;
            }
        }
        throw new CommandFailure("The demo's taxis have no half hour that begins at " + date + HOUR);
    }

    /** Teaches everything before today's eight o'clock. */
    void teach(HostApi api) {
        screen.call("POST /models/taxi/train");
        long taught = 0;
        for (int from = 0; from < today; from += ROWS_OF_A_REQUEST) {
            taught += train(api, series.subList(from, Math.min(today, from + ROWS_OF_A_REQUEST)));
        }
        screen.say("It has learned " + taught + " half hours, up to 8:00 on " + TODAY + ".");
    }

    private static long train(HostApi api, List<PassengerCount> lesson) {
        long trained =
                api.infer("/models/taxi/train", rows(lesson)).path("trained").asLong();
        if (trained != lesson.size()) {
            throw new CommandFailure(
                    "The model learned " + trained + " half hours of the " + lesson.size() + " that it was taught");
        }
        return trained;
    }

    /** How unusual the passengers of known mornings would be as the next half hour. */
    List<Double> ask(HostApi api) {
        screen.call("POST /predictions/taxi");
        return scores(
                api,
                KNOWN.stream().map(day -> series.get(eightOClock(day.date()))).toList());
    }

    private static List<Double> scores(HostApi api, List<PassengerCount> asked) {
        JsonNode answer = api.infer("/predictions/taxi", rows(asked));
        List<Double> scores = new ArrayList<>();
        for (JsonNode score : answer) {
            if (score.isNumber()) {
                scores.add(score.doubleValue());
            }
        }
        if (scores.size() != asked.size()) {
            throw new CommandFailure("The model did not give one score for each of " + asked.size()
                    + " half hours, but " + OneLine.of(answer.toString()));
        }
        return scores;
    }

    private static ArrayNode rows(List<PassengerCount> series) {
        ArrayNode rows = JsonNodeFactory.instance.arrayNode();
        series.forEach(halfHour -> rows.addArray().add(halfHour.passengers()));
        return rows;
    }

    /** Shows what {@link #ask} brought. */
    void show(List<Double> scores) {
        screen.say("How unusual would it be if now as many passengers came as at 8:00 on");
        for (int i = 0; i < KNOWN.size(); i++) {
            Day day = KNOWN.get(i);
            screen.say(String.format(
                    Locale.ROOT,
                    "  %s, %-19s  %6d passengers   score %.2f",
                    day.date(),
                    day.what(),
                    series.get(eightOClock(day.date())).passengers(),
                    scores.get(i)));
        }
    }

    /**
     * Shows the answers to the same questions side by side.
     *
     * @return whether no score differs, not by its last bit
     */
    boolean compare(List<Double> before, List<Double> after) {
        boolean same = true;
        screen.say(String.format(Locale.ROOT, "%-12s %-20s %-20s %s", "", "score before", "score after", "difference"));
        for (int i = 0; i < KNOWN.size(); i++) {
            double difference = after.get(i) - before.get(i);
            same &= difference == 0.0;
            screen.say(String.format(
                    Locale.ROOT, "%-12s %-20s %-20s %s", KNOWN.get(i).date(), before.get(i), after.get(i), difference));
        }
        return same;
    }

    /** Teaches the rest, a day at a time, and asks each morning before. */
    void goOn(HostApi api) {
        PassengerCount strangest = series.get(today);
        double highest = 0;
        for (int from = today; from < series.size(); from += HALF_HOURS_OF_A_DAY) {
            PassengerCount morning = series.get(from);
            double score = scores(api, List.of(morning)).get(0);
            train(api, series.subList(from, Math.min(series.size(), from + HALF_HOURS_OF_A_DAY)));
            screen.say(String.format(
                    Locale.ROOT,
                    "%s  %6d passengers   score %.2f",
                    morning.begin().substring(0, TODAY.length()),
                    morning.passengers(),
                    score));
            if (score > highest) {
                highest = score;
                strangest = morning;
            }
        }
        screen.say("The strangest morning was that of "
                + strangest.begin().substring(0, TODAY.length())
                + (strangest.begin().equals("2015-01-27" + HOUR) ? ": a blizzard, and driving was forbidden." : "."));
    }
}
