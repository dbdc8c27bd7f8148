package dev.holdfast.host.serving;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** All stuck runs of the host, also those of versions that are not served any more. Safe for use by several threads. */
final class StuckRuns {

    private final Set<StuckRun> runs = ConcurrentHashMap.newKeySet();

    void add(StuckRun run) {
        runs.add(run);
    }

    void remove(StuckRun run) {
        runs.remove(run);
    }

    /** The oldest first. */
    List<StuckRun> all() {
        return runs.stream()
                .sorted(Comparator.comparing(StuckRun::since).thenComparing(StuckRun::worker))
                .toList();
    }
}
