package dev.holdfast.host.retention;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the housekeeping rounds of a schedule. It throws nothing, because an exception would end the schedule. An interrupt of
 * its thread ends it between two requests. One thread at a time.
 */
public final class HousekeepingRound implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(HousekeepingRound.class);

    private final Supplier<Runnable> opener;
    private @Nullable Runnable work;

    /** @param opener gives what is done in each round; asked again in the next one where it fails */
    public HousekeepingRound(Supplier<Runnable> opener) {
        this.opener = opener;
    }

    @Override
    public void run() {
        try {
            Runnable opened = work == null ? opener.get() : work;
            work = opened;
            opened.run();
        } catch (RuntimeException | OutOfMemoryError e) {
            if (Thread.currentThread().isInterrupted()) {
                log.info(
                        "Clearing away old snapshots and chunks ends, as the host stops; the next start goes on with it");
                log.debug("How housekeeping was ended", e);
                return;
            }
            log.warn(
                    "Clearing away old snapshots and chunks broke off, and is tried again in the next round: {}",
                    e.getMessage());
            log.debug("Housekeeping failed", e);
        }
    }
}
