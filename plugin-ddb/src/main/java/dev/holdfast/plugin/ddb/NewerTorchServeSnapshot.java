package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshot that TorchServe saved after Holdfast did, where an operator went back to it or hosts of both share a table.
 *
 * <p>It does not become the last one: it may be that of a host that is being shut down, and a change that Holdfast
 * acknowledged is not undone unasked. But it is named, once, when the last snapshot is read first: at the start.
 */
final class NewerTorchServeSnapshot {

    private static final Logger log = LoggerFactory.getLogger(NewerTorchServeSnapshot.class);

    private final TorchServeTables torchServe;
    private final DdbOptions options;
    private final boolean mayBeThere;
    private final AtomicBoolean lookedFor = new AtomicBoolean();

    NewerTorchServeSnapshot(TorchServeTables torchServe, DdbOptions options, GroupKeys keys) {
        this.torchServe = torchServe;
        this.options = options;
        this.mayBeThere = keys.isDefault();
    }

    /** A failure is no obstacle: what was to be read has been read. */
    void lookFor(Stored last, Deadline deadline) {
        if (!mayBeThere || lookedFor.getAndSet(true)) {
            return;
        }
        try {
            Duration time = deadline.left().compareTo(options.attemptTimeout()) < 0
                    ? deadline.left()
                    : options.attemptTimeout();
            Optional<SnapshotHeader> latecomer =
                    torchServe.newestAfter(last.header().createdOn(), Deadline.in(time));
            latecomer.ifPresent(header -> log.warn(
                    "TorchServe saved {} in {} at {}, after Holdfast saved {}: that is not restored by itself. To start"
                            + " from it: --snapshot {}",
                    header.name(),
                    options.table(),
                    header.createdOn(),
                    last.name(),
                    header.name()));
        } catch (StoreUnavailableException e) {
            log.warn(
                    "Whether TorchServe saved anything after Holdfast saved {} is not known: {}",
                    last.name(),
                    e.getMessage());
        }
    }
}
