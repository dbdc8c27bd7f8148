package dev.holdfast.host.plugins.torchserve;

import com.google.gson.JsonParseException;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adapts a serializer that was made for TorchServe to our SPI.
 *
 * <pre>
 *   save ──▶ getLastSnapshot ── another host's newer one? conflict
 *        ──▶ saveSnapshot    ── throws? unavailable
 *        ──▶ getLastSnapshot ── this snapshot? sure · an older one, or none? said once · read neither time? unavailable
 * </pre>
 *
 * <p>Two things are impossible with that interface: only the last snapshot can be listed or got by its name, and nothing
 * decides between two hosts that save in the same moment. A plugin that swallows an error is believed, because known plugins do
 * not give back what they took even when they have it; the host's own copies make up for that.
 *
 * <p>Threads: one call of the plugin at a time, as it was never told to expect more.
 */
final class TorchServeSerializer implements SnapshotSerializer {

    private static final Logger log = LoggerFactory.getLogger(TorchServeSerializer.class);

    private final String subject;
    private final BooleanSupplier givenUp;
    private final org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer plugin;
    private final String group;
    private final ReentrantLock calling = new ReentrantLock(true);
    private boolean givesBack = true;
    private volatile boolean closed;

    /** @param subject how messages name it */
    TorchServeSerializer(
            String subject,
            org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer plugin,
            String group,
            BooleanSupplier givenUp) {
        this.givenUp = givenUp;
        this.subject = subject;
        this.plugin = plugin;
        this.group = group;
    }

    /** What getLastSnapshot gave, or how it failed. */
    private record Reading(
            Optional<Snapshot> last, @Nullable SnapshotStoreException failure) {

        boolean isAway() {
            return failure instanceof StoreUnavailableException;
        }
    }

    @Override
    public void save(Snapshot snapshot) {
        snapshot.header().requireGroup(group);
        alone(() -> {
            Reading before = read();
            if (isThis(snapshot, before)) {
                return true;
            }
            refuseConflict(snapshot.header(), before);
            saveSnapshot(snapshot);
            Reading after = read();
            if (before.isAway() && after.failure() instanceof StoreUnavailableException away) {
                throw new StoreUnavailableException(
                        subject + " reported no error for snapshot "
                                + snapshot.header().name()
                                + ", but could be read neither before nor after, so it is taken for not saved: "
                                + away.getMessage(),
                        away);
            }
            boolean stripped = isStripped(snapshot, after);
            refuseConflict(snapshot.header(), isThis(snapshot, after) || stripped ? before : after);
            say(snapshot.header(), after, isThis(snapshot, after), stripped);
            return true;
        });
    }

    private void saveSnapshot(Snapshot snapshot) {
        try {
            plugin.saveSnapshot(TorchServeText.bean(snapshot), TorchServeText.properties(snapshot));
        } catch (Throwable e) {
            throw new StoreUnavailableException(subject + " failed in saveSnapshot: " + e.toString(), e);
        }
    }

    private static boolean isThis(Snapshot snapshot, Reading reading) {
        return reading.last()
                .filter(last -> last.header().saveId().equals(snapshot.header().saveId()))
                .isPresent();
    }

    /** Whether it is this snapshot without the property that carries our text. */
    private static boolean isStripped(Snapshot snapshot, Reading reading) {
        return reading.last()
                .map(Snapshot::header)
                .filter(last -> TorchServeText.isForeign(last)
                        && last.name().equals(snapshot.header().name()))
                .isPresent();
    }

    private void refuseConflict(SnapshotHeader header, Reading reading) {
        requireGroup(reading.last()).map(Snapshot::header).ifPresent(last -> {
            if (last.revision() >= header.revision()) {
                throw new SnapshotConflictException(subject + " has revision " + last.revision() + " already: snapshot "
                        + last.name() + " of host " + last.host());
            }
            if (last.name().equals(header.name())) {
                throw new SnapshotConflictException(subject + " has a snapshot named " + last.name() + " already");
            }
        });
    }

