package dev.holdfast.host.runtime.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.Predictor;
import dev.holdfast.host.runtime.ProcessModel;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in a process answers as it does in the host, also where it fails. */
class OnnxProcessIT {

    private final OnnxRuntime onnx = new OnnxRuntime();

    @TempDir
    private Path directory;

    private WorkerDirectory workers;
    private OnnxProcessRuntime apart;

    @BeforeEach
    void makeRuntime() {
        workers = new WorkerDirectory(directory.resolve("logs"), directory);
        apart = new OnnxProcessRuntime(onnx, true, workers, Map.of(), directory);
    }

    @AfterEach
    void closeDirectory() {
        workers.close();
    }

    @Test
    void answersAreTheSameBitByBit() throws IOException {
        Random random = new Random(16);
        List<List<Tensor>> batch = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            float[] values = new float[2 * (i + 1)];
            for (int j = 0; j < values.length; j++) {
                values[j] = Float.intBitsToFloat(random.nextInt());
            }
            batch.add(List.of(new Tensor("x", TensorType.FP32, new long[] {i + 1, 2}, values)));
        }
        assertSame(model("time_first.onnx"), batch);
    }

    @Test
    void failuresAreTheSame() throws IOException {
        List<List<Tensor>> good = List.of(List.of(text("1.5")), List.of(text("-2")));
        assertSame(model("fails_strings.onnx"), good);
        assertSame(model("fails_strings.onnx"), List.of(List.of(text("1")), List.of(text("abc"))));
    }

    @Test
    void whatIsNoModelIsRefusedWithTheSameReasonAndNoProcessIsLeft() throws IOException {
        Files.writeString(directory.resolve("none.onnx"), "none");
        FakeArchive archive = FakeArchive.ofModel(directory, "none.onnx");
        Throwable inside = catchThrowable(() -> onnx.load(archive));

        assertThatThrownBy(() -> apart.load(archive))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageEndingWith(inside.getMessage());
        String home = workers.get().toString();
        assertThat(ProcessHandle.allProcesses()
                        .filter(process ->
                                process.info().commandLine().orElse("").contains(home)))
                .isEmpty();
    }

    private void assertSame(FakeArchive archive, List<List<Tensor>> batch) {
        BatchTerms terms = new BatchTerms(Batching.AUTO, Optional.empty(), 4, Duration.ofMinutes(1));
        try (LoadedModel inside = onnx.load(archive);
                LoadedModel outside = apart.load(archive)) {
            assertThat(outside.signature()).isEqualTo(inside.signature());
            inside.prepareBatches(terms);
            outside.prepareBatches(terms);
            assertThat(outside.joining().by()).isEqualTo(inside.joining().by());
            try (ModelProcess process = ((ProcessModel) outside)
                    .process(new ProcessTerms("m", "1.0", 9000, 4, Duration.ofMinutes(1), () -> {}))) {
                process.start();
                assertThat(outcome(process, batch)).isEqualTo(outcome(inside, batch));
                for (List<Tensor> request : batch) {
                    assertThat(outcome(process, List.of(request))).isEqualTo(outcome(inside, List.of(request)));
                }
            }
        }
    }

    private static List<Object> outcome(Predictor model, List<List<Tensor>> batch) {
        List<Object> outcome = new ArrayList<>();
        try {
            for (List<Tensor> answer : model.predict(batch)) {
                outcome.add(ByteBuffer.wrap(TensorFrames.ofTensors(answer)));
            }
        } catch (RuntimeException e) {
            outcome.add(e.getClass());
            outcome.add(e.getMessage());
        }
        return outcome;
    }

    private FakeArchive model(String name) throws IOException {
        try (InputStream in = OnnxProcessIT.class.getResourceAsStream("/models/" + name)) {
            if (Files.notExists(directory.resolve(name))) {
                Files.copy(in, directory.resolve(name));
            }
        }
        return FakeArchive.ofModel(directory, name);
    }

    private static Tensor text(String value) {
        return new Tensor("x", TensorType.BYTES, new long[] {1}, new byte[][] {value.getBytes(StandardCharsets.UTF_8)});
    }
}
