package dev.holdfast.host.retention;

import dev.holdfast.host.state.ChunkCollector;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What removes old snapshots from the store, and then the chunks of model state that none of the others needs.
 *
 * <p>What the rule's number or its age keeps stays. So do snapshots that an operator saved under a name, and the last one.
 * As long as any snapshot of the group cannot be read, no chunk is removed: nobody can tell what it needs.
 *
 * <p>One thread at a time. Several hosts of a group may do this at once.
 */
public final class Housekeeping {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
    /** So that one round does not take long; the next one goes on. */
    private static final int MOST_REMOVED = 1000;

    private final Rule rule;
    private final SnapshotSerializer store;
    private final ChunkStore chunks;
    private final NeededChunks needed;
    private final Clock clock;

    /**
     * Which snapshots stay.
     *
     * @param newest how many of the newest; 0 for no such rule
     * @param age those that are younger than this; zero for no such rule
     */
    public record Rule(int newest, Duration age) {

        boolean keepsAll() {
            return newest == 0 && age.isZero();
        }
    }

    /** @param chunks where the states are that the store's snapshots refer to */
    public Housekeeping(Rule rule, SnapshotSerializer store, ChunkStore chunks, StateReader states, Clock clock) {
        this.rule = rule;
        this.store = store;
        this.chunks = chunks;
        this.needed = new NeededChunks(store, states);
        this.clock = clock;
    }

    /**
     * Does one round.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails, or the last snapshot cannot be read
     * @throws UnknownNeedsException if it cannot be told what some snapshot needs; old snapshots have been removed by then
     */
    public void run() {
        int snapshots = rule.keepsAll() ? 0 : removeSnapshots();
        if (snapshots > 0) {
            log.info("Removed {} old snapshots", snapshots);
        }
        // Most hosts have no models that learn, and need not read all their snapshots to find that out.
        int removed = chunks.list("", 1).isEmpty()
                ? 0
                : new ChunkCollector(chunks, clock, ChunkCollector.SHORTEST_GRACE).collect(needed::read);
        if (removed > 0) {
            log.info("Removed {} chunks that no snapshot needs", removed);
        }
    }

    private int removeSnapshots() {
        int removed = 0;
        for (String name : old()) {
            try {
                removed += store.delete(name) ? 1 : 0;
            } catch (UnsupportedOperationException e) {
                log.warn("Old snapshots stay: {}", e.getMessage());
                break;
            }
        }
        return removed;
    }

    /** The names of what is to be removed now: the oldest first, so that a round that is cut short leaves no gaps. */
    private Deque<String> old() {
        // Where the last one cannot be read, an older one may be all that there is.
        Optional<Snapshot> last = store.getLast();
        Instant keptFrom = rule.age().isZero() ? Instant.MAX : clock.instant().minus(rule.age());
        Deque<String> old = new ArrayDeque<>();
        int newer = 0;
        ListRequest request = ListRequest.firstPage(ListRequest.MOST);
        while (true) {
            SnapshotPage page = store.list(request);
            for (SnapshotHeader header : page.headers()) {
                boolean kept = newer++ < rule.newest()
                        || !header.createdOn().isBefore(keptFrom)
                        || header.kind() == SnapshotKind.SAVE
                        || last.filter(snapshot -> snapshot.header().equals(header))
                                .isPresent();
                if (!kept) {
                    old.addFirst(header.name());
                }
                if (old.size() > MOST_REMOVED) {
                    old.removeLast();
                }
            }
            if (page.nextPageToken().isEmpty()) {
                return old;
            }
            request = request.page(page.nextPageToken().get());
        }
    }
}
