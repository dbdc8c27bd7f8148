package dev.holdfast.examples.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplesTest {

    @TempDir
    Path directory;

    @Test
    void lineIsALabelAndItsFeatures() throws IOException {
        Samples samples = Samples.read(file("2,5.1,3.5\n0,4,16\n"), 2, 3);

        assertThat(samples.all()).extracting(Samples.Sample::label).containsExactly(2, 0);
        assertThat(samples.all().get(0).features()).containsExactly(5.1f, 3.5f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"3,1,2", "-1,1,2", "0,1", "0,1,2,3", "0,1,", "x,1,2", ""})
    void lineThatIsNoSampleIsNamed(String line) throws IOException {
        Path csv = file("0,1,2\n" + line + "\n1,1,2\n");

        assertThatThrownBy(() -> Samples.read(csv, 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("%s, line 2: '%s' must be a label from 0 to 2 and 2 numbers", csv, line);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("samples.csv"), text);
    }
}
