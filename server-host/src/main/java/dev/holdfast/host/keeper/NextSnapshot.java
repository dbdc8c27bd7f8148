package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotNames;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/** Makes the snapshots of this host: names that come after all before, at a given place. Used by the keeper's thread alone. */
final class NextSnapshot {

    private static final int MOST_CALLERS = 8;

    private final KeeperOptions options;
    private final Supplier<Map<String, String>> config;
    private final SnapshotNames names;
    private List<String> callers = List.of();

    NextSnapshot(KeeperOptions options, Supplier<Map<String, String>> config, Clock clock) {
        this.options = options;
        this.config = config;
        this.names = new SnapshotNames(clock);
    }

    /** From which addresses the changes came that the next snapshot is the first to hold. */
    void askedBy(List<String> addresses) {
        callers = addresses.stream().distinct().limit(MOST_CALLERS).toList();
    }

    /**
     * A snapshot with this host's configuration.
     *
     * @param name empty for one that the host gives
     */
    Snapshot make(SnapshotKind kind, Optional<String> name, Place place, ServingState state) {
        return make(kind, name, place, options.host(), config.get(), state, callers);
    }

    /** The same snapshot at another place, under a new save-id; a name that an operator gave stays. */
    Snapshot moved(HistoryPoint from, Place place) {
        SnapshotHeader header = from.header();
        Optional<String> name = header.kind() == SnapshotKind.SAVE ? Optional.of(header.name()) : Optional.empty();
        return make(
                header.kind(), name, place, header.host(), from, header.origin().orElse(header.saveId()));
    }

    /** The same state at another place, under a name of the host's own: the one that it had is in use there. */
    Snapshot renamed(HistoryPoint from, Place place) {
        SnapshotHeader header = from.header();
        SnapshotKind kind = header.kind() == SnapshotKind.SAVE ? SnapshotKind.SNAPSHOT : header.kind();
        return make(
                kind,
                Optional.empty(),
                place,
                header.host(),
                from,
                header.origin().orElse(header.saveId()));
    }

    /** What another side of the history serves, as a save of its own that stays whatever becomes of the rest. */
    Snapshot kept(HistoryPoint from, Place place) {
        String name = "kept-" + from.name();
        String safe =
                SnapshotHeader.isName(name) ? name : "kept-" + from.header().saveId();
        return make(
                SnapshotKind.SAVE,
                Optional.of(safe),
                place,
                from.header().host(),
                from,
                from.header().saveId());
    }

    private Snapshot make(
            SnapshotKind kind, Optional<String> name, Place place, String host, HistoryPoint from, String origin) {
        Instant time = names.next();
        SnapshotHeader.Builder header =
                header(kind, name.orElseGet(() -> SnapshotNames.name(time, kind)), time, place, host);
        return SnapshotText.write(
                header.origin(origin),
                from.content().config(),
                from.state(),
                from.content().callers());
    }

    private Snapshot make(
            SnapshotKind kind,
            Optional<String> name,
            Place place,
            String host,
            Map<String, String> kept,
            ServingState state,
            List<String> askedBy) {
        Instant time = names.next();
        return SnapshotText.write(
                header(kind, name.orElseGet(() -> SnapshotNames.name(time, kind)), time, place, host),
                kept,
                state,
                askedBy);
    }

    private SnapshotHeader.Builder header(SnapshotKind kind, String name, Instant time, Place place, String host) {
        return place.in(
                SnapshotHeader.builder()
                        .name(name)
                        .kind(kind)
                        .createdOn(time)
                        .group(options.group())
                        .host(host),
                UUID.randomUUID().toString());
    }

    /** Names go on after that of this snapshot. */
    void namesAfter(SnapshotHeader header) {
        names.after(header.createdOn());
        names.after(header.name());
    }
}
