package dev.holdfast.host.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.holdfast.host.cli.CommandFailure;
import dev.holdfast.host.cli.HostApi;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The demo's classifier of texts: it is taught paragraphs of three novels, and says who wrote others. */
final class DemoClassifier {

    private static final int SHOWN_CHARACTERS = 44;

    private final DemoScreen screen;
    private final List<Paragraph> lesson;
    private final List<Paragraph> asked;

    /**
     * What the classifier says of a paragraph.
     *
     * @param score of the author whom it names, exactly as it was answered
     */
    record Guess(String author, double score) {}

    /** @param asked paragraphs that are not in the lesson */
    DemoClassifier(DemoScreen screen, List<Paragraph> lesson, List<Paragraph> asked) {
        this.screen = screen;
        this.lesson = List.copyOf(lesson);
        this.asked = List.copyOf(asked);
    }

    void teach(HostApi api) {
        screen.call("POST /models/authors/train");
        ArrayNode examples = JsonNodeFactory.instance.arrayNode();
        for (Paragraph paragraph : lesson) {
            examples.addObject()
                    .put("label", paragraph.author())
                    .putObject("data")
                    .put("text", paragraph.text());
        }
        long trained =
                api.infer("/models/authors/train", examples).path("trained").asLong();
        if (trained != lesson.size()) {
            throw new CommandFailure("The classifier learned " + trained + " paragraphs of the " + lesson.size()
                    + " that it was taught");
        }
        screen.say("It has learned " + trained + " paragraphs, each with its author.");
    }

    /** What it says of every paragraph that it was not taught. */
    List<Guess> ask(HostApi api) {
        screen.call("POST /predictions/authors");
        ArrayNode texts = JsonNodeFactory.instance.arrayNode();
        asked.forEach(paragraph -> texts.addObject().put("text", paragraph.text()));
        JsonNode answer = api.infer("/predictions/authors", texts);
        List<Guess> guesses = new ArrayList<>();
        for (JsonNode one : answer) {
            String author = one.path("label").asText();
            JsonNode score = one.path("scores").path(author);
            if (score.isNumber()) {
                guesses.add(new Guess(author, score.doubleValue()));
            }
        }
        if (guesses.size() != asked.size()) {
            throw new CommandFailure("The classifier did not answer for each of " + asked.size() + " paragraphs, but "
                    + OneLine.of(answer.toString()));
        }
        return guesses;
    }

    /** Shows one paragraph of each author, and how many were guessed right. */
    void show(List<Guess> guesses) {
        for (int i : oneOfEachAuthor()) {
            Paragraph paragraph = asked.get(i);
            String author = guesses.get(i).author();
            screen.say(String.format(
                    Locale.ROOT,
                    "%-46s says %-8s truth %s",
                    begin(paragraph),
                    author,
                    paragraph.author() + (author.equals(paragraph.author()) ? "" : "  wrong")));
        }
        long right = 0;
        for (int i = 0; i < asked.size(); i++) {
            right += guesses.get(i).author().equals(asked.get(i).author()) ? 1 : 0;
        }
        screen.say("It knows who wrote " + right + " of the " + asked.size() + " paragraphs that it has never seen: "
                + DemoScreen.percent((double) right / asked.size()));
    }

    /**
     * Shows the answers to the same questions side by side.
     *
     * @return whether no score differs, not by its last bit
     */
    boolean compare(List<Guess> before, List<Guess> after) {
        screen.say(String.format(Locale.ROOT, "%-12s %-20s %-20s", "", "score before", "score after"));
        for (int i : oneOfEachAuthor()) {
            screen.say(String.format(
                    Locale.ROOT,
                    "%-12s %-20s %-20s",
                    before.get(i).author(),
                    before.get(i).score(),
                    after.get(i).score()));
        }
        return before.equals(after);
    }

    private List<Integer> oneOfEachAuthor() {
        Set<String> seen = new HashSet<>();
        List<Integer> first = new ArrayList<>();
        for (int i = 0; i < asked.size(); i++) {
            if (seen.add(asked.get(i).author())) {
                first.add(i);
            }
        }
        return first;
    }

    private static String begin(Paragraph paragraph) {
        String text = paragraph.text();
        return text.length() <= SHOWN_CHARACTERS
                ? text
                : text.substring(0, SHOWN_CHARACTERS - 3).strip() + "...";
    }
}
