package dev.holdfast.host.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The bytes of every datatype, as clients in other languages make them. */
class RawTensorsTest {

    static Stream<Arguments> bytes() {
        return Stream.of(
                Arguments.of(TensorType.BOOL, new boolean[] {true, false}, "0100"),
                Arguments.of(TensorType.INT8, new byte[] {-1, 127}, "ff7f"),
                Arguments.of(TensorType.UINT8, new short[] {255, 1}, "ff01"),
                Arguments.of(TensorType.INT16, new short[] {-2, 258}, "feff0201"),
                Arguments.of(TensorType.UINT16, new int[] {65535, 258}, "ffff0201"),
                Arguments.of(TensorType.INT32, new int[] {-1, 1}, "ffffffff01000000"),
                Arguments.of(TensorType.UINT32, new long[] {4294967295L, 1}, "ffffffff01000000"),
                Arguments.of(TensorType.INT64, new long[] {-1, 1}, "ffffffffffffffff0100000000000000"),
                Arguments.of(TensorType.UINT64, new long[] {-1, 1}, "ffffffffffffffff0100000000000000"),
                Arguments.of(TensorType.FP32, new float[] {1, -2}, "0000803f000000c0"),
                Arguments.of(TensorType.FP64, new double[] {1, -2}, "000000000000f03f00000000000000c0"),
                Arguments.of(TensorType.FP16, new float[] {1, -2}, "003c00c0"),
                Arguments.of(TensorType.BF16, new float[] {1, -2}, "803f00c0"),
                Arguments.of(TensorType.BYTES, new byte[][] {{7}, {}}, "010000000700000000"));
    }

    @ParameterizedTest
    @MethodSource("bytes")
    void everyDatatypeIsWrittenAndReadInItsBytes(TensorType type, Object elements, String hex) {
        byte[] raw = HexFormat.of().parseHex(hex);

        Tensor read = RawTensors.read("t", type, new long[] {2}, ByteBuffer.wrap(raw));

        assertThat(read.elements()).isEqualTo(elements);
        assertThat(RawTensors.of(read)).isEqualTo(raw);
        assertThat(RawTensors.size(read)).isEqualTo(raw.length);
    }

    @ParameterizedTest
    @EnumSource(TensorType.class)
    void bytesThatTheShapeDoesNotHaveAreRefused(TensorType type) {
        assertThatThrownBy(() -> RawTensors.read("t", type, new long[] {3}, ByteBuffer.allocate(8)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("Tensor 't'");
        assertThatThrownBy(() -> RawTensors.read("t", type, new long[] {1L << 40, 1L << 40}, ByteBuffer.allocate(0)))
                .isInstanceOf(InvalidInputException.class);
    }

    @Test
    void aTextThatEndsTooEarlyIsRefused() {
        for (String hex : new String[] {"0200000061", "ffffffff", "01", "7fffffff00"}) {
            assertThatThrownBy(() -> RawTensors.read(
                            "t",
                            TensorType.BYTES,
                            new long[] {1},
                            ByteBuffer.wrap(HexFormat.of().parseHex(hex))))
                    .as(hex)
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("element 0");
        }
    }

    @Test
    void theBytesOfATextAreKeptWhateverTheyAre() {
        byte[] text = "naïve \u0000".getBytes(StandardCharsets.UTF_16);
        Tensor tensor = new Tensor("t", TensorType.BYTES, new long[] {1}, new byte[][] {text});

        Tensor read = RawTensors.read("t", TensorType.BYTES, new long[] {1}, ByteBuffer.wrap(RawTensors.of(tensor)));

        assertThat(((byte[][]) read.elements())[0]).isEqualTo(text);
    }

    /** FP16 has 65,536 values, all of which come back from FP32 as they were. */
    @Test
    void everyNumberOfTheShortFormatsComesBack() {
        for (int bits = 0; bits <= 0xffff; bits++) {
            float half = HalfFloats.ofFp16((short) bits);
            float brain = HalfFloats.ofBf16((short) bits);
            if (!Float.isNaN(half)) {
                assertThat(HalfFloats.toFp16(half)).isEqualTo((short) bits);
            } else {
                assertThat(HalfFloats.ofFp16(HalfFloats.toFp16(half))).isNaN();
            }
            if (!Float.isNaN(brain)) {
                assertThat(HalfFloats.toBf16(brain)).isEqualTo((short) bits);
            } else {
                assertThat(HalfFloats.ofBf16(HalfFloats.toBf16(brain))).isNaN();
            }
        }
    }

    @Test
    void numbersBetweenTwoOfAShortFormatGoToTheNearest() {
        assertThat(HalfFloats.ofFp16(HalfFloats.toFp16(65519.99f))).isEqualTo(65504f);
        assertThat(HalfFloats.ofFp16(HalfFloats.toFp16(65520f))).isInfinite();
        assertThat(HalfFloats.ofFp16(HalfFloats.toFp16(2049f))).isEqualTo(2048f);
        assertThat(HalfFloats.ofFp16(HalfFloats.toFp16(2051f))).isEqualTo(2052f);
        assertThat(HalfFloats.ofFp16(HalfFloats.toFp16(0x1.8p-25f))).isEqualTo(0x1p-24f);
        assertThat(HalfFloats.ofFp16(HalfFloats.toFp16(0x1p-26f))).isZero();
        assertThat(HalfFloats.ofBf16(HalfFloats.toBf16(257f))).isEqualTo(256f);
        assertThat(HalfFloats.ofBf16(HalfFloats.toBf16(259f))).isEqualTo(260f);
    }
}
