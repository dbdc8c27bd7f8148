package dev.holdfast.host.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.testsupport.Tmpfs;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full, for real: a small tmpfs. Needs root; skipped, and says so, elsewhere. */
class JournalFullDiskIT {

    @TempDir
    private Path directory;

    private Path disk;

    @BeforeEach
    void mountASmallDisk() throws Exception {
        disk = Tmpfs.mount(directory.resolve("disk"), "size=4m");
    }

    @AfterEach
    void unmount() throws Exception {
        Tmpfs.unmount(disk);
    }

    @Test
    void theNewestStateFindsRoomANamedSaveIsRefusedAndNothingIsLost() throws IOException {
        try (Journal journal = Journal.open(disk, "ddb", "default", Given.MUCH, Given.NOWHERE)) {
            journal.append(Given.save(1, 10_000));
            journal.append(Given.sized(2, 10_000));
            fill();

            assertThatExceptionOfType(JournalFullException.class)
                    .isThrownBy(() -> journal.append(Given.save(3, 50_000)));
            for (long revision = 4; revision < 9; revision++) {
                journal.append(Given.sized(revision, 100_000));
            }
            assertThat(Given.revisions(journal.pending())).contains(1L, 8L);
        }
        try (Journal journal = Journal.open(disk, "ddb", "default", Given.MUCH, Given.NOWHERE)) {
            List<Entry> pending = journal.pending();
            assertThat(Given.revisions(pending)).contains(1L, 8L);
            pending.forEach(journal::read);
            assertThat(journal.damaged()).isEmpty();
        }
    }

    private void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(disk.resolve("filler"))) {
            while (true) {
                out.write(new byte[512]);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }
}
