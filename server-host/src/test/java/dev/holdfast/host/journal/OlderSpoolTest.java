package dev.holdfast.host.journal;

import static dev.holdfast.host.journal.Given.copies;
import static dev.holdfast.host.journal.Given.journal;
import static dev.holdfast.host.journal.Given.revisions;
import static dev.holdfast.host.journal.Given.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A log location of a version without a journal, and back to that version. */
class OlderSpoolTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private Path spool(String part) {
        return logs.resolve("spool/ddb").resolve(part);
    }

    /** As the older version opens its directories. */
    private SnapshotSerializer older(String part, String group) {
        return new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs)
                        .group(group)
                        .values(Map.of("directory", spool(part).toString()))
                        .build());
    }

    private void older(String part, Snapshot... snapshots) {
        try (SnapshotSerializer serializer = older(part, snapshots[0].header().group())) {
            for (Snapshot snapshot : snapshots) {
                serializer.save(snapshot);
            }
        }
    }

    private static Snapshot ofOther(long revision) {
        return snapshot(revision, SnapshotKind.SNAPSHOT, "other", 50);
    }

    @Test
    void whatWaitedAndTheCopiesAreTakenOver() {
        Snapshot waiting = snapshot(8);
        older("copies", snapshot(4), snapshot(5), snapshot(6));
        older("pending", snapshot(7), waiting);

        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(7L, 8L);
            assertThat(journal.read(journal.pending().get(1)).text()).isEqualTo(waiting.text());
            assertThat(copies(journal)).containsExactly(6L, 5L, 4L);
        }
        assertThat(spool("copies")).doesNotExist();
        assertThat(spool("pending")).isRegularFile();
        assertThat(log.info()).anyMatch(line -> line.contains("2 snapshots that waited in " + spool("pending")));
    }

    @Test
    void itIsTakenOverAgainAndAgainWithoutHarm() {
        older("pending", snapshot(7), snapshot(8));

        for (int start = 0; start < 3; start++) {
            try (Journal journal = journal(logs)) {
                assertThat(revisions(journal.pending())).containsExactly(7L, 8L);
            }
        }
    }

    @Test
    void whatHasPassedOrWasRefusedOrDroppedDoesNotComeBackAndInTheEndNothingOfItIsLeft() {
        older("pending", snapshot(1), snapshot(2), snapshot(3), snapshot(4));

        try (Journal journal = journal(logs)) {
            journal.passed(journal.pending().get(0));
            journal.refused(journal.pending().get(0));
        }
        try (Journal journal = journal(logs, 100)) {
            assertThat(revisions(journal.pending())).containsExactly(3L, 4L);
            journal.append(snapshot(5));
        }
        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(4L, 5L);
            assertThat(spool("pending.taken-over")).isDirectory();
            journal.passed(journal.pending().get(0));
            assertThat(spool("pending.taken-over")).doesNotExist();
            journal.passed(journal.pending().get(0));
        }
        assertThat(spool("pending")).doesNotExist();
        assertThat(log.warnings()).noneMatch(line -> line.contains("cannot"));
    }

    @Test
    void whatHasPassedWaitsNoMoreThoughItsOlderFileCannotBeRemoved() {
        older("pending", snapshot(1));

        try (Journal journal = journal(logs, Given.MUCH, (step, file) -> {
            if (step == JournalFiles.Step.DELETE && file.startsWith(spool("pending.taken-over"))) {
                throw new IOException("Input/output error");
            }
        })) {
            journal.passed(journal.pending().get(0));

            assertThat(journal.pending()).isEmpty();
        }
        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(1L);
        }
    }

    @Test
    void otherGroupsAreTakenOverWhenAHostOfTheirsStarts() {
        older("pending", snapshot(1));
        older("pending", ofOther(2));

        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(1L);
            journal.passed(journal.pending().get(0));
            assertThat(spool("pending")).isRegularFile();
        }
        try (Journal other = Journal.open(logs, "ddb", "other", Given.MUCH, Given.NOWHERE)) {
            assertThat(revisions(other.pending())).containsExactly(2L);
        }
        try (Journal journal = journal(logs)) {
            assertThat(journal.pending()).isEmpty();
            assertThat(spool("pending")).isRegularFile();
        }
        try (Journal other = Journal.open(logs, "ddb", "other", Given.MUCH, Given.NOWHERE)) {
            other.passed(other.pending().get(0));
        }
        assertThat(spool("pending")).doesNotExist();
        assertThat(spool("pending.taken-over")).doesNotExist();
    }

    @Test
    void whatAnOlderVersionAddsAfterItsGuardWasRemovedIsTakenOverToo() throws IOException {
        older("pending", snapshot(1));
        journal(logs).close();
        Files.delete(spool("pending"));
        older("pending", snapshot(2));
        older("pending", ofOther(3));

        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(1L, 2L);
        }
        try (Journal other = Journal.open(logs, "ddb", "other", Given.MUCH, Given.NOWHERE)) {
            assertThat(revisions(other.pending())).containsExactly(3L);
        }
    }

    @Test
    void oneThatCannotBeReadIsNamedAndStaysWhereItCanBeFound() throws IOException {
        older("pending", snapshot(1), snapshot(2));
        Files.writeString(spool("pending").resolve(snapshot(1).header().name()), "garbage");

        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(2L);
            assertThat(journal.damaged()).hasSize(1);
            assertThat(log.errors()).hasSize(1);
            journal.passed(journal.pending().get(0));
        }
        assertThat(spool("pending.taken-over").resolve(snapshot(1).header().name()))
                .exists();
    }

    @Test
    void whileAnythingWaitsAnOlderVersionCannotReadItsDirectory() throws IOException {
        try (Journal journal = journal(logs)) {
            Entry first = journal.append(snapshot(1));
            Entry second = journal.append(snapshot(2));
            journal.passed(first);

            for (String group : List.of("default", "other")) {
                try (SnapshotSerializer pending = older("pending", group)) {
                    ListRequest all = ListRequest.firstPage(ListRequest.MOST);
                    assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> pending.list(all));
                    assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(pending::getLast);
                }
            }
            assertThat(Files.readString(spool("pending")))
                    .contains(Given.directory(logs).resolve("pending").toString())
                    .contains("starts detached")
                    .contains("Start the newer Holdfast");
            journal.refused(second);
            assertThat(spool("pending")).doesNotExist();
        }
    }

    @Test
    void theGuardStandsAgainAfterAStartAndGoesWithAStartAtWhichNothingWaits() throws IOException {
        try (Journal journal = journal(logs)) {
            journal.append(snapshot(1));
        }
        String text = Files.readString(spool("pending"));
        Files.delete(spool("pending"));
        journal(logs).close();
        assertThat(spool("pending")).isRegularFile();

        try (Journal journal = journal(logs)) {
            journal.passed(journal.pending().get(0));
        }
        Files.writeString(spool("pending"), text);
        journal(logs).close();
        assertThat(spool("pending")).doesNotExist();
    }

    @Test
    void aGuardThatCannotBeWrittenIsToldAndCostsNoSnapshot() throws IOException {
        Files.createDirectories(logs.resolve("spool"));
        Files.writeString(logs.resolve("spool/ddb"), "in the way");

        try (Journal journal = journal(logs)) {
            journal.append(snapshot(1));
            journal.append(snapshot(2));
            assertThat(revisions(journal.pending())).containsExactly(1L, 2L);
        }
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains("do not start an older version with this log location");
        assertThat(Files.readString(logs.resolve("spool/ddb"))).isEqualTo("in the way");
    }

    @Test
    void aDirectoryThatAnOlderVersionWroteInEarnestIsTakenOver() throws Exception {
        Path fixture = Path.of(getClass().getResource("/older-spool").toURI());
        Given.copyTree(fixture, logs);

        try (Journal journal = journal(logs)) {
            assertThat(journal.pending())
                    .extracting(entry -> entry.header().name())
                    .containsExactly("20261129081500000-snapshot.cfg", "20261129081600000-save.cfg");
            assertThat(journal.all()).hasSize(4);
            assertThat(journal.copies())
                    .extracting(copy -> copy.header().revision())
                    .containsExactly(2L, 1L);
            assertThat(journal.damaged()).isEmpty();
        }
    }
}
