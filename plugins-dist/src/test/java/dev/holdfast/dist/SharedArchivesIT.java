package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_NONE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hosts of one group with model stores of their own, of which one alone has an archive. */
class SharedArchivesIT {

    private static final String[] SHARED = {"--follow", "--set=model_store_shared=true"};

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    @ParameterizedTest
    @EnumSource(mode = MATCH_NONE, names = "FS.*")
    void hostsWithEmptyModelStoresServeWhatIsRegisteredWhereTheArchiveIs(Store store) throws Exception {
        servedByAll(FLEETS.over(store));
    }

    @Test
    void theSameOfHostsThatAreTheStoreThemselves() throws Exception {
        servedByAll(FLEETS.overRaft(3));
    }

    private static void servedByAll(Fleet fleet) throws Exception {
        Path empty = Files.createDirectory(fleet.directory().resolve("models-of-b"));
        Path later = Files.createDirectory(fleet.directory().resolve("models-of-c"));
        Member a = fleet.member("A");
        Member b = fleet.member("B");
        Member c = fleet.member("C");
        start(List.of(a, b, c), List.of(withIris(fleet, 0), empty, later));

        a.register("first");
        awaitServed(b, "first");
        awaitServed(c, "first");
        // On an empty machine, with an archive that came from the chunks where there is no model store's any more.
        c.kill();
        delete(later.resolve("iris-1.0"));
        c.startFrom(later, SHARED);
        awaitServed(c, "first");
        b.register("second");
        awaitServed(a, "first", "second");

        assertThat(empty.resolve("iris-1.0/model.onnx"))
                .hasSameBinaryContentAs(a.distribution().home().resolve("examples/model-store/iris-1.0/model.onnx"));
    }

    @Test
    void aHostThatIsKilledWhileItFetchesServesTheArchiveAfterItsNextStart() throws Exception {
        Fleet fleet = FLEETS.over(Store.SQLITE);
        Path models = Files.createDirectory(fleet.directory().resolve("models-of-b"));
        Member a = fleet.member("A");
        Member b = fleet.member("B");
        start(List.of(a, b), List.of(withIris(fleet, 96 << 20), models));

        a.register("large");
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !entries(models).isEmpty());
        b.kill();
        assertThat(models.resolve("iris-1.0")).doesNotExist();
        b.startFrom(models, SHARED);

        awaitServed(b, "large");
        assertThat(models.resolve("iris-1.0/ballast.bin"))
                .hasSameBinaryContentAs(fleet.directory().resolve("models-of-a/iris-1.0/ballast.bin"));
    }

    private static void start(List<Member> members, List<Path> modelStores) throws Exception {
        ExecutorService starts = Executors.newFixedThreadPool(members.size());
        try {
            List<Future<Object>> running = Stream.iterate(0, i -> i < members.size(), i -> i + 1)
                    .map(i -> starts.submit(() -> {
                        members.get(i).startFrom(modelStores.get(i), SHARED);
                        return (Object) i;
                    }))
                    .toList();
            for (Future<Object> one : running) {
                one.get();
            }
        } finally {
            starts.shutdownNow();
        }
    }

    /** A model store with one archive, which may have a large file that the model does not read. */
    private static Path withIris(Fleet fleet, int ballast) throws Exception {
        Path archive = Files.createDirectories(fleet.directory().resolve("models-of-a/iris-1.0"));
        Path example = fleet.home().resolve("examples/model-store/iris-1.0");
        for (String file : List.of("manifest.json", "model.onnx")) {
            Files.copy(example.resolve(file), archive.resolve(file));
        }
        if (ballast > 0) {
            byte[] bytes = new byte[ballast];
            new Random(ballast).nextBytes(bytes);
            Files.write(archive.resolve("ballast.bin"), bytes);
        }
        return archive.getParent();
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        }
    }

    private static void delete(Path directory) throws IOException {
        for (Path file : entries(directory)) {
            Files.delete(file);
        }
        Files.delete(directory);
    }

    private static void awaitServed(Member member, String... models) {
        await().untilAsserted(
                        () -> assertThat(member.models()).as(member.name()).containsExactly(models));
    }
}
