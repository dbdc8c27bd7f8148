package dev.holdfast.host.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.Codec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CodecsTest {

    @Test
    void everyCodecGivesBackWhatItTook() throws IOException {
        for (int size : new int[] {0, 1, 8191, 8192, 100_000}) {
            byte[] bytes = new byte[size];
            new Random(size).nextBytes(bytes);
            for (Codec codec : Codecs.all()) {
                byte[] compressed = compress(codec, bytes);
                assertThat(codec.decompress(new ByteArrayInputStream(compressed))
                                .readAllBytes())
                        .as("%s of %s bytes", codec.name(), size)
                        .isEqualTo(bytes);
            }
        }
    }

    @Test
    void gzMakesTextsSmallAndNoticesDamage() throws IOException {
        Codec gz = Codecs.all().stream()
                .filter(codec -> codec.name().equals("gz"))
                .findFirst()
                .orElseThrow();
        byte[] compressed = compress(gz, "model ".repeat(10_000).getBytes(StandardCharsets.UTF_8));

        assertThat(compressed).hasSizeLessThan(1000);
        compressed[compressed.length / 2] ^= 1;
        assertThatThrownBy(() ->
                        gz.decompress(new ByteArrayInputStream(compressed)).readAllBytes())
                .isInstanceOf(IOException.class);
    }

    private static byte[] compress(Codec codec, byte[] bytes) throws IOException {
        ByteArrayOutputStream sink = new ByteArrayOutputStream();
        try (OutputStream stream = codec.compress(sink)) {
            stream.write(bytes);
        }
        return sink.toByteArray();
    }
}
