package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

class OperatorDeleteTest {

    private final FakeStore.Disk disk = new FakeStore.Disk();
    private final List<String> seen = new ArrayList<>();

    private OperatorDelete deletion(LongConsumer trimming) {
        KeeperOptions options =
                new KeeperOptions("ddb", "default", "h", Duration.ofSeconds(1), Duration.ofSeconds(1), false);
        StartPoint attached = new StartPoint(9, "s9", StoreStatus.Mode.ATTACHED, false, List.of());
        return new OperatorDelete(options, new FakeStore(disk), new Standing(options, attached), trimming);
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
