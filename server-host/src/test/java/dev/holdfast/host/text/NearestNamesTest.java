package dev.holdfast.host.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNamesTest {

    private static final List<String> NAMES = List.of(
            "before-upgrade", "20261121093000123-snapshot.cfg", "20261121093000124-snapshot.cfg", "nightly", "x");

    @ParameterizedTest
    @CsvSource({
        "befor-upgrade, before-upgrade",
        "Before-Upgrade, before-upgrade",
        "before-upgraed, before-upgrade",
        "upgrade, before-upgrade",
        "nigthly, nightly",
        "20261121093000123-snapshot.cgf, 20261121093000123-snapshot.cfg",
        "093000124, 20261121093000124-snapshot.cfg",
    })
    void aSlipOfThePenFindsTheName(String wrong, String meant) {
        assertThat(NearestNames.of(wrong, NAMES.stream())).first().isEqualTo(meant);
    }

    @Test
    void whatIsLikeNothingFindsNothing() {
        assertThat(NearestNames.of("production", NAMES.stream())).isEmpty();
        assertThat(NearestNames.of("", NAMES.stream()))
                .as("only the one letter")
                .containsExactly("x");
    }

    @Test
    void ofManyThreeAreTold() {
        assertThat(NearestNames.of("s1", IntStream.range(2, 100).mapToObj(i -> "s" + i)))
                .containsExactly("s2", "s3", "s4");
        assertThat(NearestNames.of("s", Stream.of("s", "s"))).containsExactly("s");
    }
}
