package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.Batching;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServedVersionTest {

    @ParameterizedTest
    @CsvSource({
        "https://host/a.mar, https://host/a.mar",
        "https://user:secret@host:8443/a.mar, https://host:8443/a.mar",
        "https://user:sec@ret@host/a.mar, https://host/a.mar",
        "https://host/a.mar?X-Amz-Signature=secret, https://host/a.mar",
        "https://host/a.mar#secret, https://host/a.mar",
        "https://user:secret@host, https://host",
        "https://host/path@2/a.mar, https://host/path@2/a.mar",
        "https://host?secret@x/y, https://host",
        "'https://us er:secret@ho st/a.mar', 'https://ho st/a.mar'",
        "user:secret@host/a.mar, host/a.mar",
    })
    void whereAnArchiveCameFromIsKeptWithoutSecrets(String given, String kept) {
        ServedVersion version = new ServedVersion(
                "a.mar",
                1,
                1,
                1,
                Duration.ZERO,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                "python",
                Optional.empty(),
                Optional.of(given),
                Optional.empty(),
                Optional.empty(),
                Batching.AUTO);

        assertThat(version.url()).contains(kept);
        assertThat(version.toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @CsvSource({
        "-1, -1, min_worker -1 must be from 0 to 1024.",
        "2, 1, max_worker cannot be less than min_worker.",
        "0, 1025, max_worker 1025 must be from 0 to 1024.",
    })
    void numbersOfWorkersThatNobodyMeansAreRefused(int min, int max, String message) {
        ServedVersion version = Versions.of("a.mar", 1);

        assertThatThrownBy(() -> version.withWorkers(min, max))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(ServingException.Kind.BAD_REQUEST))
                .hasMessage(message);
    }

    @Test
    void aVersionWithoutWorkersKeepsInMindHowManyItHad() {
        ServedVersion had = Versions.of("a.mar", 1).withWorkers(2, 5);
        ServedVersion resting = had.withWorkers(0, 0);

        assertThat(resting.resting()).contains(new ServedVersion.Workers(2, 5));
        assertThat(resting.withWorkers(0, 0).workersWhenLoaded()).isEqualTo(new ServedVersion.Workers(2, 5));
        assertThat(resting.withWorkers(1, 1).resting()).isEmpty();
        assertThat(had.workersWhenLoaded()).isEqualTo(new ServedVersion.Workers(2, 5));
        assertThat(had.withWorkers(0, 3).withWorkers(0, 0).workersWhenLoaded())
                .isEqualTo(new ServedVersion.Workers(1, 3));
        assertThat(resting.sameLoad(had)).isTrue();
    }

    @Test
    void anotherDigestIsAnotherModelAndAnUnknownOneIsNot() {
        ServedVersion unknown = Versions.of("a.mar", 1);
        ServedVersion one = unknown.withArchiveSha256("1");

        assertThat(one.sameLoad(one.withWorkers(0, 7))).isTrue();
        assertThat(one.sameLoad(unknown)).isTrue();
        assertThat(unknown.sameLoad(one)).isTrue();
        assertThat(one.sameLoad(unknown.withArchiveSha256("2"))).isFalse();
        assertThat(one.sameLoad(Versions.of("b.mar", 1))).isFalse();
    }

    @Test
    void anEmptyDigestIsAnUnknownOne() {
        ServedVersion unknown = Versions.of("a.mar", 1);

        assertThat(unknown.withArchiveSha256("1").withArchiveSha256("")).isEqualTo(unknown);
        assertThat(unknown.withArchiveSha256("").sameLoad(unknown.withArchiveSha256("1")))
                .isTrue();
    }
}
