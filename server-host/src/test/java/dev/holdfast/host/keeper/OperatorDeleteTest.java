package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperatorDeleteTest {

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final List<String> seen = new ArrayList<>();

    @TempDir
    Path directory;

    private OperatorDelete deletion(LongConsumer trimming) {
        Duration second = Duration.ofSeconds(1);
        KeeperOptions options =
                new KeeperOptions("ddb", false, false, "default", "h", second, second, second, false, false, second);
        Journal journal = Journal.open(directory, "ddb", "default", 1 << 20, header -> Optional.empty());
        StoreAttachment attached = new StoreAttachment(options, StartPoint.of(StoreStatus.Mode.ATTACHED));
        return new OperatorDelete(options, new FakeStore(disk), journal, attached, trimming);
    }

    /** Tells the revision, and what is still there when it is told. */
    private OperatorDelete deletion() {
        return deletion(revision -> seen.add(revision + " of " + disk.names().size()));
    }

    private String put(long revision) {
        disk.put(States.snapshot(revision, "m"));
        return disk.newest().header().name();
    }

    @Test
    void theRevisionIsMadeKnownBeforeTheSnapshotGoes() {
        put(3);
        String middle = put(5);
        put(9);

        deletion().delete(middle);

        assertThat(seen).containsExactly("5 of 3");
        assertThat(disk.names()).hasSize(2).doesNotContain(middle);
    }

    @Test
    void aDamagedOnesRevisionIsThatOfItsHeader() {
        String damaged = put(5);
        put(9);
        disk.damaged.add(damaged);

        deletion().delete(damaged);

        assertThat(seen).containsExactly("5 of 2");
    }

    @Test
    void whereNothingSaysWhichRevisionItWasAllBelowTheLastMayBe() {
        String damaged = put(5);
        put(9);
        disk.damaged.add(damaged);
        disk.unlisted.add(damaged);

        deletion().delete(damaged);

        assertThat(seen).containsExactly("8 of 2");
    }

    @Test
    void whatCannotBeMadeKnownIsNotDone() {
        String first = put(5);
        put(9);

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> deletion(revision -> {
                            throw new StoreUnavailableException("the store is down");
                        })
                        .delete(first));

        assertThat(disk.names()).hasSize(2);
    }

    @Test
    void whatIsRefusedIsNotMadeKnown() {
        put(5);
        String last = put(9);

        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> deletion().delete(last));
        assertThatExceptionOfType(SnapshotNotFoundException.class)
                .isThrownBy(() -> deletion().delete("absent"));

        assertThat(seen).isEmpty();
    }
}
