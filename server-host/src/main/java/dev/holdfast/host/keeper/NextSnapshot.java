package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotNames;
import dev.holdfast.host.snapshot.SnapshotText;
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
    /** Begins the name of a snapshot that keeps what lost by a decision. */
    private static final String KEPT = "kept-";

    private final KeeperOptions options;
    private final Supplier<Map<String, String>> config;
    private final SnapshotNames names;
    private List<String> callers = List.of();

    NextSnapshot(KeeperOptions options, Supplier<Map<String, String>> config, Clock clock) {
        this.options = options;
        this.config = config;
        this.names = new SnapshotNames(clock);
    }

    /** Sets the callers whose changes the next snapshot is the first to hold. */
    void askedBy(List<String> addresses) {
        callers = addresses.stream().distinct().limit(MOST_CALLERS).toList();
    }

    /**
     * A snapshot with this host's configuration.
     *
     * @param name empty for one that the host gives
     */
    HistoryPoint make(SnapshotKind kind, Optional<String> name, Place place, ServingState state) {
        return HistoryPoint.write(
                header(kind, name, place, options.host()),
                new SnapshotText.Content(config.get(), state, true, callers));
    }

    /** The same snapshot at another place, under a new save-id; a name that an operator gave stays. */
    HistoryPoint moved(HistoryPoint from, Place place) {
        SnapshotHeader header = from.header();
        Optional<String> name = header.kind() == SnapshotKind.SAVE ? Optional.of(header.name()) : Optional.empty();
        return again(header.kind(), name, place, from, header.origin().orElse(header.saveId()));
    }

    /** The same state at another place, under a name of the host's own, because its name is in use there. */
    HistoryPoint renamed(HistoryPoint from, Place place) {
        SnapshotHeader header = from.header();
        SnapshotKind kind = header.kind() == SnapshotKind.SAVE ? SnapshotKind.SNAPSHOT : header.kind();
        return again(kind, Optional.empty(), place, from, header.origin().orElse(header.saveId()));
    }

    /** What the losing side of a decision served, as a named save. */
    HistoryPoint kept(HistoryPoint from, Place place) {
        String name = from.name().startsWith(KEPT) ? from.name() : KEPT + from.name();
        return SnapshotHeader.isName(name) ? kept(name, from, place) : keptBySaveId(from, place);
    }

    /** The same under a name that nobody else gives. */
    HistoryPoint keptBySaveId(HistoryPoint from, Place place) {
        return kept(KEPT + from.header().saveId(), from, place);
    }

    private HistoryPoint kept(String name, HistoryPoint from, Place place) {
        return again(
                SnapshotKind.SAVE, Optional.of(name), place, from, from.header().saveId());
    }

    private HistoryPoint again(
            SnapshotKind kind, Optional<String> name, Place place, HistoryPoint from, String origin) {
        return HistoryPoint.write(
                header(kind, name, place, from.header().host()).origin(origin), from.content());
    }

    private SnapshotHeader.Builder header(SnapshotKind kind, Optional<String> name, Place place, String host) {
        Instant time = names.next();
        return place.in(
                SnapshotHeader.builder()
                        .name(name.orElseGet(() -> SnapshotNames.name(time, kind)))
                        .kind(kind)
                        .createdOn(time)
                        .group(options.group())
                        .host(host),
                UUID.randomUUID().toString());
    }

    void namesAfter(SnapshotHeader header) {
        names.after(header.createdOn());
        names.after(header.name());
    }
}
