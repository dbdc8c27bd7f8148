package dev.holdfast.host.transfer;

import dev.holdfast.host.transfer.Message.Gone;
import dev.holdfast.host.transfer.Message.Offer;
import dev.holdfast.host.transfer.Message.Piece;
import dev.holdfast.host.transfer.Message.Want;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The side that has a snapshot. It holds no state of a transfer but which snapshot it offers, so a receiver may ask again,
 * or come back after a crash. Safe for use by several threads.
 */
public final class Sender {

    private final ChunkStore store;
    private volatile Snapshot offered;

    /** @param store where the snapshot's chunks are */
    public Sender(Snapshot offered, ChunkStore store) {
        this.offered = offered;
        this.store = store;
    }

    /** Offers another snapshot from now on; what is asked for the one before is answered that it has gone. */
    public void replace(Snapshot newer) {
        offered = newer;
    }

    /** What begins a transfer, and may be said again at any time. */
    public Message offer() {
        return new Offer(offered);
    }

    /**
     * Answers a message of a receiver.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails
     */
    public List<Message> answer(Message message) {
        if (!(message instanceof Want want)) {
            return List.of();
        }
        Snapshot snapshot = offered;
        if (!want.transfer().equals(snapshot.header().saveId())) {
            return List.of(new Gone(want.transfer()), new Offer(snapshot));
        }
        Map<String, byte[]> chunks = store.get(want.ids());
        List<Message> answers = new ArrayList<>();
        for (String id : want.ids()) {
            byte[] content = chunks.get(id);
            if (content == null) {
                return List.of(new Gone(want.transfer()));
            }
            answers.add(new Piece(want.transfer(), id, content));
        }
        return answers;
    }
}
