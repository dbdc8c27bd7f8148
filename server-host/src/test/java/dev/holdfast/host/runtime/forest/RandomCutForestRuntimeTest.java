package dev.holdfast.host.runtime.forest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.LearningModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RandomCutForestRuntimeTest {

    @TempDir
    private Path directory;

    private final RandomCutForestRuntime runtime = new RandomCutForestRuntime();

    private FakeArchive archive(String settings) throws IOException {
        Files.writeString(directory.resolve("forest.json"), settings);
        return new FakeArchive(
                "taxi", directory, FakeArchive.manifest("taxi", "forest.json", "random-cut-forest", null));
    }

    @Test
    void theHandlerNamesTheRuntime() throws IOException {
        assertThat(runtime.runs(archive("{}"))).isTrue();
        assertThat(runtime.runs(FakeArchive.ofHandler("noop", null))).isFalse();
        assertThat(runtime.runs(FakeArchive.ofModel(directory, "forest.json"))).isFalse();
    }

    @Test
    void theDimensionsAreEnoughAndTheRestIsUsual() throws IOException {
        LearningModel model = (LearningModel) runtime.load(archive("{\"dimensions\": 4}"));

        assertThat(model.signature().inputs())
                .containsExactly(new TensorSpec("point", TensorType.FP64, List.of(-1L, 4L)));
        assertThat(model.signature().outputs()).containsExactly(new TensorSpec("score", TensorType.FP64, List.of(-1L)));
        assertThat(model.stateFormat().name()).isEqualTo("random-cut-forest");
        assertThat(model.stateFormat().fingerprint())
                .isEqualTo("dimensions=4,shingleSize=1,trees=50,sampleSize=256,timeDecay=3.90625E-4");
    }

    @Test
    void everySettingIsHeard() throws IOException {
        ForestSettings settings = ForestSettings.read(archive("""
                        {"dimensions": 2, "shingleSize": 4, "trees": 30, "sampleSize": 128, "timeDecay": 0,
                         "outputAfter": 500, "seed": -3, "saveAfterUpdates": 7, "saveAfterSeconds": 90}"""), "forest.json");

        assertThat(settings)
                .isEqualTo(new ForestSettings(
                        2, 4, 30, 128, 0, 500, -3, new StatefulModel.SaveRule(7, Duration.ofSeconds(90))));
    }

    @Test
    void whenAModelIsStoredItsSettingsSay() throws IOException {
        LearningModel usual = (LearningModel) runtime.load(archive("{\"dimensions\": 4}"));
        assertThat(usual.saveRule()).isEqualTo(StatefulModel.SaveRule.DEFAULT);

        LearningModel often = (LearningModel) runtime.load(archive("{\"dimensions\": 4, \"saveAfterUpdates\": 1}"));
        assertThat(often.saveRule()).isEqualTo(new StatefulModel.SaveRule(1, Duration.ofSeconds(30)));
        // It may change under a state that was stored.
        assertThat(often.stateFormat()).isEqualTo(usual.stateFormat());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}                                  | 'dimensions' is missing; it must be a whole number from 1 to 10000",
                "{'dimensions': 0}                   | 'dimensions' is 0; it must be a whole number from 1 to 10000",
                "{'dimensions': 2.5}                 | 'dimensions' is 2.5; it must be a whole number from 1 to 10000",
                "{'dimensions': '2'}                 | 'dimensions' is \"2\"; it must be a whole number from 1 to 10000",
                "{'dimensions': 1e99}                | 'dimensions' is 1.0E99; it must be a whole number",
                "{'dimensions': 9, 'trees': 251}     | 'trees' is 251; it must be a whole number from 1 to 250",
                "{'dimensions': 9, 'sampleSize': 7}  | 'sampleSize' is 7; it must be a whole number from 8 to 4096",
                "{'dimensions': 9, 'timeDecay': -1}  | 'timeDecay' is -1; it must be a number from 0.0 to 1.0",
                "{'dimensions': 9, 'timeDecay': []}  | 'timeDecay' is []; it must be a number",
                "{'dimensions': 9, 'outputAfter': 0} | 'outputAfter' is 0; it must be a whole number from 1 to",
                "{'dimensions': 9, 'saveAfterUpdates': 0} | 'saveAfterUpdates' is 0; it must be a whole number from 1 to",
                "{'dimensions': 9, 'saveAfterSeconds': 0} | 'saveAfterSeconds' is 0; it must be a whole number from 1 to",
                "{'dimensions': 9, 'seed': 1.5}      | 'seed' is 1.5; it must be a whole number",
                "{'dimensions': 999, 'shingleSize': 99} | 'shingleSize' is 99; it must be at most 10000 together with",
                "{'dimensions': 9999, 'trees': 250}  | 'dimensions' is 9999; it must be at most 100000000 together with",
                "{'dimensions': 9, 'treees': 5}      | has the unknown setting 'treees'; the settings are dimensions, shingleSize,",
                "{'dimensions': 9                    | is damaged: Unexpected end-of-input",
                "{'dimensions': 9, 'dimensions': 8}  | is damaged: Duplicate field",
                "[9]                                 | is no JSON object",
            })
    void aWrongSettingIsNamedWithItsValueAndTheRule(String settings, String message) {
        assertThatThrownBy(() -> runtime.load(archive(settings.replace('\'', '"'))))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageStartingWith("Archive taxi: forest.json")
                .hasMessageContaining(message);
    }

    @Test
    void anArchiveWithoutSettingsIsToldWhatItLacks() {
        assertThatThrownBy(() -> runtime.load(FakeArchive.ofHandler("random-cut-forest", null)))
                .isInstanceOf(ModelLoadException.class)
                .hasMessage(
                        "Archive x.mar names no model file; with the handler random-cut-forest it is the JSON file of"
                                + " the forest's settings");
        assertThatThrownBy(() -> ForestSettings.read(FakeArchive.ofModel(directory, "m"), "absent.json"))
                .hasMessageContaining("absent.json is not there");
    }
}
