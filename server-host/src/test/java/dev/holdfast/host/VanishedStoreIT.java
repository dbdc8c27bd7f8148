package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The directory of the snapshots goes under a running host, as a disk that is unmounted, and comes back. */
class VanishedStoreIT {

    @TempDir
    private Path directory;

    @Test
    void aHostWhoseStoreVanishesKeepsChangesInItsJournalAndSendsThemWhenItIsBack() throws Exception {
        Path models = directory.resolve("model-store");
        TestArchives.noop(models, "noop.mar", "noop", "1.0");
        Path disk = directory.resolve("disk");
        Path kept = directory.resolve("kept");
        try (HostProcess host = HostProcess.start(
                models, directory.resolve("logs"), "--set", "snapshot.fs.directory=" + disk.resolve("config"))) {
            assertThat(register(host, "before").statusCode()).isEqualTo(200);
            Files.move(disk, kept);
            Files.createDirectory(disk);

            HttpResponse<String> spooled = register(host, "meanwhile");

            assertThat(spooled.statusCode()).as(spooled.body()).isEqualTo(200);
            assertThat(spooled.body()).contains("Kept in the journal", disk.resolve("config") + " is gone");
            assertThat(mode(host)).isEqualTo("SPOOLING");
            try (Stream<Path> made = Files.list(disk)) {
                assertThat(made).as("nothing is made in the mount point").isEmpty();
            }

            Files.delete(disk);
            Files.move(kept, disk);
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> mode(host).equals("ATTACHED"));
            assertThat(host.managementJson("/snapshots/status")
                            .required("spooled")
                            .intValue())
                    .isZero();
            host.kill();
        }
    }

    private static HttpResponse<String> register(HostProcess host, String name) throws Exception {
        return host.management("POST", "/models?url=noop.mar&model_name=" + name);
    }

    private static String mode(HostProcess host) throws Exception {
        return host.managementJson("/snapshots/status").required("mode").asText();
    }
}
