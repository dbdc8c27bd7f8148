package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the models of a host that follows answer with what another host's have learned, as that is stored.
 *
 * <p>A model that is taught stores a state every few seconds, and to load a large one takes longer than that: no more than a
 * tenth of the time is spent so. Used by the keeper's thread alone.
 */
final class TaughtElsewhere {

    private static final Logger log = LoggerFactory.getLogger(TaughtElsewhere.class);
    private static final int SHARE = 10;

    private final ServingSource served;
    private final HistoryCursor cursor;
    private final ChunkDelivery chunks;
    private final PendingDelivery waiting;
    private long rest;
    private long lastEnd = System.nanoTime();

    TaughtElsewhere(ServingSource served, HistoryCursor cursor, ChunkDelivery chunks, PendingDelivery waiting) {
        this.served = served;
        this.cursor = cursor;
        this.chunks = chunks;
        this.waiting = waiting;
    }

    /** @param head the store's newest snapshot, which serves what this host does */
    void takeUp(HistoryPoint head) {
        ServingState mine = served.state();
        cursor.learned().agree(mine, head.state());
        Map<ServingComparison.Key, StateReference> news = cursor.learned().news(mine);
        long begin = System.nanoTime();
        if (news.isEmpty() || begin - lastEnd < rest) {
            return;
        }
        served.takeUp(news);
        // Now, for what these models learn next goes on from there.
        cursor.learned().agree(served.state(), head.state());
        chunks.fromElsewhere();
        waiting.copyOfOthers(head.snapshot());
        lastEnd = System.nanoTime();
        rest = (lastEnd - begin) * SHARE;
        log.debug(
                "Took up in {} ms what host {} has stored of {}",
                Duration.ofNanos(lastEnd - begin).toMillis(),
                head.header().host(),
                news.keySet());
    }
}