    /** Once when it begins and once when it is over, not at every save. */
    private void say(SnapshotHeader header, Reading after, boolean gaveBack, boolean stripped) {
        if (gaveBack && !givesBack) {
            log.info("{} gives back what it saves again", subject);
        } else if (stripped && givesBack) {
            log.warn(
                    "{} gives snapshot {} back without its property {}: the models can be had from it, their revision and what"
                            + " they have learned cannot. This host goes by its own copy",
                    subject,
                    header.name(),
                    TorchServeText.CARRIED);
        } else if (!gaveBack && givesBack) {
            log.warn(
                    "{} reported no error for snapshot {}, and does not give it back ({}): it may have swallowed an error;"
                            + " look at its own lines in the log. This host goes by its own copy",
                    subject,
                    header.name(),
                    message(after));
        }
        givesBack = gaveBack;
    }

    private static String message(Reading reading) {
        return reading.failure() != null
                ? String.valueOf(reading.failure().getMessage())
                : reading.last()
                        .map(last -> "it gives " + last.header().name() + ", revision "
                                + last.header().revision())
                        .orElse("it gives nothing");
    }

    private Reading read() {
        requireWanted();
        Reading reading;
        try {
            reading = new Reading(last(), null);
        } catch (SnapshotStoreException e) {
            reading = new Reading(Optional.empty(), e);
        }
        requireWanted();
        return reading;
    }

    /**
     * Ends a call that nobody waits for any more: its next step could block once more, and nothing would interrupt that, so
     * every later call would wait behind it.
     */
    private void requireWanted() {
        if (givenUp.getAsBoolean()) {
            throw new StoreUnavailableException(subject + " took too long, and its call ends here");
        }
    }

    private Optional<Snapshot> last() {
        Properties properties;
        try {
            properties = plugin.getLastSnapshot();
        } catch (IndexOutOfBoundsException
                | NullPointerException
                | ClassCastException
                | NoSuchElementException
                | JsonParseException e) {
            // The stored content triggers a bug in the plugin; trying again later would not help.
            throw new SnapshotCorruptException(
                    subject + " cannot read its last snapshot: getLastSnapshot throws " + e.toString(), e);
        } catch (Throwable e) {
            throw new StoreUnavailableException(subject + " failed in getLastSnapshot: " + e.toString(), e);
        }
        // This is how TorchServe's plugins say that there is none.
        if (properties == null) {
            return Optional.empty();
        }
        return Optional.of(TorchServeText.snapshot(properties, group));
    }

    private Optional<Snapshot> requireGroup(Optional<Snapshot> last) {
        last.map(Snapshot::header).filter(it -> !it.group().equals(group)).ifPresent(other -> {
            throw new StoreUnavailableException(subject + " does not know groups, and its last snapshot " + other.name()
                    + " is of group " + other.group() + "; give group " + group + " a store of its own");
        });
        return last;
    }

    @Override
    public Optional<Snapshot> getLast() {
        return requireGroup(alone(this::last));
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        if (request.pageToken().isPresent()) {
            throw new IllegalArgumentException(
                    "Page token '" + OneLine.of(request.pageToken().get()) + "' is not one that this serializer gave");
        }
        Reading reading = alone(this::read);
        if (reading.failure() instanceof StoreUnavailableException away) {
            throw away;
        }
        return SnapshotPage.last(requireGroup(reading.last()).map(Snapshot::header).filter(request::accepts).stream()
                .toList());
    }

    @Override
    public Snapshot get(String name) {
        return getLast()
                .filter(last -> last.header().name().equals(name))
                .orElseThrow(() -> new SnapshotNotFoundException("Snapshot " + OneLine.of(name)
                        + " is not the last one of " + subject + ", and no other can be had" + " from it"));
    }

    /** That interface has no close: what the plugin holds, it holds until the process ends. */
    @Override
    public void close() {
        closed = true;
    }

    private <T> T alone(Supplier<T> call) {
        if (closed) {
            throw new IllegalStateException(subject + " is closed");
        }
        try {
            calling.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException(subject + " was not called, because an earlier call has not ended", e);
        }
        try {
            return call.get();
        } finally {
            calling.unlock();
        }
    }

    @Override
    public String toString() {
        return subject;
    }
}
