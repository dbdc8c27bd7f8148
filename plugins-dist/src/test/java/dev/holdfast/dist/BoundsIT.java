package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_NONE;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A host that is changed and changed again: neither its journal nor its store grows without end. */
class BoundsIT {

    private static final int MIB = 1024 * 1024;

    /** As a host's first round of clearing away comes a minute after its start. */
    private static final Duration A_ROUND = Duration.ofMinutes(4);

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    /** Changes that need no worker, so that hundreds of them take seconds. */
    private static void change(Member host, int times) throws IOException, InterruptedException {
        for (int i = 0; i < times; i++) {
            HttpResponse<String> answer =
                    host.host().manage("PUT", "/models/idle?min_worker=0&max_worker=" + (1 + i % 2));
            assertThat(answer.statusCode())
                    .as("change %s: %s", i, answer.body())
                    .isIn(200, 202);
        }
    }

    private static void registerIdle(Member host) throws IOException, InterruptedException {
        host.host().change("POST", "/models?url=iris-1.0&model_name=idle&initial_workers=0");
    }

    @ParameterizedTest
    @EnumSource(mode = MATCH_NONE, names = "FS.*")
    void theJournalOfAHostWhoseStoreIsAwayKeepsToItsBoundAndTheNewestState(Store store) throws Exception {
        Fleet fleet = FLEETS.over(store);
        Member a = fleet.member("A");
        // Each snapshot has 20 KiB that no codec makes shorter: 400 of them have eight times what the journal may.
        byte[] noise = new byte[15 * 1024];
        new Random(12).nextBytes(noise);
        String padding = "--set=padding=" + Base64.getUrlEncoder().encodeToString(noise);
        String bound = "--set=spool_max_size=1";
        a.start(padding, bound);
        registerIdle(a);
        a.way().cut();

        change(a, 400);
        a.register("important");

        assertThat(bytesBelow(a.logs().resolve("spool"))).isLessThan(2 * MIB);
        assertThat(a.status().required("notices")).isNotEmpty();
        a.kill();
        a.start(padding, bound);
        assertThat(a.host().change("GET", "/models").body()).contains("important", "idle");
        a.way().mend();
        a.awaitMode("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("idle", "important"));
    }

    private static long bytesBelow(Path directory) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                try {
                    bytes += Files.size(file);
                } catch (NoSuchFileException e) {
                    // The host has removed it since.
                }
            }
        }
        return bytes;
    }

    @Test
    void withoutAnyKeyTheNewestThousandSnapshotsStay() throws Exception {
        assertThatSnapshotsAreBounded(1030, 1000);
    }

    @Test
    void asManySnapshotsStayAsTheOperatorSays() throws Exception {
        assertThatSnapshotsAreBounded(60, 20, "--set=snapshot_keep=20");
    }

    /** Beside the newest ones, one of a day may stay, of 30 days. */
    private static void assertThatSnapshotsAreBounded(int changes, int newest, String... settings) throws Exception {
        Fleet fleet = FLEETS.over(Store.FS);
        Member a = fleet.member("A");
        a.start(settings);
        registerIdle(a);
        change(a, changes);
        a.kill();
        // Its first round may have come amid the changes, and the next one would be an hour later.
        a.start(settings);

        await().atMost(A_ROUND)
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(fleet.group().count()).isBetween(newest, newest + 2));

        a.kill();
        a.start(settings);
        assertThat(a.host().change("GET", "/models").body()).contains("idle");
    }
}
