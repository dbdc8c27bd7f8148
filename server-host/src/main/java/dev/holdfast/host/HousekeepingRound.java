package dev.holdfast.host;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One round after another of clearing away what is not needed any more: each of its steps, however the others fare. It
 * throws nothing, for that would end the schedule. One thread at a time.
 */
final class HousekeepingRound implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(HousekeepingRound.class);

    private final Supplier<List<Runnable>> opener;
    private @Nullable List<Runnable> steps;

    /** @param opener gives the steps; asked again in the next round where it fails */
    HousekeepingRound(Supplier<List<Runnable>> opener) {
        this.opener = opener;
    }

    @Override
    public void run() {
        guarded(() -> steps = steps == null ? opener.get() : steps);
        if (steps != null) {
            steps.forEach(HousekeepingRound::guarded);
        }
    }

    private static void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | OutOfMemoryError e) {
            log.warn(
                    "Clearing away old snapshots and chunks broke off, and is tried again in the next round: {}",
                    e.getMessage());
            log.debug("Housekeeping failed", e);
        }
    }
}
