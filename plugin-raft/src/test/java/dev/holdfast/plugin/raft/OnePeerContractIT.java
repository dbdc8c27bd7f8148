package dev.holdfast.plugin.raft;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.SnapshotSerializer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

@RaftContract.Peers(1)
class OnePeerContractIT extends RaftContract {

    @Test
    void aHostIsToldByItsOwnPeerOfWhatAnotherOneSaves() {
        AtomicInteger told = new AtomicInteger();
        SnapshotSerializer host = open();
        host.onSave(told::incrementAndGet);
        try (SnapshotSerializer other = factory().open(client(group()))) {
            other.save(snapshot(group(), 1));
        }

        await().until(() -> told.get() > 0);
    }
}
