package dev.holdfast.host.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.Codec;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CodecsTest {

    @Test
    void everyCodecGivesBackWhatItTook() throws IOException {
        for (int size : new int[] {0, 1, 8191, 8192, 100_000}) {
            byte[] bytes = new byte[size];
            new Random(size).nextBytes(bytes);
            for (Codec codec : Codecs.all()) {
                assertThat(codec.decompress(codec.compress(bytes), size))
                        .as("%s of %s bytes", codec.name(), size)
                        .isEqualTo(bytes);
            }
        }
    }
}
