package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.EnumSource.Mode.EXCLUDE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hosts whose store, or a file of it, cannot be read: they serve what they can have, and do not pass for healthy without it. */
class EmptyHostIT {

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    @ParameterizedTest
    @EnumSource(mode = EXCLUDE, names = "FS")
    void aFreshHostWhoseStoreIsDownIsNotReadyAndComesByItself(Store store) throws Exception {
        Fleet fleet = FLEETS.over(store);
        Member a = fleet.member("A");
        a.start();
        a.register("important");
        a.stop();
        Member fresh = fleet.member("fresh");
        fresh.way().cut();

        fresh.start();

        assertEmptyByFailure(fresh);
        fresh.way().mend();
        fresh.awaitMode("ATTACHED");
        fresh.awaitReady();
        assertThat(fresh.models()).containsExactly("important");
        assertThat(fresh.asked("/ping")).isEqualTo(200);
        assertThat(fresh.status().path("empty").asBoolean()).isFalse();
    }

    private static void assertEmptyByFailure(Member host) throws IOException, InterruptedException {
        assertThat(host.models()).isEmpty();
        assertThat(host.status().path("empty").asBoolean()).isTrue();
        assertThat(host.asked("/v2/health/ready")).isEqualTo(503);
        assertThat(host.asked("/v2/health/live")).isEqualTo(200);
        assertThat(host.host().ask("/ping")).satisfies(answer -> {
            assertThat(answer.statusCode()).isEqualTo(500);
            assertThat(answer.body()).contains("Unhealthy");
        });
    }

    /** What stands where a file of {@code fs} was, and cannot be read by any user. */
    enum Obstacle {
        INDEX(".holdfast", name -> name.startsWith("index-")),
        STATE(".holdfast", name -> name.equals("state")),
        NEWEST_SNAPSHOT("", name -> name.endsWith(".cfg"));

        private final String below;
        private final Predicate<String> names;

        Obstacle(String below, Predicate<String> names) {
            this.below = below;
            this.names = names;
        }

        /** Puts a directory in the file's place, and keeps the file. */
        Path into(Path config, Path kept) throws IOException {
            Path file = file(config).orElseThrow();
            Files.move(file, kept, StandardCopyOption.REPLACE_EXISTING);
            return Files.createDirectory(file);
        }

        private Optional<Path> file(Path config) throws IOException {
            try (Stream<Path> files = Files.list(config.resolve(below))) {
                return files.filter(file -> names.test(file.getFileName().toString()))
                        .max(Path::compareTo);
            }
        }
    }

    private Fleet fleet;
    private Member a;
    private Path config;

    private void aHostKilledWithModels(String... models) throws Exception {
        fleet = FLEETS.over(Store.FS);
        a = fleet.member("A");
        config = a.logs().resolve("config");
        a.start();
        for (String model : models) {
            a.register(model);
        }
        a.kill();
    }

    private Path kept() {
        return fleet.directory().resolve("kept");
    }

    private List<String> warningsAbout(Path file) throws IOException {
        return a.host()
                .log()
                .lines()
                .filter(line -> line.contains("[WARN") || line.contains("[ERROR"))
                .filter(line -> line.contains(file.getFileName().toString()))
                .toList();
    }

    @Test
    void oneFileThatCannotBeReadTakesNothingFromAHostThatHasItElsewhere() throws Exception {
        aHostKilledWithModels("first", "second");
        Set<String> models = new TreeSet<>(Set.of("first", "second"));

        for (Obstacle obstacle : Obstacle.values()) {
            Path unreadable = obstacle.into(config, kept());
            a.start();

            assertThat(a.models()).as("%s", obstacle).isEqualTo(models);
            assertThat(warningsAbout(unreadable)).as("%s", obstacle).isNotEmpty();
            String more = "beside-" + obstacle.name().toLowerCase(Locale.ROOT);
            a.register(more);
            models.add(more);
            a.kill();
        }
        a.start();
        assertThat(a.models()).isEqualTo(models);
    }

    @Test
    void aHostThatCanReadNothingIsUnhealthyUntilItCan() throws Exception {
        aHostKilledWithModels("important");
        Files.move(config, kept());
        Files.createFile(config);
        removeTheJournal();

        a.start();

        assertEmptyByFailure(a);
        Files.delete(config);
        Files.move(kept(), config);
        a.awaitMode("ATTACHED");
        a.awaitReady();
        assertThat(a.models()).containsExactly("important");
    }

    private void removeTheJournal() throws IOException {
        try (Stream<Path> files = Files.walk(a.logs().resolve("journal"))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
