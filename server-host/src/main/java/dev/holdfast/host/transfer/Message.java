package dev.holdfast.host.transfer;

import dev.holdfast.sdk.Snapshot;
import java.util.List;

/**
 * What a sender and a receiver of a snapshot say to each other. Every message names the transfer that it belongs to by the
 * snapshot's save-id, so that one which comes late does no harm.
 *
 * <pre>
 *   sender                                   receiver
 *     ── Offer (header and text) ──────────────▶  refuses what is not newer than what it has
 *     ◀───────────────────────── Want (ids) ──
 *     ── Piece, Piece, … ──────────────────────▶  checks each, stores it, asks for what is still lacking
 *     ── Gone ─────────────────────────────────▶  waits for another offer
 *     ◀─────────────────────────────── Done ──   the snapshot is installed, or was there
 * </pre>
 */
public sealed interface Message {

    /** The most ids that one {@link Want} has, and so the most pieces that are on their way: 16 MiB of them. */
    int MOST_WANTED = 64;

    /** The save-id of the snapshot that is carried. */
    String transfer();

    /** The sender has this snapshot. */
    record Offer(Snapshot snapshot) implements Message {

        @Override
        public String transfer() {
            return snapshot.header().saveId();
        }
    }

    /** The receiver lacks these chunks; at most {@link #MOST_WANTED}. */
    record Want(String transfer, List<String> ids) implements Message {

        public Want {
            ids = List.copyOf(ids);
        }
    }

    /** One chunk, as it lies in the sender's store. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared; made for one receiver, who does not change it.
    record Piece(String transfer, String id, byte[] content) implements Message {}

    /** The sender no longer has what this transfer needs. */
    record Gone(String transfer) implements Message {}

    /** The receiver has the snapshot, or a newer one. */
    record Done(String transfer) implements Message {}
}
