package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CodecTest {

    private static final byte[] TEXT = "model ".repeat(10_000).getBytes(StandardCharsets.UTF_8);

    static Codec[] both() {
        return new Codec[] {Codec.none(), Codec.gz()};
    }

    @ParameterizedTest
    @MethodSource("both")
    void givesBackWhatItTook(Codec codec) throws IOException {
        for (int size : new int[] {0, 1, 8191, 8192, 100_000}) {
            byte[] bytes = new byte[size];
            new Random(size).nextBytes(bytes);

            assertThat(codec.decompress(codec.compress(bytes), size)).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @MethodSource("both")
    void refusesMoreAndFewerBytesThanWereExpected(Codec codec) {
        byte[] compressed = codec.compress(TEXT);

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> codec.decompress(compressed, TEXT.length - 1))
                .withMessage("Codec %s gave more bytes where 59999 were expected", codec.name());
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> codec.decompress(compressed, TEXT.length + 1))
                .withMessage("Codec %s gave 60000 bytes where 60001 were expected", codec.name());
    }

    @Test
    void gzNoticesDamageAtEveryByteOfTheContent() {
        byte[] compressed = Codec.gz().compress(TEXT);

        // RFC 1952: the first ten bytes are a header whose time and system nobody checks.
        for (int i = 10; i < compressed.length; i++) {
            byte[] damaged = compressed.clone();
            damaged[i] ^= 1;
            assertThatExceptionOfType(IOException.class)
                    .as("damage at %s", i)
                    .isThrownBy(() -> Codec.gz().decompress(damaged, TEXT.length));
        }
    }

    @Test
    void gzSaysInWordsThatTheEndIsMissing() {
        byte[] compressed = Codec.gz().compress(TEXT);

        for (int length = 0; length < compressed.length; length++) {
            byte[] cut = Arrays.copyOf(compressed, length);
            assertThatExceptionOfType(IOException.class)
                    .as("cut after %s bytes", length)
                    .isThrownBy(() -> Codec.gz().decompress(cut, TEXT.length))
                    .withMessageStartingWith("Codec gz ");
        }
    }

    @Test
    void aHigherLevelOfGzIsSmallerAndReadWithoutIt() throws IOException {
        byte[] fast = Codec.gz().atLevel(1).compress(TEXT);
        byte[] small = Codec.gz().atLevel(9).compress(TEXT);

        assertThat(small).hasSizeLessThan(fast.length);
        assertThat(Codec.gz().decompress(small, TEXT.length)).isEqualTo(TEXT);
    }

    @Test
    void aLevelThatACodecDoesNotHaveIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Codec.gz().atLevel(10))
                .withMessage("Codec gz has the levels 1 to 9, not 10");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Codec.none().atLevel(1))
                .withMessage("Codec none has no levels, so not 1 either");
    }
}
