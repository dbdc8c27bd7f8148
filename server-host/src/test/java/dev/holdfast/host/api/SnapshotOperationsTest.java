package dev.holdfast.host.api;

import static dev.holdfast.host.api.OperationsUnderTest.fails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The snapshots, and how the host is with its store. */
class SnapshotOperationsTest {

    private static final String STARTUP = "20261121093000123-startup.cfg";
    private static final String SNAPSHOT = "20261121093000456-snapshot.cfg";

    private final OperationsUnderTest host = new OperationsUnderTest();
    private final SnapshotOperations snapshots = host.operations.snapshots();

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aSnapshotIsSavedListedReadAndDeleted() {
        assertThat(snapshots.save("before-upgrade").sentence()).isEqualTo("Snapshot \"before-upgrade\" saved");

        assertThat(snapshots.list(ListRequest.firstPage(10)).headers())
                .extracting(SnapshotHeader::name)
                .containsExactly(STARTUP, SNAPSHOT, "before-upgrade");
        assertThat(snapshots.get("before-upgrade").header().revision()).isEqualTo(3);
        snapshots.delete("before-upgrade");
        fails(Kind.SNAPSHOT_NOT_FOUND, () -> snapshots.get("before-upgrade"));
        fails(Kind.SNAPSHOT_NOT_FOUND, () -> snapshots.delete("before-upgrade"));
    }

    @Test
    void whatCannotBeDeletedSaysWhy() {
        snapshots.delete(STARTUP);

        fails(Kind.CONFLICT, () -> snapshots.delete(SNAPSHOT));
        host.snapshots.keepsAll = true;
        fails(Kind.NOT_SUPPORTED, () -> snapshots.delete(SNAPSHOT));
    }

    @Test
    void aSaveUnderANameInUseOrWithSnapshotsSwitchedOffIsAConflict() {
        snapshots.save("a");
        fails(Kind.CONFLICT, () -> snapshots.save("a"));

        host.snapshots.mode = Mode.OFF;
        fails(Kind.CONFLICT, () -> snapshots.save("b"));
    }

    @Test
    void aSaveThatIsNotDurableIsNotSaved() {
        host.snapshots.durability =
                new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of("The disk is full."));

        assertThatThrownBy(() -> snapshots.save("a"))
                .hasMessage("Snapshot \"a\" was not saved, or not for certain. The disk is full.")
                .satisfies(failure -> assertThat(ApiFailure.of(failure).kind()).isEqualTo(Kind.NOT_SAVED));
    }

    @Test
    void aStoreThatIsAwayIsUnavailable() {
        host.snapshots.unavailable = true;

        fails(Kind.STORE_UNAVAILABLE, () -> snapshots.list(ListRequest.firstPage(10)));
        fails(Kind.STORE_UNAVAILABLE, () -> snapshots.get(STARTUP));
    }

    @Test
    void aDetachmentEndsByTheOperatorsDecisionAndOnlyThen() {
        fails(Kind.CONFLICT, () -> snapshots.attach(Take.LOCAL));

        host.snapshots.mode = Mode.DETACHED;
        host.snapshots.notices = List.of("Detached from ddb.");
        HostOperations.Health detached = host.operations.host().health();
        assertThat(detached.healthy()).isTrue();
        assertThat(detached.mode()).isEqualTo(Mode.DETACHED);
        assertThat(detached.notices()).containsExactly("Detached from ddb.");
        assertThat(host.operations.host().notices()).containsExactly("Detached from ddb.");

        assertThat(snapshots.attach(Take.LOCAL)).isEqualTo("Attached, taking LOCAL");
        assertThat(snapshots.status().mode()).isEqualTo(Mode.ATTACHED);
        assertThat(host.operations.host().isReady()).isTrue();
    }

    @Test
    void aHostThatIsEmptyByFailureIsNotReady() {
        host.snapshots.empty = true;

        assertThat(host.operations.host().isReady()).isFalse();
    }
}
