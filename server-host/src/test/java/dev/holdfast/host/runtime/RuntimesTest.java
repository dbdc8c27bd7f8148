package dev.holdfast.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.archive.ArchiveManifest;
import dev.holdfast.host.runtime.forest.RandomCutForestRuntime;
import dev.holdfast.host.runtime.onnx.OnnxRuntime;
import dev.holdfast.host.runtime.onnx.OnnxSessionRuntime;
import dev.holdfast.host.runtime.python.OnnxOfBaseHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RuntimesTest {

    private final Runtimes runtimes = new Runtimes(List.of(new OnnxRuntime(), new BuiltInRuntime()));

    @ParameterizedTest
    @CsvSource({"noop,", "noop:handle,python", "noop.py,python", "noop.py:handle,", "src/noop.py,python3"})
    void everyWayToNameTheNoopHandlerAnswersOk(String handler, String runtime) {
        LoadedModel model = runtimes.load(FakeArchive.ofHandler(handler, runtime));

        List<List<Tensor>> answers = model.predict(List.of(List.of(body("a")), List.of(body("b"))));

        assertThat(model.signature().raw()).isTrue();
        assertThat(answers).extracting(answer -> text(answer.get(0))).containsExactly("OK", "OK");
    }

    @ParameterizedTest
    @CsvSource({
        "onnx,onnx",
        "onnx-session,onnx",
        "base_handler,onnx",
        "random-cut-forest,random-cut-forest",
        "noop,",
        "x.py,"
    })
    void whatIsNotLoadedHasTheNameThatTheLoadedOneWouldHave(String handler, String engine) {
        OnnxRuntime onnx = new OnnxRuntime();
        Runtimes all = new Runtimes(List.of(
                onnx,
                new OnnxSessionRuntime(onnx, System::nanoTime),
                new OnnxOfBaseHandler(onnx),
                new RandomCutForestRuntime(),
                new BuiltInRuntime()));
        ArchiveManifest manifest = FakeArchive.manifest("m", "model.onnx", handler, "python");

        assertThat(all.engine(new FakeArchive("m.mar", Path.of("nowhere"), manifest)))
                .isEqualTo(Optional.ofNullable(engine));
    }

    @Test
    void aFileThatIsAModelByItselfTellsItsEngineByItsName() {
        assertThat(runtimes.engine("digits.ONNX")).contains("onnx");
        assertThat(runtimes.engine("digits.mar")).isEmpty();
        assertThat(runtimes.engine("onnx")).isEmpty();
    }

    @Test
    void theNameOfAModelDoesNotMakeItsHandlerOurs() {
        ArchiveManifest manifest = FakeArchive.manifest("noop", "model.pt", "service:handle", "python");

        assertThat(runtimes.of(new FakeArchive("noop.mar", Path.of("nowhere"), manifest)))
                .isEmpty();
    }

    @Test
    void anArchiveThatHasTheFileNoopPyMeansItsOwn(@TempDir Path root) throws IOException {
        Files.writeString(root.resolve("noop.py"), "");

        for (String handler : List.of("noop", "noop.py", "noop.py:handle")) {
            ArchiveManifest manifest = FakeArchive.manifest("m", null, handler, "python");
            assertThat(runtimes.of(new FakeArchive("m.mar", root, manifest)))
                    .as(handler)
                    .isEmpty();
        }
    }

    @Test
    void echoAnswersTheBodyAndTakesNothingButABody() {
        LoadedModel model = runtimes.load(FakeArchive.ofHandler("echo", null));

        model.check(List.of(body("a")));

        assertThat(model.predict(List.of(List.of(body("a")), List.of(body("b")))))
                .extracting(answer -> text(answer.get(0)))
                .containsExactly("a", "b");
        assertThatThrownBy(() -> model.check(List.of())).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> model.check(List.of(new Tensor("x", TensorType.FP32, new long[] {1}, new float[1]))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("BYTES[1]");
    }

    @Test
    void anArchiveThatNothingRunsIsRefusedWithWhatIsRun() {
        String supported = "; supported are ONNX models (.onnx) and the handlers noop and echo";

        assertThatThrownBy(() -> runtimes.load(FakeArchive.ofHandler("image_classifier", "python")))
                .isInstanceOf(ModelLoadException.class)
                .hasMessage("Archive x.mar: handler 'image_classifier' is Python, which is not run here" + supported);
        assertThatThrownBy(() -> runtimes.load(FakeArchive.ofHandler("my.py:go", null)))
                .hasMessageContaining("handler 'my.py:go' is Python");
        assertThatThrownBy(() -> runtimes.load(FakeArchive.ofHandler("other", null)))
                .hasMessage("Archive x.mar: handler 'other' is not known here" + supported);
        assertThatThrownBy(() -> runtimes.load(FakeArchive.ofModel(Path.of("nowhere"), "digits.pt")))
                .hasMessage("Archive digits.pt: model file 'digits.pt' is of a kind that is not run here" + supported);
        assertThatThrownBy(() -> runtimes.load(FakeArchive.ofHandler(null, null)))
                .hasMessageContaining("neither a model file nor a handler");
    }

    @Test
    void anOnnxModelWithAPythonHandlerIsNotRunWithoutIt() {
        ArchiveManifest manifest = FakeArchive.manifest("m", "m.onnx", "handler.py", "python");

        assertThatThrownBy(() -> runtimes.load(new FakeArchive("m.mar", Path.of("nowhere"), manifest)))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("handler 'handler.py' is Python");
    }

    @Test
    void theRuntimesAreNamedInTheirOrder() {
        assertThat(runtimes.names()).containsExactly("onnx", "builtin");
    }

    private static Tensor body(String text) {
        byte[][] elements = {text.getBytes(StandardCharsets.UTF_8)};
        return new Tensor("body", TensorType.BYTES, new long[] {1}, elements);
    }

    private static String text(Tensor tensor) {
        return new String(((byte[][]) tensor.elements())[0], StandardCharsets.UTF_8);
    }
}
