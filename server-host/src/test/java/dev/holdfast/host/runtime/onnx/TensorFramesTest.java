package dev.holdfast.host.runtime.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.archive.BatchAxes;
import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorFramesTest {

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"BYTES", "BOOL"},
            mode = EnumSource.Mode.EXCLUDE)
    void numbersArriveBitByBit(TensorType type) {
        byte[] bits = new byte[6 * TensorBytes.width(type)];
        new Random(7).nextBytes(bits);
        // Of a NaN its bits too.
        Arrays.fill(bits, 0, TensorBytes.width(type), (byte) 0xff);
        Tensor sent = TensorBytes.tensor(new TensorSpec("é", type, List.of()), new long[] {2, 3}, bits);

        Tensor taken =
                TensorFrames.tensors(TensorFrames.ofTensors(List.of(sent))).get(0);

        assertThat(TensorBytes.of(taken)).isEqualTo(bits);
        assertThat(taken.shape()).containsExactly(2, 3);
        assertThat(taken.name()).isEqualTo("é");
        assertThat(taken.type()).isEqualTo(type);
    }

    @Test
    void textsTruthsScalarsAndLabelsArriveToo() {
        Tensor labels = new Tensor("labels", TensorType.INT64, new long[] {2}, new long[] {-1, 7});
        Tensor texts =
                new Tensor("t", TensorType.BYTES, new long[] {1, 2}, new byte[][] {{}, {0, -1}}).labelled(labels);
        Tensor truths = new Tensor("b", TensorType.BOOL, new long[] {3}, new boolean[] {true, false, true});
        Tensor scalar = new Tensor("s", TensorType.FP64, new long[0], new double[] {-0.0});

        List<Tensor> taken = TensorFrames.tensors(TensorFrames.ofTensors(List.of(texts, truths, scalar)));

        assertThat((byte[][]) taken.get(0).elements()).isDeepEqualTo(new byte[][] {{}, {0, -1}});
        assertThat((long[]) taken.get(0).labels().orElseThrow().elements()).containsExactly(-1, 7);
        assertThat((boolean[]) taken.get(1).elements()).containsExactly(true, false, true);
        assertThat(TensorBytes.of(taken.get(2))).isEqualTo(TensorBytes.of(scalar));
        assertThat(taken.get(2).shape()).isEmpty();
    }

    @Test
    void signaturesTermsAndDecisionsArrive() {
        TensorSpec plain = new TensorSpec("x", TensorType.FP16, List.of(-1L, 3L));
        TensorSpec labelled = new TensorSpec("y", TensorType.FP32, List.of(), Optional.of(TensorType.BYTES));
        ModelSignature signature = new ModelSignature(
                "onnx_onnxv1", List.of(plain), List.of(), List.of(labelled), List.of(), Map.of("z", "a map"), false);
        BatchTerms terms = new BatchTerms(
                Batching.JOINED, Optional.of(new BatchAxes(Map.of("x", 1), Map.of())), 8, Duration.ofSeconds(3));
        TensorFrames.Decision decision = new TensorFrames.Decision(new Joining(Joining.By.CHECKED, "why"), 16);

        assertThat(TensorFrames.signature(TensorFrames.ofSignature(signature))).isEqualTo(signature);
        assertThat(TensorFrames.terms(TensorFrames.ofTerms(terms, Optional.of(decision))))
                .isEqualTo(new TensorFrames.Terms(terms, Optional.of(decision)));
        assertThat(TensorFrames.decision(TensorFrames.ofDecision(decision))).isEqualTo(decision);
    }

    @Test
    void whatIsDamagedIsRefused() {
        byte[] good =
                TensorFrames.ofTensors(List.of(new Tensor("t", TensorType.FP32, new long[] {2}, new float[] {1, 2})));
        for (int length = 0; length < good.length; length++) {
            byte[] part = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> TensorFrames.tensors(part)).isInstanceOf(RuntimeException.class);
        }
        byte[] unknown = new String(good, StandardCharsets.ISO_8859_1)
                .replace("FP32", "FP99")
                .getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> TensorFrames.tensors(unknown))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not what was expected");
    }
}
