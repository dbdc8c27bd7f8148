package dev.holdfast.testkit;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.VerificationReport.Leftover;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;

/** Empties the groups that a verification has opened, as far as the serializer can remove anything. */
final class ScratchCleaning {

    private static final Instant EVER = Instant.parse("2200-01-01T00:00:00Z");
    /** More than any test stores; a serializer that does not remove what it says would keep us here for ever. */
    private static final int MOST_PAGES = 50;

    private static final int CALLS_OF_A_GROUP = 5;

    private final ScratchGroups store;
    private final Function<String, SerializerConfig> config;
    private final BoundedCalls calls;

    ScratchCleaning(ScratchGroups store, Function<String, SerializerConfig> config, BoundedCalls calls) {
        this.store = store;
        this.config = config;
        this.calls = calls;
    }

    /** Those that are not empty afterwards. A store that is gone is asked once, and not for every group. */
    List<Leftover> run() {
        store.beginCleaning();
        store.closeAll(calls);
        List<Leftover> leftovers = new ArrayList<>();
        Optional<String> gone = Optional.empty();
        for (String group : store.groups()) {
            if (gone.isEmpty()) {
                try {
                    calls.get(CALLS_OF_A_GROUP, () -> empty(group))
                            .ifPresent(reason -> leftovers.add(new Leftover(group, reason)));
                    continue;
                } catch (StoreUnavailableException e) {
                    gone = Optional.of(OneLineReason.of(e));
                } catch (RuntimeException | Error e) {
                    leftovers.add(new Leftover(group, OneLineReason.of(e)));
                    continue;
                }
            }
            leftovers.add(new Leftover(group, gone.get()));
        }
        return leftovers;
    }

    /** What stays of the group, if anything does. */
    private Optional<String> empty(String group) {
        try (SnapshotSerializer serializer = store.open(config.apply(group))) {
            Optional<String> snapshots = removeSnapshots(serializer, group);
            Optional<String> chunks = serializer.chunks().flatMap(ScratchCleaning::removeChunks);
            Optional<String> left = snapshots.isPresent() ? snapshots : chunks;
            if (left.isEmpty()) {
                serializer.removeEmptyGroup();
            }
            return left;
        }
    }

    private static Optional<String> removeSnapshots(SnapshotSerializer serializer, String group) {
        for (int round = 0; round < MOST_PAGES; round++) {
            List<SnapshotHeader> listed = listed(serializer);
            if (listed.isEmpty() && serializer.getLast().isEmpty()) {
                return Optional.empty();
            }
            for (SnapshotHeader header : listed) {
                if (!header.group().equals(group)) {
                    return Optional.of("it lists snapshot " + header.name() + " of group " + header.group()
                            + ", which is left alone");
                }
                try {
                    serializer.delete(header.name());
                } catch (UnsupportedOperationException e) {
                    return Optional.of("its snapshots stay, for the serializer does not remove any");
                }
            }
        }
        return Optional.of("its snapshots stay, though the serializer said that it removed them");
    }

    /** The first headers there are; a page may be empty and name a next one. */
    private static List<SnapshotHeader> listed(SnapshotSerializer serializer) {
        ListRequest request = ListRequest.firstPage(ListRequest.MOST);
        for (int page = 0; page < MOST_PAGES; page++) {
            SnapshotPage some = serializer.list(request);
            if (!some.headers().isEmpty() || some.nextPageToken().isEmpty()) {
                return some.headers();
            }
            request = request.page(some.nextPageToken().get());
        }
        return List.of();
    }

    private static Optional<String> removeChunks(ChunkStore chunks) {
        for (int page = 0; page < MOST_PAGES; page++) {
            SortedMap<String, Instant> first = chunks.list("", 1000);
            if (first.isEmpty()) {
                return Optional.empty();
            }
            chunks.delete(first.keySet(), EVER);
        }
        return Optional.of("its chunks stay, though the serializer said that it removed them");
    }
}
