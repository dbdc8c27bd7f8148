package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ServedModelTest {

    @Test
    void versionsAreInTheOrderInWhichPeopleCount() {
        List<String> ordered = Arrays.asList(
                "",
                "0",
                "0.9",
                "01",
                "1.0",
                "1.00",
                "1.0.1",
                "1.2",
                "1.11",
                "1.11-rc1",
                "2",
                "10",
                "a",
                "a2",
                "a10",
                "99999999999999999999",
                "b");
        ordered.sort(ServedModel.VERSION_ORDER);

        assertThat(ordered)
                .containsExactly(
                        "",
                        "0",
                        "0.9",
                        "01",
                        "1.0",
                        "1.00",
                        "1.0.1",
                        "1.2",
                        "1.11",
                        "1.11-rc1",
                        "2",
                        "10",
                        "99999999999999999999",
                        "a",
                        "a2",
                        "a10",
                        "b");
    }

    @Test
    void theOrderIsATotalOneThatTellsEveryTwoVersionsApart() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<String> versions = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            StringBuilder version = new StringBuilder();
            for (int length = random.nextInt(5); length >= 0; length--) {
                version.append("001.-a9".charAt(random.nextInt(7)));
            }
            versions.add(version.toString());
        }
        for (String a : versions) {
            for (String b : versions) {
                int ab = Integer.signum(ServedModel.VERSION_ORDER.compare(a, b));
                assertThat(ab == 0).as("%s and %s, seed %d", a, b, seed).isEqualTo(a.equals(b));
                assertThat(ab)
                        .as("%s and %s, seed %d", a, b, seed)
                        .isEqualTo(-Integer.signum(ServedModel.VERSION_ORDER.compare(b, a)));
                for (String c : versions) {
                    if (ab < 0 && ServedModel.VERSION_ORDER.compare(b, c) < 0) {
                        assertThat(ServedModel.VERSION_ORDER.compare(a, c))
                                .as("%s, %s and %s, seed %d", a, b, c, seed)
                                .isNegative();
                    }
                }
            }
        }
    }

    @Test
    void theDefaultIsAlwaysOneOfTheVersions() {
        ServedModel model = ServedModel.of("1.0", Versions.of("m.mar", 1)).with("2.0", Versions.of("m2.mar", 1));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.withDefault("3.0"))
                .withMessageContaining("3.0");
        assertThatIllegalArgumentException().isThrownBy(() -> model.without("1.0"));
        assertThatIllegalArgumentException().isThrownBy(() -> new ServedModel(new TreeMap<>(), "1.0"));
        assertThat(model.withDefault("2.0").without("1.0").versions()).containsOnlyKeys("2.0");
    }
}
