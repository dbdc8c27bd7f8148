package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.testsupport.Tmpfs;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full for a while, for real: a small tmpfs. Needs root; skipped, and says so, elsewhere. */
class FullDiskIT {

    @TempDir
    private Path directory;

    private Path disk;

    @BeforeEach
    void mountASmallDisk() throws Exception {
        disk = Tmpfs.mount(directory.resolve("disk"), "size=2m");
    }

    @AfterEach
    void unmount() throws Exception {
        Tmpfs.unmount(disk);
    }

    @Test
    void aFullDiskIsToldByTheCallAndNothingIsLostOnceThereIsRoom() throws Exception {
        Path store = directory.resolve("model-store");
        TestArchives.noop(store, "noop.mar", "noop", "1.0");
        Path logs = disk.resolve("logs");
        try (HostProcess host = HostProcess.start(store, logs)) {
            assertThat(host.management("POST", "/models?url=noop.mar&model_name=before")
                            .statusCode())
                    .isEqualTo(200);
            Path filler = fill("filler");
            HttpResponse<String> kept = host.management("PUT", "/models/before?min_worker=2&synchronous=true");
            assertThat(kept.statusCode())
                    .as("the journal has set room aside for the newest state: %s", kept.body())
                    .isEqualTo(200);
            assertThat(kept.body()).contains("No space left on device");
            Path rest = fill("rest");
            HttpResponse<String> full = host.management("PUT", "/models/before?min_worker=3&synchronous=true");
            assertThat(full.statusCode()).as(full.body()).isEqualTo(507);
            assertThat(full.body()).contains("SnapshotNotSavedException");
            // The change is running all the same, and the host goes on.
            assertThat(host.predict("/predictions/before", "x").statusCode()).isEqualTo(200);
            assertThat(host.managementJson("/snapshots/status").toString()).contains("not durable");

            Files.delete(filler);
            Files.delete(rest);
            Awaitility.await("the host makes the change durable by itself")
                    .atMost(Duration.ofSeconds(60))
                    .until(() ->
                            !host.managementJson("/snapshots/status").toString().contains("not durable"));
            host.kill();
        }
        try (HostProcess host = HostProcess.start(store, logs)) {
            assertThat(host.managementJson("/models/before").get(0).required("workers"))
                    .hasSize(3);
        }
    }

    private Path fill(String name) throws IOException {
        Path filler = disk.resolve(name);
        try (OutputStream out = Files.newOutputStream(filler)) {
            while (true) {
                out.write(new byte[512]);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
            return filler;
        }
    }
}
