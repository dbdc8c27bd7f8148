package dev.holdfast.host.journal;

import static dev.holdfast.host.journal.Given.journal;
import static dev.holdfast.host.journal.Given.revisions;
import static dev.holdfast.host.journal.Given.save;
import static dev.holdfast.host.journal.Given.sized;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.host.journal.JournalFiles.Step;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class JournalBoundTest {

    /** What a snapshot's header takes in its file, and a little more. */
    private static final int HEADER = 400;

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    /** A disk of so many bytes for the journal's files; a file that does not fit fails as on Linux. */
    private JournalFiles.Steps disk(long bytes) {
        return (step, file) -> {
            if ((step == Step.FORCE || step == Step.FORCE_DIRECTORY) && used() > bytes) {
                throw new IOException("No space left on device");
            }
        };
    }

    private long used() throws IOException {
        try (Stream<Path> files = Files.walk(Given.directory(logs))) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    @Test
    void olderOnesThatWaitAreDroppedWhenANewerOneHoldsTheirChanges() {
        try (Journal journal = journal(logs, 10_000)) {
            for (long revision = 1; revision <= 20; revision++) {
                journal.append(sized(revision, 3000 - HEADER));
                assertThat(journal.size().bytes()).isLessThanOrEqualTo(10_000);
            }
            assertThat(revisions(journal.pending())).containsExactly(18L, 19L, 20L);
            assertThat(journal.size().dropped()).isEqualTo(17);
            assertThat(journal.size().full()).isFalse();
        }
        assertThat(log.warnings())
                .anyMatch(line -> line.contains(
                        "are dropped, oldest first, beginning with " + Given.name(1, SnapshotKind.SNAPSHOT)));
        assertThat(log.warnings())
                .filteredOn(line -> line.contains("oldest first"))
                .hasSize(1);
        try (Journal journal = journal(logs, 10_000)) {
            assertThat(revisions(journal.pending())).containsExactly(18L, 19L, 20L);
        }
    }

    @Test
    void theNewestOneStaysWhileTheAnswerToTheNextIsNotKnown() {
        try (Journal journal = journal(logs, 5000)) {
            journal.append(sized(1, 3000));
            Entry second = journal.append(sized(2, 3000));
            assertThat(revisions(journal.pending())).containsExactly(1L, 2L);

            journal.refused(second);

            assertThat(revisions(journal.pending())).containsExactly(1L);
        }
    }

    @Test
    void namedSavesPinsAndWhatLostAreNeverDropped() {
        try (Journal journal = journal(logs, 10_000)) {
            journal.append(save(1, 2000));
            journal.pin(Pin.BASE, sized(2, 2000));
            journal.setAside(sized(3, 2000));
            for (long revision = 4; revision <= 10; revision++) {
                journal.append(sized(revision, 3000));
            }

            assertThat(revisions(journal.pending())).containsExactly(1L, 9L, 10L);
            assertThat(journal.pinned(Pin.BASE)).isPresent();
            assertThat(journal.aside()).hasSize(1);
        }
    }

    @Test
    void copiesGoBeforeWhatWaits() {
        try (Journal journal = journal(logs, 10_000)) {
            journal.copy(sized(1, 2000));
            journal.copy(sized(2, 2000));
            journal.append(sized(3, 2000));
            journal.append(sized(4, 3000));

            assertThat(Given.copies(journal)).containsExactly(2L);
            assertThat(revisions(journal.pending())).containsExactly(3L, 4L);

            journal.append(sized(5, 8000));
            assertThat(Given.copies(journal))
                    .as("the newest is the host's proof of what the store had")
                    .containsExactly(2L);
            assertThat(revisions(journal.pending())).containsExactly(4L, 5L);
        }
    }

    @Test
    void aNamedSaveWithoutRoomIsRefusedAndTheNewestStateIsNot() {
        try (Journal journal = journal(logs, 5000)) {
            journal.append(save(1, 2000));
            journal.append(sized(2, 1000));

            assertThatExceptionOfType(JournalFullException.class)
                    .isThrownBy(() -> journal.append(save(3, 2000)))
                    .withMessageContaining("of 5000 bytes used")
                    .withMessageContaining("Raise spool_max_size");
            assertThat(journal.size().full()).isTrue();
            journal.append(sized(4, 4000));
            assertThat(revisions(journal.pending())).containsExactly(1L, 2L, 4L);
            assertThat(journal.size().full()).isFalse();
        }
    }

    @Test
    void itIsToldInTime() {
        try (Journal journal = journal(logs, 10_000)) {
            journal.append(sized(1, 4000));
            assertThat(log.warnings()).isEmpty();
            Entry second = journal.append(sized(2, 4000));

            assertThat(log.warnings())
                    .singleElement()
                    .asString()
                    .contains(journal.size().toString(), "raise spool_max_size");
            assertThat(journal.size().toString()).matches("[0-9]+ of 10000 bytes used");
            journal.refused(second);
            journal.append(sized(3, 4000));
            assertThat(log.warnings()).hasSize(2);
        }
    }

    @Test
    void onAFullDiskTheNewestStateGetsTheReserve() throws IOException {
        journal(logs).close();
        long disk = used() + 3000;
        try (Journal journal = journal(logs, Given.MUCH, disk(disk))) {
            journal.append(save(1, 1000));
            journal.append(sized(2, 1000));
            assertThatExceptionOfType(JournalFullException.class).isThrownBy(() -> journal.append(save(3, 2000)));
            assertThat(Given.directory(logs).resolve("reserve")).exists();

            journal.append(sized(4, 3000));

            assertThat(revisions(journal.pending())).containsExactly(1L, 2L, 4L);
            assertThat(Given.directory(logs).resolve("reserve")).doesNotExist();
            assertThat(log.warnings()).anyMatch(line -> line.contains("could not be reserved"));
        }
    }

    @Test
    void thenOlderOnesMakeWayAndAtLastItIsTold() throws IOException {
        journal(logs).close();
        long disk = used() + 10_000;
        try (Journal journal = journal(logs, Given.MUCH, disk(disk))) {
            for (long revision = 1; revision <= 12; revision++) {
                journal.append(sized(revision, 3000));
            }
            assertThat(revisions(journal.pending())).contains(12L);
            assertThat(journal.size().dropped()).isPositive();

            assertThatExceptionOfType(JournalFullException.class)
                    .isThrownBy(() -> journal.append(sized(13, 100_000)))
                    .withMessageContaining("Nothing that was kept is lost: make room");
            assertThat(journal.size().full()).isTrue();
            assertThat(journal.pending()).isNotEmpty();
            assertThat(journal.read(journal.pending().get(0)).header().revision())
                    .isEqualTo(12);
        }
    }

    @Test
    void theReserveComesBackWhenThereIsRoom() throws IOException {
        journal(logs).close();
        long[] room = {Given.MUCH};
        try (Journal journal =
                journal(logs, Given.MUCH, (step, file) -> disk(room[0]).before(step, file))) {
            room[0] = used() + 500;
            journal.append(sized(1, 2000));
            assertThat(Given.directory(logs).resolve("reserve")).doesNotExist();
            room[0] = Given.MUCH;

            journal.append(sized(2, 8000));

            assertThat(Given.directory(logs).resolve("reserve").toFile().length())
                    .isGreaterThan(16_000);
        }
    }

    @Test
    void aPinWithoutRoomIsToldAsOne() throws IOException {
        journal(logs).close();
        try (Journal journal = journal(logs, Given.MUCH, disk(used() + 100))) {
            assertThatExceptionOfType(JournalFullException.class)
                    .isThrownBy(() -> journal.pin(Pin.BASE, sized(1, 1000)))
                    .withMessageContaining("Make room");
            assertThat(journal.pinned(Pin.BASE)).isEmpty();
        }
    }

    @Test
    void theBoundIsAtLeastOneByte() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal(logs, 0)).withMessageContaining("1 byte or more");
    }
}
