package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.snapshot.SnapshotNames;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store of a host that nobody has told anything about retention does not grow for ever. */
class DefaultRetentionIT {

    private static final int RECENT = 1_000;

    @TempDir
    private Path directory;

    private final Instant now = Instant.now().truncatedTo(ChronoUnit.DAYS).plus(Duration.ofHours(1));
    private long revision;
    private Optional<String> last = Optional.empty();

    private Path logs() {
        return directory.resolve("logs");
    }

    private SnapshotSerializer open() {
        return new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs()).host("earlier").build());
    }

    private void save(SnapshotSerializer fs, long daysAgo) {
        revision++;
        Instant time = now.minus(Duration.ofDays(daysAgo)).plusMillis(revision);
        SnapshotHeader.Builder header = SnapshotHeader.builder()
                .name(SnapshotNames.name(time, SnapshotKind.SNAPSHOT))
                .kind(SnapshotKind.SNAPSHOT)
                .createdOn(time)
                .group("default")
                .revision(revision)
                .host("earlier");
        last.ifPresent(header::follows);
        Snapshot snapshot = SnapshotText.write(header, States.CONFIG, States.of());
        last = Optional.of(snapshot.header().saveId());
        fs.save(snapshot);
    }

    private List<SnapshotHeader> stored() {
        try (SnapshotSerializer fs = open()) {
            return SnapshotPage.all(fs, ListRequest.firstPage(ListRequest.MOST)).toList();
        }
    }

    private String log() throws IOException {
        return Files.readString(logs().resolve("holdfast.log"));
    }

    /** Two of each day from 49 to 40 days ago, two of each day from 14 to 5 days ago, and those of yesterday. */
    private void fill() {
        try (SnapshotSerializer fs = open()) {
            for (int daysAgo = 49; daysAgo >= 5; daysAgo--) {
                if (daysAgo >= 40 || daysAgo < 15) {
                    save(fs, daysAgo);
                    save(fs, daysAgo);
                }
            }
            for (int i = 0; i < RECENT; i++) {
                save(fs, 1);
            }
        }
    }

    @Test
    void theFirstRoundTellsAndTheNextKeepsTheNewestAndOneOfEachDay() throws Exception {
        Path models = Files.createDirectories(directory.resolve("models"));
        fill();
        assertThat(stored()).hasSize(RECENT + 40);

        try (HostProcess host = HostProcess.start(models, logs())) {
            await().atMost(Duration.ofMinutes(4))
                    .untilAsserted(() -> assertThat(log()).contains("From the next round on, "));
            assertThat(stored()).hasSizeGreaterThanOrEqualTo(RECENT + 40);
            host.kill();
        }
        try (HostProcess host = HostProcess.start(models, logs())) {
            await().atMost(Duration.ofMinutes(4))
                    .untilAsserted(() -> assertThat(log()).containsPattern("Removed [0-9]+ old snapshots"));
            host.kill();
        }

        Map<Long, Long> byDaysAgo = stored().stream()
                .collect(Collectors.groupingBy(
                        header -> ChronoUnit.DAYS.between(
                                LocalDate.ofInstant(header.createdOn(), ZoneOffset.UTC),
                                LocalDate.ofInstant(now, ZoneOffset.UTC)),
                        Collectors.counting()));
        for (long daysAgo = 40; daysAgo < 50; daysAgo++) {
            assertThat(byDaysAgo).doesNotContainKey(daysAgo);
        }
        for (long daysAgo = 5; daysAgo < 15; daysAgo++) {
            assertThat(byDaysAgo).containsEntry(daysAgo, 1L);
        }
        assertThat(stored().size()).isBetween(RECENT + 10, RECENT + 10 + 3);
    }
}
