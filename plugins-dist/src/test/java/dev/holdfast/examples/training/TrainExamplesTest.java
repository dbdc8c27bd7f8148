package dev.holdfast.examples.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainExamplesTest {

    @TempDir
    Path modelStore;

    @Test
    void trainingAgainWritesTheBytesOfTheCommittedModels() throws IOException {
        train();

        assertThat(filesOf(modelStore))
                .containsExactlyInAnyOrder(
                        "digits.onnx",
                        "digits-1.0/model.onnx",
                        "digits-2.0/model.onnx",
                        "digits-2.0.mar",
                        "iris-1.0/model.onnx",
                        "noop.mar")
                .allSatisfy(file -> assertThat(modelStore.resolve(file))
                        .hasSameBinaryContentAs(Examples.MODEL_STORE.resolve(file)));
    }

    @Test
    void trainingTellsTheAccuracyThatTheReadMeQuotes() throws IOException {
        String told = train();

        assertThat(Files.readString(Examples.MODEL_STORE.resolve("README.md")))
                .contains(told.lines().toList());
        assertThat(told.lines()).hasSize(3);
    }

    @Test
    void noHeldOutDigitIsTrainedOn() throws IOException {
        List<String> all = new ArrayList<>(Files.readAllLines(Examples.DIRECTORY.resolve("digits/training.csv")));
        List<String> heldOut = Files.readAllLines(Examples.DIRECTORY.resolve("digits/held-out.csv"));
        assertThat(all).hasSize(1437);
        assertThat(heldOut).hasSize(360);

        all.addAll(heldOut);

        assertThat(new HashSet<>(all)).hasSize(1797);
    }

    @Test
    void wrongNumberOfArgumentsIsToldWithWhatIsNeeded() {
        assertThatThrownBy(() -> TrainExamples.main(new String[] {"examples"}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Two arguments are needed, but there are 1:"
                        + " the directory of the examples, and the model store to write");
    }

    private String train() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new TrainExamples(Examples.DIRECTORY, modelStore, new PrintStream(out, true, StandardCharsets.UTF_8)).run();
        return out.toString(StandardCharsets.UTF_8);
    }

    private static List<String> filesOf(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString().replace('\\', '/'))
                    .toList();
        }
    }
}
