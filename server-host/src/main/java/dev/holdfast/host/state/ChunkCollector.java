package dev.holdfast.host.state;

import dev.holdfast.sdk.ChunkStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Removes the chunks of a group that none of its snapshots needs.
 *
 * <pre>
 *   an hour before now ─▶ read what the snapshots need ─▶ list the chunks ─▶ remove those that nobody needs and that were
 *                                                                            put before that hour began
 * </pre>
 *
 * <p>Savers and collectors need no lock between them, in whichever processes they run. A saver relies on a chunk that it
 * did not put itself only if the group's last snapshot refers to it. That snapshot is among those read here, or it was
 * saved after they were read; then each of its chunks is younger than an hour, or was needed by the last snapshot before
 * it, and so on back to one that was read. For this the last snapshot must never be removed, and a save must not take an
 * hour.
 */
public final class ChunkCollector {

    /** The shortest age at which a chunk that nobody needs is removed: longer than any save may take. */
    public static final Duration SHORTEST_GRACE = Duration.ofHours(1);

    private static final int PAGE = 1000;

    private final ChunkStore store;
    private final Clock clock;
    private final Duration grace;

    /**
     * A collector of chunks that are only copies, so that losing one costs nothing.
     *
     * @param grace any
     */
    public static ChunkCollector ofCopies(ChunkStore copies, Clock clock, Duration grace) {
        return new ChunkCollector(clock, grace, copies);
    }

    private ChunkCollector(Clock clock, Duration grace, ChunkStore store) {
        this.store = store;
        this.clock = clock;
        this.grace = grace;
    }

    /** @param grace at least {@link #SHORTEST_GRACE} */
    public ChunkCollector(ChunkStore store, Clock clock, Duration grace) {
        this(clock, grace, store);
        if (grace.compareTo(SHORTEST_GRACE) < 0) {
            throw new IllegalArgumentException(
                    "The age of chunks to be removed must be at least " + SHORTEST_GRACE + ", not " + grace);
        }
    }

    /**
     * Removes what nobody needs.
     *
     * @param needed reads which chunks the group's snapshots need, all of them; where it cannot, it throws, and nothing is
     *     removed
     * @return how many chunks were removed
     */
    public int collect(Supplier<? extends Predicate<String>> needed) {
        Instant putBefore = clock.instant().minus(grace);
        Predicate<String> kept = needed.get();
        int removed = 0;
        SortedMap<String, Instant> page = store.list("", PAGE);
        while (!page.isEmpty()) {
            List<String> garbage = new ArrayList<>();
            page.forEach((id, put) -> {
                if (put.isBefore(putBefore) && !kept.test(id)) {
                    garbage.add(id);
                }
            });
            if (!garbage.isEmpty()) {
                removed += store.delete(garbage, putBefore);
            }
            page = store.list(page.lastKey(), PAGE);
        }
        return removed;
    }
}
