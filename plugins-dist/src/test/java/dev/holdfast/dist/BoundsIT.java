package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A host that is changed and changed again: its journal does not grow without end. */
class BoundsIT {

    private static final int MIB = 1024 * 1024;

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

    @Test
    void theJournalOfAHostWhoseStoreIsAwayKeepsToItsBoundAndTheNewestState() throws Exception {
        Fleet fleet = FLEETS.over(Store.DYNAMODB);
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

        assertThat(bytesBelow(a.logs().resolve("journal"))).isLessThan(2 * MIB);
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
}
