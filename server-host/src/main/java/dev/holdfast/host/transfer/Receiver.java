package dev.holdfast.host.transfer;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.LackingChunks;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.transfer.Message.Done;
import dev.holdfast.host.transfer.Message.Gone;
import dev.holdfast.host.transfer.Message.Offer;
import dev.holdfast.host.transfer.Message.Piece;
import dev.holdfast.host.transfer.Message.Want;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The side that lacks a snapshot, and takes it: first its chunks into the store, each checked; when none is lacking, the
 * snapshot itself. Whatever of it is lost, comes twice, late or damaged, only makes it ask again; after a crash it goes on
 * with the chunks that are there.
 *
 * <p>One thread at a time. It deliberately has no clock: who drives it says {@link #again()} when no answer comes.
 */
public final class Receiver {

    /** What is gathered before it is stored, for a put has its price. */
    private static final int TOGETHER_BYTES = 4 * 1024 * 1024;

    private final ChunkStore store;
    private final ChunkContent content;
    private final LackingChunks lacking;
    private final Target target;
    private Optional<Snapshot> taking = Optional.empty();
    /** What is known to be lacking and was not asked for yet. */
    private final Deque<String> later = new ArrayDeque<>();
    /** What was asked for and has not come. */
    private final Set<String> wanted = new LinkedHashSet<>();
    /** What came and is not in the store yet. */
    private final Map<String, byte[]> arrived = new LinkedHashMap<>();

    private int arrivedBytes;

    /** Where the snapshot goes. */
    public interface Target {

        /** The revision that is there; 0 if none is. */
        long revision();

        /**
         * The states that a snapshot refers to.
         *
         * @throws dev.holdfast.sdk.SnapshotStoreException if the text is not a snapshot's
         */
        List<StateReference> states(Snapshot snapshot);

        /**
         * Takes over a snapshot of which every chunk is in the store: all of it, or after an exception nothing.
         *
         * @throws StateDamagedException if a chunk turns out to be damaged; it is then asked for again
         */
        void install(Snapshot snapshot);
    }

    public Receiver(ChunkStore store, List<Codec> codecs, Target target) {
        this.store = store;
        this.content = new ChunkContent(codecs);
        this.lacking = new LackingChunks(store, codecs);
        this.target = target;
    }

    /**
     * Takes a message of the sender.
     *
     * @return what to send back
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails; the message may be taken again
     * @throws StateDamagedException if the snapshot refers to a state that cannot be
     */
    public List<Message> receive(Message message) {
        if (message instanceof Offer offer) {
            return begin(offer.snapshot());
        }
        if (taking.isEmpty() || !message.transfer().equals(taking.get().header().saveId())) {
            return List.of();
        }
        if (message instanceof Gone) {
            store();
            taking = Optional.empty();
            forget();
        } else if (message instanceof Piece piece) {
            return take(piece);
        }
        return List.of();
    }

    /** Says once more what is wanted, for a driver that has waited in vain; empty if no transfer is under way. */
    public List<Message> again() {
        if (taking.isEmpty()) {
            return List.of();
        }
        return wanted.isEmpty()
                ? next()
                : List.of(new Want(taking.get().header().saveId(), List.copyOf(wanted)));
    }

    /** The snapshot that is being taken. */
    public Optional<Snapshot> taking() {
        return taking;
    }

    private List<Message> begin(Snapshot snapshot) {
        String transfer = snapshot.header().saveId();
        if (snapshot.header().revision() <= target.revision()) {
            return List.of(new Done(transfer));
        }
        // An older offer that was held up on its way does not end a newer transfer.
        if (taking.isPresent()
                && snapshot.header().revision() < taking.get().header().revision()) {
            return List.of();
        }
        boolean same =
                taking.map(Snapshot::header).map(snapshot.header()::equals).orElse(false);
        taking = Optional.of(snapshot);
        if (!same) {
            store();
            forget();
        }
        return again();
    }

    private void forget() {
        later.clear();
        wanted.clear();
    }

    private List<Message> take(Piece piece) {
        if (!wanted.contains(piece.id()) || !content.isPiece(piece.id(), piece.content())) {
            return List.of();
        }
        arrived.put(piece.id(), piece.content());
        arrivedBytes += piece.content().length;
        wanted.remove(piece.id());
        if (arrivedBytes >= TOGETHER_BYTES) {
            store();
        }
        return wanted.isEmpty() ? next() : List.of();
    }

    private void store() {
        if (!arrived.isEmpty()) {
            store.put(Map.copyOf(arrived));
            arrived.clear();
            arrivedBytes = 0;
        }
    }

    /** Asks for what is lacking still, or installs the snapshot when nothing is. */
    private List<Message> next() {
        Snapshot snapshot = taking.orElseThrow();
        if (later.isEmpty()) {
            store();
            target.states(snapshot).forEach(state -> later.addAll(lacking.of(state)));
        }
        if (later.isEmpty()) {
            return install(snapshot);
        }
        return ask(snapshot);
    }

    private List<Message> ask(Snapshot snapshot) {
        while (!later.isEmpty() && wanted.size() < Message.MOST_WANTED) {
            wanted.add(later.remove());
        }
        return List.of(new Want(snapshot.header().saveId(), List.copyOf(wanted)));
    }

    private List<Message> install(Snapshot snapshot) {
        try {
            target.install(snapshot);
        } catch (StateDamagedException e) {
            target.states(snapshot).forEach(state -> later.addAll(lacking.damaged(state)));
            if (later.isEmpty()) {
                throw e;
            }
            return ask(snapshot);
        }
        taking = Optional.empty();
        return List.of(new Done(snapshot.header().saveId()));
    }
}
