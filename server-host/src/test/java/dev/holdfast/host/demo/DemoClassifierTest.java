package dev.holdfast.host.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.cli.CommandFailure;
import dev.holdfast.host.cli.HostApi;
import dev.holdfast.host.demo.DemoClassifier.Guess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    private HostThatAnswers host;
    private volatile String answer = "[{\"label\": \"Austen\", \"scores\": {\"Austen\": 0.5}},"
            + " {\"label\": \"Austen\", \"scores\": {\"Austen\": 0.25, \"Doyle\": 0.1}}]";
    private volatile JsonNode taught;
    private HostApi api;
    private DemoClassifier classifier;

    /** A host that learns everything, and gives one answer. */
    @BeforeEach
    void listen() throws IOException {
        host = new HostThatAnswers(directory)
                .on("/models/authors/train", body -> {
                    taught = body;
                    return "{\"trained\": " + body.size() + "}";
                })
                .on("/predictions/authors", body -> answer);
        api = host.api();
        classifier =
                new DemoClassifier(host.screen(), List.of(new Paragraph("Shelley", "I am by birth a Genevese")), ASKED);
    }

    @AfterEach
    void close() {
        host.close();
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

        assertThat(host.printed())
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
