package dev.holdfast.host.journal;

import static dev.holdfast.host.journal.Given.copies;
import static dev.holdfast.host.journal.Given.files;
import static dev.holdfast.host.journal.Given.journal;
import static dev.holdfast.host.journal.Given.revisions;
import static dev.holdfast.host.journal.Given.sized;
import static dev.holdfast.host.journal.Given.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private Path part(String name) {
        return Given.directory(logs).resolve(name);
    }

    @Test
    void whatWaitsIsReadInItsOrderAlsoByTheNextProcess() {
        Snapshot second = Given.following("before-7", 7, SnapshotKind.SNAPSHOT, "default", 100);
        try (Journal journal = journal(logs)) {
            journal.append(snapshot(5));
            journal.append(second);
        }
        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(5L, 7L);
            Snapshot read = journal.read(journal.pending().get(1));
            assertThat(read).isEqualTo(second);
            assertThat(read.text()).isEqualTo(second.text());
            assertThat(read.header().follows()).contains("before-7");
        }
    }

    @Test
    void anyRevisionIsTakenAndTheOrderIsThatOfTheAppends() {
        try (Journal journal = journal(logs)) {
            journal.append(snapshot(9));
            journal.append(snapshot(3));
            journal.append(snapshot(3));
        }
        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(9L, 3L, 3L);
            journal.append(snapshot(1));
            assertThat(revisions(journal.pending())).containsExactly(9L, 3L, 3L, 1L);
        }
    }

    @Test
    void aSnapshotOfAnotherGroupIsRefused() {
        try (Journal journal = journal(logs)) {
            Snapshot other = snapshot(1, SnapshotKind.SNAPSHOT, "other", 10);

            assertThatIllegalArgumentException().isThrownBy(() -> journal.append(other));
            assertThatIllegalArgumentException().isThrownBy(() -> journal.setAside(other));
        }
    }

    @Test
    void storesAndGroupsHaveJournalsOfTheirOwn() {
        try (Journal journal = journal(logs)) {
            journal.append(snapshot(1));
        }
        try (Journal store = Journal.open(logs, "jdbc", "default", Given.MUCH, Given.NOWHERE);
                Journal group = Journal.open(logs, "ddb", "other", Given.MUCH, Given.NOWHERE)) {
            assertThat(store.pending()).isEmpty();
            assertThat(group.pending()).isEmpty();
        }
    }

    @Test
    void whatPassedIsACopyAndWaitsNoMore() {
        try (Journal journal = journal(logs)) {
            Entry entry = journal.append(snapshot(1));
            journal.append(snapshot(2));

            journal.passed(entry);

            assertThat(revisions(journal.pending())).containsExactly(2L);
            assertThat(copies(journal)).containsExactly(1L);
            assertThatExceptionOfType(SnapshotNotFoundException.class).isThrownBy(() -> journal.read(entry));
            journal.passed(entry);
            assertThat(copies(journal)).containsExactly(1L);
        }
        assertThat(files(part("pending"))).hasSize(1);
    }

    @Test
    void whatWasRefusedIsGoneAndTheOthersWaitOn() {
        try (Journal journal = journal(logs)) {
            journal.append(snapshot(1));
            Entry entry = journal.append(snapshot(2));

            journal.refused(entry);
            journal.refused(entry);
            assertThat(revisions(journal.pending())).containsExactly(1L);
        }
        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(1L);
            assertThat(journal.copies()).isEmpty();
        }
    }

    @Test
    void aRefusalThatMayNotHaveReachedTheDiskIsNoRefusal() {
        boolean[] broken = new boolean[1];
        try (Journal journal = journal(logs, Given.MUCH, (step, file) -> {
            if (broken[0] && step == JournalFiles.Step.FORCE_DIRECTORY) {
                throw new IOException("Input/output error");
            }
        })) {
            Entry entry = journal.append(snapshot(1));
            broken[0] = true;

            assertThatExceptionOfType(JournalException.class)
                    .isThrownBy(() -> journal.refused(entry))
                    .withMessageContaining("cannot be removed")
                    .withMessageContaining("Input/output error");
            assertThatExceptionOfType(JournalException.class).isThrownBy(() -> journal.refused(entry));
            broken[0] = false;
            journal.refused(entry);
            assertThat(journal.pending()).isEmpty();
        }
    }

    @Test
    void theThreeCopiesThatWerePutLastStayWhateverTheirRevisionsAre() {
        try (Journal journal = journal(logs)) {
            for (long revision : new long[] {9, 8, 12, 3}) {
                journal.copy(snapshot(revision));
            }
            assertThat(copies(journal)).containsExactly(3L, 12L, 8L);
        }
        try (Journal journal = journal(logs)) {
            assertThat(copies(journal)).containsExactly(3L, 12L, 8L);
            journal.passed(journal.append(snapshot(1)));
            assertThat(copies(journal)).containsExactly(1L, 3L, 12L);
        }
        assertThat(files(part("copies"))).hasSize(3);
    }

    @Test
    void whatIsCopiedOnceMoreIsTheNewestAndThereOnce() {
        Snapshot first = snapshot(1);
        try (Journal journal = journal(logs)) {
            journal.copy(first);
            journal.copy(first);
            journal.copy(snapshot(2));
            journal.copy(first);

            assertThat(copies(journal)).containsExactly(1L, 2L);
        }
        assertThat(files(part("copies"))).hasSize(2);
    }

    @Test
    void snapshotsOfTorchServeAreToldApartByNameAndContentNotBySaveId() {
        try (Journal journal = journal(logs)) {
            for (int size = 10; size < 13; size++) {
                SnapshotHeader header = sized(0, size).header();
                journal.copy(Snapshot.create(
                        SnapshotHeader.builder()
                                .name(header.name())
                                .kind(header.kind())
                                .createdOn(header.createdOn())
                                .group("default")
                                .revision(0)
                                .host("ts")
                                .saveId("torchserve"),
                        sized(0, size).toBytes()));
            }
            assertThat(journal.copies())
                    .extracting(copy -> copy.header().size())
                    .containsExactly(12L, 11L, 10L);
        }
    }

    @Test
    void aCopyIsAHardLinkWhereTheStoreIsOnTheSameDisk() throws IOException {
        Path config = Files.createDirectories(logs.resolve("config"));
        Snapshot stored = snapshot(1);
        Files.write(config.resolve(stored.header().name()), FsSnapshotFormat.encode(stored));
        Snapshot elsewhere = snapshot(2);
        Files.write(config.resolve(elsewhere.header().name()), FsSnapshotFormat.encode(snapshot(3)));
        try (Journal journal =
                Journal.open(logs, "fs", "default", Given.MUCH, header -> Optional.of(config.resolve(header.name())))) {
            journal.copy(stored);
            journal.copy(elsewhere);
            Entry waited = journal.append(stored);
            long before = journal.size().bytes();
            journal.passed(waited);

            assertThat(journal.copies()).containsExactly(stored, elsewhere, stored);
            assertThat(journal.size().bytes()).isLessThan(before);
        }
        List<Path> copies = files(logs.resolve("journal/fs/default/copies"));
        assertThat(Files.isSameFile(
                        copies.get(0), config.resolve(stored.header().name())))
                .isTrue();
        Files.delete(config.resolve(stored.header().name()));
        try (Journal journal = Journal.open(logs, "fs", "default", Given.MUCH, Given.NOWHERE)) {
            assertThat(journal.copies()).contains(stored, elsewhere);
        }
    }

    @Test
    void whereNoLinkCanBeMadeTheCopyIsWritten() throws IOException {
        Snapshot stored = snapshot(1);
        Path file = logs.resolve(stored.header().name());
        Files.write(file, FsSnapshotFormat.encode(stored));
        try (Journal journal = Journal.open(
                logs,
                "fs",
                "default",
                Given.MUCH,
                header -> Optional.of(file),
                (step, path) -> {
                    if (step == JournalFiles.Step.LINK) {
                        throw new IOException("Invalid cross-device link");
                    }
                },
                Given.RESERVE)) {
            journal.copy(stored);

            assertThat(journal.copies()).containsExactly(stored);
        }
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void aCopyThatCannotBeKeptIsToldOnceAndFailsNothing() {
        boolean[] broken = new boolean[1];
        try (Journal journal = journal(logs, Given.MUCH, (step, file) -> {
            if (broken[0] && file.startsWith(part("copies"))) {
                throw new IOException("Input/output error");
            }
        })) {
            broken[0] = true;
            journal.copy(snapshot(1));
            journal.copy(snapshot(2));
            journal.passed(journal.append(snapshot(3)));

            assertThat(journal.pending()).isEmpty();
            assertThat(log.warnings())
                    .singleElement()
                    .asString()
                    .contains("cannot be kept", "Input/output error", "is in the store");
            broken[0] = false;
            journal.copy(snapshot(4));
            assertThat(copies(journal)).containsExactly(4L);
        }
    }

    @Test
    void theSidesOfADivergenceStayUntilTheyAreLetGo() {
        try (Journal journal = journal(logs)) {
            assertThat(journal.pinned(Pin.BASE)).isEmpty();
            journal.pin(Pin.BASE, snapshot(1));
            journal.pin(Pin.OURS, snapshot(2));
            journal.pin(Pin.OURS, snapshot(3));
            journal.unpin(Pin.THEIRS);
        }
        try (Journal journal = journal(logs)) {
            assertThat(journal.pinned(Pin.BASE))
                    .map(it -> it.header().revision())
                    .contains(1L);
            assertThat(journal.pinned(Pin.OURS))
                    .map(it -> it.header().revision())
                    .contains(3L);
            long bytes = journal.size().bytes();
            journal.unpin(Pin.OURS);
            assertThat(journal.pinned(Pin.OURS)).isEmpty();
            assertThat(journal.size().bytes()).isLessThan(bytes);
        }
    }

    @Test
    void aDamagedPinIsNoAbsentOne() throws IOException {
        try (Journal journal = journal(logs)) {
            journal.pin(Pin.BASE, snapshot(1));
            Files.writeString(part("pins").resolve("base"), "garbage");

            assertThatExceptionOfType(SnapshotCorruptException.class).isThrownBy(() -> journal.pinned(Pin.BASE));
        }
        try (Journal journal = journal(logs)) {
            assertThat(journal.damaged()).hasSize(1);
        }
    }

    @Test
    void whatLostIsListedReadAndDeletedByItsName() {
        Snapshot first = snapshot(1);
        try (Journal journal = journal(logs)) {
            journal.setAside(first);
            journal.setAside(first);
            journal.setAside(snapshot(2));
        }
        try (Journal journal = journal(logs)) {
            assertThat(journal.aside()).extracting(SnapshotHeader::revision).containsExactly(2L, 1L);
            assertThat(journal.aside(first.header().name()).text()).isEqualTo(first.text());
            assertThat(journal.deleteAside(first.header().name())).isTrue();
            assertThat(journal.deleteAside(first.header().name())).isFalse();
            assertThat(journal.deleteAside("../copies/x")).isFalse();
            assertThatExceptionOfType(SnapshotNotFoundException.class)
                    .isThrownBy(() -> journal.aside(first.header().name()));
        }
    }

    @Test
    void twoThatLostUnderOneNameDoNotReplaceEachOther() {
        Snapshot first = sized(1, 10);
        try (Journal journal = journal(logs)) {
            journal.setAside(first);

            assertThatExceptionOfType(JournalException.class)
                    .isThrownBy(() -> journal.setAside(sized(1, 11)))
                    .withMessageContaining("restore or delete that one first");
            assertThat(journal.aside(first.header().name())).isEqualTo(first);
        }
    }

    @Test
    void everythingThatIsKeptIsGivenToWhoAsksWhatIsNeeded() throws IOException {
        try (Journal journal = journal(logs)) {
            journal.copy(snapshot(1));
            journal.append(snapshot(2));
            journal.append(snapshot(3));
            journal.setAside(snapshot(4));
            journal.pin(Pin.THEIRS, snapshot(5));
            Files.writeString(files(part("pending")).get(0), "garbage");

            assertThat(journal.all())
                    .extracting(it -> it.header().revision())
                    .containsExactlyInAnyOrder(1L, 3L, 4L, 5L);
        }
    }

    @Test
    void oneFileThatCannotBeReadCostsThatSnapshotAlone() throws IOException {
        Entry torn;
        try (Journal journal = journal(logs)) {
            torn = journal.append(snapshot(1));
            journal.append(snapshot(2));
            journal.append(snapshot(3));
            journal.copy(snapshot(4));
            journal.copy(snapshot(5));
        }
        List<Path> pending = files(part("pending"));
        Files.write(pending.get(0), flipped(Files.readAllBytes(pending.get(0)), 10));
        Files.writeString(pending.get(1), "");
        Files.delete(files(part("copies")).get(1));
        Files.createDirectory(
                part("copies").resolve("000000000077-" + snapshot(5).header().name()));
        Files.writeString(part("pending").resolve("notes.txt"), "of somebody else");
        Files.createSymbolicLink(part("aside").resolve("link"), pending.get(2));
        Files.createDirectory(part("pins").resolve("ours"));

        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(1L, 3L);
            assertThatExceptionOfType(SnapshotCorruptException.class).isThrownBy(() -> journal.read(torn));
            assertThat(copies(journal)).containsExactly(4L);
            assertThat(journal.damaged())
                    .extracting(file -> Path.of(file.file()).getFileName().toString())
                    .containsExactlyInAnyOrder(
                            pending.get(1).getFileName().toString(),
                            "000000000077-" + snapshot(5).header().name(),
                            "notes.txt",
                            "link",
                            "ours");
            assertThat(log.errors()).hasSameSizeAs(journal.damaged());
            assertThat(journal.size().damaged()).isEqualTo(5);
            assertThat(journal.append(snapshot(6)).sequence()).isGreaterThan(77);
        }
        assertThat(part("pending").resolve("notes.txt")).exists();
    }

    private static byte[] flipped(byte[] bytes, int at) {
        bytes[at] ^= 1;
        return bytes;
    }

    @Test
    void aFileThatHasAnotherSnapshotThanItsNameSaysIsNoEntry() throws IOException {
        try (Journal journal = journal(logs)) {
            journal.append(snapshot(1));
        }
        Path file = files(part("pending")).get(0);
        Files.copy(file, part("pending").resolve("000000000009-other.cfg"));
        Files.write(
                part("pending").resolve("000000000008-" + snapshot(2).header().name()),
                FsSnapshotFormat.encode(snapshot(2, SnapshotKind.SNAPSHOT, "other", 10)));

        try (Journal journal = journal(logs)) {
            assertThat(revisions(journal.pending())).containsExactly(1L);
            assertThat(journal.damaged()).hasSize(2);
        }
    }

    @Test
    void aDamagedCopyIsPassedOverAndWrittenAnew() throws IOException {
        Snapshot last = snapshot(2);
        try (Journal journal = journal(logs)) {
            journal.copy(snapshot(1));
            journal.copy(last);
            Path file = files(part("copies")).get(1);
            Files.write(file, flipped(Files.readAllBytes(file), 10));

            assertThat(copies(journal)).containsExactly(1L);
            assertThat(log.warnings()).singleElement().asString().contains("passed over", file.toString());
            journal.copy(last);
            assertThat(copies(journal)).containsExactly(2L, 1L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"journal", "journal/ddb", "journal/ddb/default", "journal/ddb/default/pending"})
    void aJournalThatCannotBeOpenedIsReportedByAnExceptionOfItsOwn(String inTheWay) throws IOException {
        Path file = logs.resolve(inTheWay);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "a file");

        assertThatExceptionOfType(JournalException.class)
                .isThrownBy(() -> journal(logs))
                .withMessageContaining("cannot be used")
                .withMessageContaining(file.toString())
                .withMessageContaining("check the disk, the mount, the owner and the mode");
    }

    @Test
    void soIsOneThatCannotBeWritten() {
        journal(logs).close();

        assertThatExceptionOfType(JournalException.class)
                .isThrownBy(() -> journal(logs, Given.MUCH, (step, file) -> {
                    if (step == JournalFiles.Step.WRITE) {
                        throw new AccessDeniedException(file.toString());
                    }
                }));
    }

    @Test
    void anAppendThatFailedKeepsNothing() {
        boolean[] broken = new boolean[1];
        try (Journal journal = journal(logs, Given.MUCH, (step, file) -> {
            if (broken[0] && step == JournalFiles.Step.FORCE_DIRECTORY) {
                throw new IOException("Input/output error");
            }
        })) {
            broken[0] = true;
            assertThatExceptionOfType(JournalException.class)
                    .isThrownBy(() -> journal.append(snapshot(1)))
                    .withMessageContaining("cannot be kept in " + Given.directory(logs));

            assertThat(journal.pending()).isEmpty();
            assertThat(files(part("pending"))).isEmpty();
            broken[0] = false;
            journal.append(snapshot(1));
            assertThat(revisions(journal.pending())).containsExactly(1L);
        }
    }

    @Test
    void aFileThatHasGoneIsNotFoundAndOneThatTheDiskDoesNotGiveMayBeReadLater() throws IOException {
        try (Journal journal = journal(logs)) {
            Entry gone = journal.append(snapshot(1));
            Files.delete(files(part("pending")).get(0));

            assertThatExceptionOfType(SnapshotNotFoundException.class).isThrownBy(() -> journal.read(gone));
        }
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> SnapshotDirectory.read(logs.resolve("x".repeat(300)), "x"));
    }

    @Test
    void readersDoNotWaitForWhoWrites() throws Exception {
        CountDownLatch writing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        boolean[] slow = new boolean[1];
        try (Journal journal = journal(logs, Given.MUCH, (step, file) -> {
            if (slow[0] && step == JournalFiles.Step.FORCE) {
                writing.countDown();
                awaitUnchecked(goOn);
            }
        })) {
            Entry first = journal.append(snapshot(1));
            slow[0] = true;
            CompletableFuture<Entry> second = CompletableFuture.supplyAsync(() -> journal.append(snapshot(2)));
            assertThat(writing.await(30, TimeUnit.SECONDS)).isTrue();

            assertThat(revisions(journal.pending())).containsExactly(1L);
            assertThat(journal.read(first).header().revision()).isEqualTo(1);
            assertThat(journal.size().pending()).isEqualTo(1);
            goOn.countDown();
            second.get(30, TimeUnit.SECONDS);
            assertThat(revisions(journal.pending())).containsExactly(1L, 2L);
        }
    }

    private static void awaitUnchecked(CountDownLatch latch) throws IOException {
        try {
            latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void severalThreadsAppendAndPassAtOnce() {
        try (Journal journal = journal(logs)) {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 1; i <= 40; i++) {
                long revision = i;
                all.add(CompletableFuture.runAsync(() -> {
                    Entry entry = journal.append(snapshot(revision));
                    if (revision % 2 == 0) {
                        journal.passed(entry);
                    } else {
                        assertThat(journal.read(entry).header().revision()).isEqualTo(revision);
                    }
                }));
            }
            all.forEach(CompletableFuture::join);

            assertThat(journal.pending()).hasSize(20);
            assertThat(journal.copies()).hasSize(3);
        }
    }

    @Test
    void anInterruptWaitsForTheDiskAndIsNotLost() {
        try (Journal journal = journal(logs)) {
            Thread.currentThread().interrupt();
            Entry entry = journal.append(snapshot(1));
            journal.read(entry);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void afterTheCloseNothingChanges() {
        Journal journal = journal(logs);
        journal.append(snapshot(1));
        journal.close();

        assertThatIllegalStateException().isThrownBy(() -> journal.append(snapshot(2)));
        assertThat(revisions(journal.pending())).containsExactly(1L);
    }

    @Test
    void filesAreTheOwnersAlone() throws IOException {
        try (Journal journal = journal(logs)) {
            journal.append(snapshot(1));
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(part("pending"))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(files(part("pending")).get(0))))
                .isEqualTo("rw-------");
    }

    @Test
    void whatADeadProcessWroteHalfIsClearedAway() throws IOException {
        journal(logs).close();
        Files.writeString(part("temp").resolve("half"), "half");

        journal(logs).close();

        assertThat(files(part("temp"))).isEmpty();
    }
}
