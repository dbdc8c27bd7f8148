package dev.holdfast.host.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DigestSetTest {

    private final DigestSet digests = new DigestSet();

    private static String digest(Random random) {
        byte[] bytes = new byte[32];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void whatWasAddedIsThereAndNothingElse() {
        Random random = new Random(7);
        Set<String> added = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            String digest = digest(random);
            assertThat(digests.add(digest)).isEqualTo(added.add(digest));
        }

        assertThat(added).allMatch(digests).noneMatch(digests::add);
        assertThat(digests.size()).isEqualTo(10_000);
        for (int i = 0; i < 10_000; i++) {
            assertThat(digests.test(digest(random))).isFalse();
        }
    }

    @Test
    void digestsThatBeginAlikeAreTold() {
        String zeros = "0".repeat(64);
        assertThat(digests.test(zeros)).isFalse();
        assertThat(digests.add(zeros)).isTrue();
        assertThat(digests.test(zeros)).isTrue();

        // All of them want the same place.
        for (int i = 2; i < 200; i++) {
            String digest = "0".repeat(16) + HexFormat.of().toHexDigits((long) i << 32) + "0".repeat(32);
            assertThat(digests.test(digest)).isFalse();
            assertThat(digests.add(digest)).isTrue();
            assertThat(digests.test(digest)).isTrue();
        }
    }
}
