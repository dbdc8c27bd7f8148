package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalWithFaults;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One snapshot, written to the store and into the journal: where it is when the answer is known. */
class SideBySideTest {

    private final FakeStore store = new FakeStore(new FakeStore.Disk());
    private final Snapshot snapshot = States.snapshot(1, "a");
    /** The steps of the journal that fail. */
    private final Set<String> failing = ConcurrentHashMap.newKeySet();

    private volatile Runnable onStep = () -> {};
    private Journal journal;

    @BeforeEach
    void begin(@TempDir Path directory) {
        journal = JournalWithFaults.open(directory, 1024 * 1024, (step, file) -> {
            onStep.run();
            if (failing.contains(step)) {
                throw new IOException("Input/output error");
            }
        });
    }

    @AfterEach
    void end() {
        journal.close();
    }

    private SideBySide.Outcome write(boolean together, boolean keeps) {
        try (SideBySide pair = new SideBySide(store, journal, together)) {
            return pair.write(snapshot, keeps, () -> {});
        }
    }

    private List<String> copies() {
        return journal.copies().stream().map(copy -> copy.header().name()).toList();
    }

    private void conflict() {
        store.onSave = () -> {
            throw new SnapshotConflictException("another host was first");
        };
    }

    @Test
    void whatTheStoreHasTakenIsACopyAndWaitsNoMore() {
        assertThat(write(true, true).isStored()).isTrue();

        assertThat(journal.pending()).isEmpty();
        assertThat(copies()).containsExactly(snapshot.header().name());
    }

    @Test
    void whatTheStoreHasRefusedIsGoneWhenThatIsKnown() {
        conflict();

        SideBySide.Outcome outcome = write(true, true);

        assertThat(outcome.conflict()).isPresent();
        assertThat(outcome.mayRevive()).isFalse();
        assertThat(outcome.waits()).isFalse();
        assertThat(journal.pending()).isEmpty();
        assertThat(copies()).isEmpty();
    }

    @Test
    void whatWasRefusedAndCannotBeRemovedMayComeBackAndThatIsSaid() {
        conflict();
        failing.add("DELETE");

        SideBySide.Outcome outcome = write(true, true);

        assertThat(outcome.mayRevive()).isTrue();
        assertThat(outcome.journalProblem()).isPresent();
    }

    @Test
    void whatTheStoreMayNotHaveWaits() {
        store.down = true;

        SideBySide.Outcome outcome = write(true, true);

        assertThat(outcome.waits()).isTrue();
        assertThat(outcome.isStored()).isFalse();
        assertThat(journal.pending()).hasSize(1);
        assertThat(copies()).isEmpty();
    }

    @Test
    void whatNeedNotOutliveAStoreThatIsAwayIsNotInTheJournal() {
        store.down = true;

        assertThat(write(true, false).storeProblem()).isPresent();

        assertThat(journal.pending()).isEmpty();
    }

    @Test
    void aJournalThatTakesNothingIsToldAndTheStoreHasIt() {
        failing.add("WRITE");

        SideBySide.Outcome outcome = write(true, true);

        assertThat(outcome.isStored()).isTrue();
        assertThat(outcome.journalProblem()).isPresent();
        assertThat(store.disk.names()).hasSize(1);
    }

    /** Each waits for the other to begin, so whoever did one after the other would wait in vain: it takes the longer of both. */
    @Test
    void theStoreAndTheJournalWriteAtTheSameTime() {
        CountDownLatch bothWrite = new CountDownLatch(2);
        CountDownLatch journalWrites = new CountDownLatch(1);
        onStep = () -> {
            if (journalWrites.getCount() > 0) {
                journalWrites.countDown();
                bothWrite.countDown();
                Rig.await(bothWrite);
            }
        };
        store.onSave = () -> {
            bothWrite.countDown();
            Rig.await(bothWrite);
        };

        assertThat(write(true, true).isStored()).isTrue();
    }

    @Test
    void onTheStoresOwnDiskTheJournalIsOpenedOnlyWhenTheStoreDoesNotTakeIt() {
        assertThat(write(false, true).isStored()).isTrue();
        assertThat(copies()).containsExactly(snapshot.header().name());
        store.down = true;

        assertThat(write(false, true).waits()).isTrue();

        assertThat(journal.pending()).hasSize(1);
    }

    @Test
    void whatIsRefusedIsNotStored() {
        conflict();

        assertThat(write(true, true).isStored()).isFalse();
        assertThat(write(false, true).isStored()).isFalse();

        assertThat(copies()).isEmpty();
    }

    /** A plugin whose class is not there throws an error and no exception. */
    @Test
    void anErrorOfTheStoreIsOneThatDoesNotTakeIt() {
        store.failure = new NoClassDefFoundError("com/example/Client");

        assertThat(write(true, true).waits()).isTrue();

        assertThat(journal.pending()).hasSize(1);
    }

    @Test
    void whatTheStoreNeedsBeforeAndDoesNotTakeKeepsTheSnapshotFromIt() {
        SideBySide.Outcome outcome;
        try (SideBySide pair = new SideBySide(store, journal, true)) {
            outcome = pair.write(snapshot, true, () -> {
                throw new StoreUnavailableException("no room for chunks");
            });
        }

        assertThat(outcome.storeProblem()).get().asString().contains("no room for chunks");
        assertThat(outcome.waits()).isTrue();
        assertThat(store.disk.names()).isEmpty();
    }

    @Test
    void whatNeitherTakesDoesNotWait() {
        store.down = true;
        failing.add("WRITE");

        SideBySide.Outcome outcome = write(true, true);

        assertThat(outcome.waits()).isFalse();
        assertThat(outcome.isStored()).isFalse();
        assertThat(outcome.storeProblem()).isPresent();
        assertThat(outcome.journalProblem()).isPresent();
    }

    /** A start finds in the store what it has taken, and a crash revives nothing that was refused. */
    @Test
    void whatTheStoreHasTakenMayStayInAJournalThatIsClosed() {
        store.onSave = () -> {
            await().until(() -> !journal.pending().isEmpty());
            journal.close();
        };

        SideBySide.Outcome outcome = write(true, true);

        assertThat(outcome.isStored()).isTrue();
        assertThat(outcome.journalProblem()).isPresent();
        assertThat(outcome.mayRevive()).isFalse();
    }

    @Test
    void anInterruptThatTheStoreLeavesBehindKeepsNothingFromTheJournal() {
        store.onSave = () -> Thread.currentThread().interrupt();

        SideBySide.Outcome outcome = write(true, true);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(outcome.isStored()).isTrue();
        assertThat(outcome.journalProblem()).isEmpty();
        assertThat(copies()).containsExactly(snapshot.header().name());
    }
}
