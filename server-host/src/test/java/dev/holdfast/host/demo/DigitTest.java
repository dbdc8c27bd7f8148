package dev.holdfast.host.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitTest {

    @Test
    void aLineIsALabelAndItsPixels(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("x.csv"), "7" + ",16".repeat(8) + ",0".repeat(56) + "\n");

        List<Digit> digits = Digit.read(file);

        assertThat(digits).singleElement().extracting(Digit::label).isEqualTo(7);
        assertThat(digits.get(0).row(0)).isEqualTo("@".repeat(16));
        assertThat(digits.get(0).row(1)).isEqualTo(" ".repeat(16));
        assertThatThrownBy(() -> new Digit(1, List.of(1, 2))).hasMessageContaining("64 pixels");
    }

    @Test
    void theMostProbableDigitIsTheAnswer() {
        List<Double> probabilities = new ArrayList<>(Collections.nCopies(10, 0.05));
        probabilities.set(4, 0.55);

        DigitAnswer answer = new DigitAnswer(probabilities);

        assertThat(answer.digit()).isEqualTo(4);
        assertThat(answer.probability()).isEqualTo(0.55);
    }
}
