package dev.holdfast.host.journal;

import static dev.holdfast.host.journal.Given.journal;
import static dev.holdfast.host.journal.Given.save;
import static dev.holdfast.host.journal.Given.sized;
import static dev.holdfast.host.journal.Given.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that dies before any of its steps on the disk: the log location as it was then is opened again. */
class JournalCrashTest {

    @TempDir
    private Path place;

    /** What a caller knows for certain; revisions tell the snapshots apart. */
    private final Set<Long> acknowledged = new TreeSet<>();

    private final Set<Long> gone = new TreeSet<>();
    private final Set<Long> pinned = new TreeSet<>();
    private final Set<Long> aside = new TreeSet<>();
    private final List<Known> cuts = new ArrayList<>();

    private record Known(
            Path logs, String before, Set<Long> acknowledged, Set<Long> gone, Set<Long> pinned, Set<Long> aside) {}

    private void cut(Path logs, String before) throws IOException {
        Path copy = place.resolve("cut-" + cuts.size());
        Given.copyTree(logs, copy);
        cuts.add(new Known(
                copy, before, Set.copyOf(acknowledged), Set.copyOf(gone), Set.copyOf(pinned), Set.copyOf(aside)));
    }

    private void append(Journal journal, Snapshot snapshot) {
        journal.append(snapshot);
        acknowledged.add(snapshot.header().revision());
    }

    private Entry taken(Journal journal) {
        Entry entry = journal.pending().get(0);
        acknowledged.remove(entry.header().revision());
        return entry;
    }

    private void refuse(Journal journal) {
        Entry entry = taken(journal);
        journal.refused(entry);
        gone.add(entry.header().revision());
    }

    private void script(Path logs) {
        try (Journal journal = journal(logs, Given.MUCH, (step, file) -> cut(logs, step + " " + file.getFileName()))) {
            append(journal, snapshot(10));
            append(journal, snapshot(11));
            append(journal, snapshot(3));
            journal.passed(taken(journal));
            refuse(journal);
            append(journal, save(12, 40));
            journal.pin(Pin.BASE, snapshot(20));
            pinned.add(20L);
            for (long revision = 30; revision < 34; revision++) {
                journal.copy(snapshot(revision));
            }
            journal.setAside(snapshot(40));
            aside.add(40L);
            journal.passed(taken(journal));
            pinned.clear();
            journal.unpin(Pin.BASE);
            refuse(journal);
            append(journal, snapshot(13));
        }
    }

    private void check() {
        for (Known known : cuts) {
            try (Journal journal = journal(known.logs())) {
                Set<Long> pending = journal.pending().stream()
                        .map(entry -> journal.read(entry).header().revision())
                        .collect(Collectors.toSet());
                assertThat(pending).as("cut before %s", known.before()).containsAll(known.acknowledged());
                assertThat(Collections.disjoint(pending, known.gone()))
                        .as("cut before %s: %s has none of %s", known.before(), pending, known.gone())
                        .isTrue();
                assertThat(journal.damaged())
                        .as("cut before %s", known.before())
                        .isEmpty();
                known.pinned()
                        .forEach(revision -> assertThat(journal.pinned(Pin.BASE))
                                .map(pin -> pin.header().revision())
                                .contains(revision));
                assertThat(journal.aside())
                        .extracting(header -> header.revision())
                        .containsAll(known.aside());
                assertThat(journal.copies()).hasSizeLessThanOrEqualTo(3);
                assertThat(Files.isRegularFile(known.logs().resolve("spool/ddb/pending")))
                        .as("guard, cut before %s", known.before())
                        .isEqualTo(!pending.isEmpty());
            }
        }
    }

    /** Before the next start, the guard already stands where anything waits. */
    private void checkGuards() throws IOException {
        for (Known known : cuts) {
            Path pending = Given.directory(known.logs()).resolve("pending");
            if (Files.isDirectory(pending) && !Given.files(pending).isEmpty()) {
                assertThat(known.logs().resolve("spool/ddb/pending"))
                        .as("guard, cut before %s", known.before())
                        .exists();
            }
        }
    }

    @Test
    void everyAcknowledgedOneIsThereAndNoRefusedOneWhereverTheProcessDied() throws IOException {
        Path logs = Files.createDirectory(place.resolve("logs"));

        script(logs);

        assertThat(cuts).hasSizeGreaterThan(60);
        checkGuards();
        check();
    }

    @Test
    void soItIsWhileAnOlderLogLocationIsTakenOver() throws IOException {
        Path logs = Files.createDirectory(place.resolve("logs"));
        try (SnapshotSerializer older = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs)
                        .values(Map.of(
                                "directory", logs.resolve("spool/ddb/pending").toString()))
                        .build())) {
            older.save(snapshot(1));
            older.save(snapshot(2));
        }
        acknowledged.addAll(Set.of(1L, 2L));

        script(logs);

        check();
    }

    @Test
    void soItIsWhileOlderOnesAreDroppedToMakeRoom() throws IOException {
        Path logs = Files.createDirectory(place.resolve("logs"));
        try (Journal journal = journal(logs, 4000, (step, file) -> cut(logs, step + " " + file.getFileName()))) {
            for (long revision = 1; revision < 6; revision++) {
                acknowledged.clear();
                if (revision > 1) {
                    acknowledged.add(revision - 1);
                }
                journal.append(sized(revision, 1500));
            }
        }
        check();
    }

    @Test
    void aPassageThatThePowerCutUndidLeavesWhatTheStoreHasWaitingWhichItsSaveIdTells() throws IOException {
        Path logs = Files.createDirectory(place.resolve("logs"));
        Snapshot passed = snapshot(1);
        try (Journal journal = journal(logs)) {
            Entry entry = journal.append(passed);
            Path before = Given.files(Given.directory(logs).resolve("pending")).get(0);
            byte[] content = Files.readAllBytes(before);
            journal.passed(entry);
            Files.write(before, content);
        }
        try (Journal journal = journal(logs)) {
            assertThat(journal.pending()).extracting(Entry::header).containsExactly(passed.header());
            journal.passed(journal.pending().get(0));
            assertThat(journal.pending()).isEmpty();
            assertThat(journal.copies()).contains(passed).hasSizeLessThanOrEqualTo(3);
        }
    }
}
