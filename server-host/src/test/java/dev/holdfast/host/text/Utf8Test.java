package dev.holdfast.host.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8Test {

    @Test
    void theFirstMalformedByteIsFoundWhereverItIs() {
        byte[] overlong = {(byte) 0xc0, (byte) 0xaf};
        for (int length = 0; length < 100; length++) {
            byte[] bytes = new byte[length + 2];
            Arrays.fill(bytes, (byte) 'x');
            assertThat(Utf8.firstMalformed(bytes)).isEqualTo(-1);

            System.arraycopy(overlong, 0, bytes, length, 2);

            assertThat(Utf8.firstMalformed(bytes)).isEqualTo(length);
        }
    }

    @Test
    void anyBytesAreJudgedAsTheStrictDecoderJudgesThem() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] good = "añ€😀\u0000/".repeat(2000).getBytes(StandardCharsets.UTF_8);
        assertThat(Utf8.firstMalformed(good)).isEqualTo(-1);
        int malformed = 0;
        for (int round = 0; round < 5000; round++) {
            int from = random.nextInt(good.length);
            byte[] bytes = Arrays.copyOfRange(good, from, Math.min(good.length, from + random.nextInt(9000)));
            if (bytes.length > 0 && random.nextBoolean()) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }

            boolean strict = isUtf8(bytes);

            assertThat(Utf8.firstMalformed(bytes) < 0).as("seed %d", seed).isEqualTo(strict);
            malformed += strict ? 0 : 1;
        }
        assertThat(malformed).isPositive();
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    @Test
    void nothingIsMended() throws Exception {
        assertThat(Utf8.decode("grün 😀".getBytes(StandardCharsets.UTF_8))).isEqualTo("grün 😀");
        assertThatThrownBy(() -> Utf8.decode(new byte[] {'a', (byte) 0xc0, (byte) 0xaf}))
                .isInstanceOf(CharacterCodingException.class);
    }
}
