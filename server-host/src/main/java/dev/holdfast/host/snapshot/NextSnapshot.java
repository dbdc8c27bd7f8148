package dev.holdfast.host.snapshot;

import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The next snapshot of this host: its revision, its name, and what is in it. Used by the keeper's thread alone.
 *
 * <p>A revision is used up when a snapshot that has it is durable, not when one is made: a snapshot that nothing took
 * leaves its revision to the next one.
 */
final class NextSnapshot {

    private final KeeperOptions options;
    private final Supplier<ServingState> state;
    private final Supplier<Map<String, String>> config;
    private final SnapshotNames names;
    private long revision;

    /** Save-ids of which the store has them or not, and the spool has not. */
    private final List<String> unknown = new ArrayList<>();

    NextSnapshot(
            KeeperOptions options,
            StartPoint start,
            Supplier<ServingState> state,
            Supplier<Map<String, String>> config,
            Clock clock) {
        this.options = options;
        this.state = state;
        this.config = config;
        this.revision = start.revision();
        this.names = new SnapshotNames(clock);
        names.after(start.lastTime());
        names.after(start.lastName());
    }

    /** The serving state as it is now, under the next revision and a name later than every one before. */
    Snapshot make(SnapshotKind kind, Optional<String> name) {
        Instant time = names.next();
        return SnapshotText.write(
                SnapshotHeader.builder()
                        .name(name.orElseGet(() -> SnapshotNames.name(time, kind)))
                        .kind(kind)
                        .createdOn(time)
                        .group(options.group())
                        .revision(revision + 1)
                        .host(options.host()),
                config.get(),
                state.get());
    }

    /** The newest revision that this host knows to be taken. */
    long revision() {
        return revision;
    }

    /** A snapshot that was made here is durable, and with it every change before it. */
    void kept(SnapshotHeader header) {
        revision = header.revision();
        unknown.clear();
    }

    /** A snapshot that was made here may be in the store: nobody could tell. */
    void mayBeStored(SnapshotHeader header) {
        unknown.add(header.saveId());
    }

    /** Whether a snapshot of the store is one that this host made and did not know to be there. */
    boolean mayHaveMade(SnapshotHeader header) {
        return unknown.contains(header.saveId());
    }

    /** Goes on after this snapshot too; never back. */
    void after(SnapshotHeader header) {
        revision = Math.max(revision, header.revision());
        namesAfter(header);
    }

    /** Goes over to another history, whose newest snapshot this is; its revision may be a lower one. */
    void continueFrom(SnapshotHeader header) {
        revision = header.revision();
        namesAfter(header);
        unknown.clear();
    }

    /** Names go on after that of this snapshot; says nothing of revisions. */
    void namesAfter(SnapshotHeader header) {
        names.after(header.createdOn());
        names.after(header.name());
    }

    /** The next revision is taken by something that cannot be read. */
    void passOver() {
        revision++;
    }
}
