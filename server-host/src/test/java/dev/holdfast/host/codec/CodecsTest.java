package dev.holdfast.host.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.sdk.Codec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CodecsTest {

    private static final long SEED = 20_261_121;

    static Stream<Codec> all() {
        return Codecs.all().stream();
    }

    static Stream<Codec> compressing() {
        return all().filter(codec -> !codec.name().equals("none"));
    }

    static Codec named(String name) {
        return all().filter(codec -> codec.name().equals(name)).findFirst().orElseThrow();
    }

    /** Lines as a snapshot has them, of which some repeat and some do not. */
    private static byte[] text(int size) {
        Random random = new Random(SEED);
        StringBuilder text = new StringBuilder();
        while (text.length() < size) {
            text.append("model_").append(random.nextInt(100)).append("={\"minWorkers\":4,\"sha256\":\"");
            text.append(Long.toHexString(random.nextLong())).append("\"}\n");
        }
        return text.substring(0, size).getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void theNamesAreThoseThatStoresRecord() {
        assertThat(all().map(Codec::name)).containsExactly("none", "gz", "bz2", "xz", "snappy", "lz4", "zstd");
    }

    @ParameterizedTest
    @MethodSource("all")
    void givesBackWhatItTook(Codec codec) throws IOException {
        for (int size : new int[] {0, 1, 2, 8191, 8192, 65_535, 65_536, 65_537, 300_000}) {
            byte[] random = new byte[size];
            new Random(size).nextBytes(random);

            assertThat(codec.decompress(codec.compress(random), size)).isEqualTo(random);
            assertThat(codec.decompress(codec.compress(text(size)), size)).isEqualTo(text(size));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void aStreamIsReadInWhateverPiecesItWasWritten(Codec codec) throws IOException {
        byte[] text = text(200_000);
        ByteArrayOutputStream sink = new ByteArrayOutputStream();
        Random random = new Random(SEED);
        try (OutputStream stream = codec.compress(sink)) {
            for (int done = 0; done < text.length; ) {
                int count = Math.min(text.length - done, random.nextInt(5_000));
                stream.write(text, done, count);
                done += count;
            }
        }

        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (InputStream stream = codec.decompress(new ByteArrayInputStream(sink.toByteArray()))) {
            byte[] piece = new byte[5_000];
            read.write(stream.read());
            read.write(stream.readNBytes((int) stream.skip(0) + 1));
            for (int count; (count = stream.read(piece, 7, random.nextInt(1, 4_000))) >= 0; ) {
                read.write(piece, 7, count);
            }
        }
        assertThat(read.toByteArray()).isEqualTo(text);
    }

    @ParameterizedTest
    @MethodSource("compressing")
    void oneStreamAfterTheOtherIsReadAsTheToolsReadIt(Codec codec) throws IOException {
        byte[] first = text(70_000);
        byte[] second = text(100);
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.write(codec.compress(first));
        both.write(codec.compress(second));

        byte[] read = codec.decompress(both.toByteArray(), first.length + second.length);

        assertThat(read).startsWith(first).endsWith(second);
    }

    @ParameterizedTest
    @MethodSource("compressing")
    void textGetsSmaller(Codec codec) {
        byte[] text = text(100_000);

        assertThat(codec.compress(text)).hasSizeLessThan(text.length * 3 / 4);
    }

    @ParameterizedTest
    @MethodSource("all")
    void refusesMoreAndFewerBytesThanWereExpected(Codec codec) {
        byte[] compressed = codec.compress(text(1000));

        assertThatIOException()
                .isThrownBy(() -> codec.decompress(compressed, 999))
                .withMessage("Codec %s gave more bytes where 999 were expected", codec.name());
        assertThatIOException()
                .isThrownBy(() -> codec.decompress(compressed, 1001))
                .withMessage("Codec %s gave 1000 bytes where 1001 were expected", codec.name());
    }

    @ParameterizedTest
    @MethodSource("all")
    void noticesThatTheEndIsMissingWhereverItWasCutOff(Codec codec) {
        byte[] text = text(2_000);
        byte[] compressed = codec.compress(text);

        for (int length = 0; length < compressed.length; length++) {
            byte[] cut = Arrays.copyOf(compressed, length);
            assertThatIOException()
                    .as("cut after %s bytes", length)
                    .isThrownBy(() -> codec.decompress(cut, text.length))
                    .withMessageMatching("(?s).+");
        }
    }

    @ParameterizedTest
    @MethodSource("compressing")
    void damageIsAnIoExceptionOrChangesNothing(Codec codec) {
        byte[] text = text(4_000);
        byte[] compressed = codec.compress(text);
        Random random = new Random(SEED);
        for (int i = 0; i < compressed.length; i++) {
            byte[] damaged = compressed.clone();
            damaged[i] ^= (byte) (i % 2 == 0 ? 1 << random.nextInt(8) : random.nextInt(1, 256));

            requireNoHarm(codec, damaged, text, "byte " + i + " changed, seed " + SEED);
        }
    }

    @ParameterizedTest
    @MethodSource("compressing")
    void anyBytesAfterARightBeginningAreAnIoException(Codec codec) {
        byte[] text = text(4_000);
        byte[] compressed = codec.compress(text);
        Random random = new Random(SEED);
        for (int round = 0; round < 1_000; round++) {
            byte[] damaged = new byte[random.nextInt(1, 2_000)];
            random.nextBytes(damaged);
            int kept = Math.min(damaged.length, random.nextInt(64));
            System.arraycopy(compressed, 0, damaged, 0, kept);

            requireNoHarm(codec, damaged, text, "round " + round + ", seed " + SEED);
        }
    }

    /** A checksum finds every change of the content; what it does not cover, such as a reserved bit, changes nothing. */
    private static void requireNoHarm(Codec codec, byte[] damaged, byte[] text, String what) {
        try {
            byte[] read = codec.decompress(damaged, text.length);
            assertThat(read).as(what).isEqualTo(text);
        } catch (IOException e) {
            assertThat(e).as(what).hasMessageMatching("(?s).+");
        }
    }

    @ParameterizedTest
    @CsvSource({"gz, 1, 9", "bz2, 1, 9", "xz, 0, 9", "lz4, 1, 17", "zstd, -7, 19"})
    void theLevelsAreThoseOfTheLibrary(String name, int least, int most) throws IOException {
        Codec codec = named(name);
        byte[] text = text(60_000);

        byte[] fast = codec.atLevel(least).compress(text);
        byte[] small = codec.atLevel(most).compress(text);

        assertThat(small).hasSizeLessThanOrEqualTo(fast.length);
        assertThat(codec.decompress(fast, text.length)).isEqualTo(text);
        assertThat(codec.decompress(small, text.length)).isEqualTo(text);
        assertThat(codec.atLevel(most).name()).isEqualTo(name);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.atLevel(least - 1))
                .withMessage("Codec %s has the levels %s to %s, not %s", name, least, most, least - 1);
        assertThatIllegalArgumentException().isThrownBy(() -> codec.atLevel(most + 1));
    }

    @Test
    void snappyHasNoLevels() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> named("snappy").atLevel(1))
                .withMessage("Codec snappy has no levels, so not 1 either");
    }

    @Test
    void longStreamsOfTheHighestLevelsAreReadWithinTheBoundsOfMemory() throws IOException {
        byte[] piece = text(1 << 20);
        // Longer than the windows: 8 MiB, and 4 MiB.
        Map<Codec, Integer> longer =
                Map.of(named("zstd").atLevel(19), 10, named("xz").atLevel(4), 6);
        for (Map.Entry<Codec, Integer> each : longer.entrySet()) {
            Codec codec = each.getKey();
            int pieces = each.getValue();
            ByteArrayOutputStream sink = new ByteArrayOutputStream();
            try (OutputStream stream = codec.compress(sink)) {
                for (int i = 0; i < pieces; i++) {
                    stream.write(piece);
                }
            }
            try (InputStream stream = codec.decompress(new ByteArrayInputStream(sink.toByteArray()))) {
                for (int i = 0; i < pieces; i++) {
                    assertThat(stream.readNBytes(piece.length)).isEqualTo(piece);
                }
            }
        }
    }

    @Test
    void aHeaderThatPromisesGigabytesTakesNoMemory() {
        // RFC 8878, 3.1.1.1.2: exponent 21 makes a window of 2 GiB.
        byte[] zstd = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0x00, (byte) (21 << 3), 1, 0, 0};
        assertThatIOException()
                .isThrownBy(() -> named("zstd").decompress(zstd, 1))
                .withMessageContaining("memory");

        // framing_format.txt: data that says of itself to be 2 GiB long.
        byte[] snappy = "\377\6\0\0sNaPpY\0\12\0\0abcd\377\377\377\377\7a".getBytes(StandardCharsets.ISO_8859_1);
        assertThatIOException()
                .isThrownBy(() -> named("snappy").decompress(snappy, 1))
                .withMessage("Snappy input has a piece of 2147483647 bytes; at most 65536 are allowed");
    }

    @Test
    void aDictionaryOfXzThatPromisesGigabytesTakesNoMemory() throws IOException {
        byte[] xz = named("xz").compress(text(5_000));
        // The block header begins at 12: size, flags, filter 0x21, length 1, the dictionary's size, padding, its
        // CRC-32.
        assertThat(xz[14]).isEqualTo((byte) 0x21);
        xz[16] = 36;
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(xz, 12, 8);
        for (int i = 0; i < 4; i++) {
            xz[20 + i] = (byte) (crc.getValue() >>> (8 * i));
        }

        assertThatExceptionOfType(org.tukaani.xz.MemoryLimitException.class)
                .isThrownBy(() -> named("xz").decompress(xz, 5_000));
    }

    @ParameterizedTest
    @MethodSource("compressing")
    void whatInflatesWithoutEndIsReadNoFurtherThanExpected(Codec codec) {
        byte[] bomb = codec.compress(new byte[20_000_000]);

        assertThat(bomb).hasSizeLessThan(1_000_000);
        assertThatIOException()
                .isThrownBy(() -> codec.decompress(bomb, 1_000))
                .withMessage("Codec %s gave more bytes where 1000 were expected", codec.name());
    }
}
