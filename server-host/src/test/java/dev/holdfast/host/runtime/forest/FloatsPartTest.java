package dev.holdfast.host.runtime.forest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.runtime.PartWriter;
import dev.holdfast.host.state.StatePart;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FloatsPartTest {

    @Test
    void itsBytesAreThoseThatAPartWriterMakes() {
        for (int count : new int[] {0, 1, 2, 100, 65_536, 65_537, 200_000}) {
            float[] values = new float[count];
            Random random = new Random(count);
            for (int i = 0; i < count; i++) {
                values[i] = random.nextFloat();
            }
            StatePart expected = new PartWriter().putFloats(values).toPart("points");

            StatePart part = new FloatsPart("points", values);

            assertThat(part.name()).isEqualTo(expected.name());
            assertThat(part.size()).isEqualTo(expected.size());
            assertThat(Arrays.equals(all(part, 4096), all(expected, 4096))).isTrue();
            assertThat(Arrays.equals(all(part, 4093), all(expected, 4093))).isTrue();
        }
    }

    @Test
    void everyRangeCanBeRead() {
        float[] values = {1, -2.5f, 3e30f};
        StatePart expected = new PartWriter().putFloats(values).toPart("points");
        StatePart part = new FloatsPart("points", values);

        for (int from = 0; from <= part.size(); from++) {
            for (int length = 0; from + length <= part.size(); length++) {
                assertThat(range(part, from, length)).isEqualTo(range(expected, from, length));
            }
        }
    }

    private static byte[] all(StatePart part, int step) {
        byte[] all = new byte[(int) part.size()];
        for (int offset = 0; offset < all.length; offset += step) {
            byte[] some = range(part, offset, Math.min(step, all.length - offset));
            System.arraycopy(some, 0, all, offset, some.length);
        }
        return all;
    }

    private static byte[] range(StatePart part, int from, int length) {
        byte[] bytes = new byte[length];
        part.read(from, bytes, length);
        return bytes;
    }
}
