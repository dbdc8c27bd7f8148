package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The chunks of one group as items of a table that has nothing else.
 *
 * <pre>
 *   chunkGroup   chunkId   entry     put              content
 *   group#0a     0a…       0a…       1795253400123    bytes
 *   └────────────────┘     └── the index has these ─┘ but no content
 *     the key
 * </pre>
 *
 * <p>DynamoDB charges a read for the whole item even where only its key is wanted. So what lists chunks, or looks for
 * them, asks a local index, which is written with the item and read as consistently. The 256 hashes of a group spread its
 * chunks over DynamoDB's partitions, and in their order they give the chunks in theirs.
 */
final class DdbChunkStore implements ChunkStore {

    /** Base64 of this and the keys stay below the 400 KB of an item where an implementation counts these. */
    private static final int MAX_CHUNK_BYTES = 300_000;

    private static final int MOST_LISTED = 10_000;
    private static final int HASHES = 256;
    /** About a quarter of the megabyte that a query reads at most. */
    private static final int PAGE = 1000;

    private final GroupKeys keys;
    private final ChunkTable table;
    private final Gate gate;
    private final ShapeCheck shape;
    private final Duration timeout;
    private final Clock clock;

    DdbChunkStore(GroupKeys keys, ChunkTable table, Gate gate, ShapeCheck shape, Duration timeout, Clock clock) {
        this.keys = keys;
        this.table = table;
        this.gate = gate;
        this.shape = shape;
        this.timeout = timeout;
        this.clock = clock;
    }

    @Override
    public int maxChunkBytes() {
        return MAX_CHUNK_BYTES;
    }

    @Override
    public void put(Map<String, byte[]> chunks) {
        ChunkStore.requireChunks("ddb", chunks, MAX_CHUNK_BYTES);
        call(deadline -> {
            table.put(chunks.keySet(), id -> item(id, Objects.requireNonNull(chunks.get(id), id)), deadline);
            return true;
        });
    }

    private Item item(String id, byte[] content) {
        return Item.of(new HashMap<>(ChunkTable.key(keys.chunks(id), id)))
                .with(ChunkTable.ENTRY, id)
                .with(ChunkTable.PUT, clock.millis())
                .with(ChunkTable.CONTENT, content);
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        ChunkStore.requireIds(ids);
        return call(deadline -> {
            Map<String, byte[]> found = new HashMap<>();
            table.get(
                    new LinkedHashSet<>(ids),
                    keys::chunks,
                    item -> found.put(item.string(ChunkTable.ID).orElse(""), content(item)),
                    deadline);
            return found;
        });
    }

    private byte[] content(Item item) {
        return item.bytes(ChunkTable.CONTENT)
                .orElseThrow(() -> new SnapshotCorruptException(
                        "Item " + item.string(ChunkTable.ID).orElse("") + " of table " + table.name()
                                + " is no chunk: it has no binary attribute " + ChunkTable.CONTENT));
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        ChunkStore.requireIds(ids);
        Map<String, TreeSet<String>> byHash = new HashMap<>();
        ids.forEach(id ->
                byHash.computeIfAbsent(keys.chunks(id), hash -> new TreeSet<>()).add(id));
        return call(deadline -> {
            Set<String> missing = new HashSet<>(ids);
            byHash.forEach((hash, some) ->
                    missing.removeAll(entries(hash, some.first(), some.last(), Integer.MAX_VALUE, deadline)
                            .keySet()));
            return missing;
        });
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        if (!after.isEmpty()) {
            ChunkStore.requireIds(List.of(after));
        }
        if (limit < 1 || limit > MOST_LISTED) {
            throw new IllegalArgumentException("Limit " + limit + " must be 1 to " + MOST_LISTED);
        }
        return call(deadline -> {
            SortedMap<String, Instant> page = new TreeMap<>();
            int first = after.isEmpty() ? 0 : Integer.parseInt(after, 0, 2, 16);
            for (int number = first; number < HASHES && page.size() < limit; number++) {
                String prefix = HexFormat.of().toHexDigits((byte) number);
                // No id is as short as the prefix or as long as the one that is asked to begin with.
                String from = after.startsWith(prefix) ? after + "0" : prefix;
                page.putAll(entries(keys.chunks(prefix), from, prefix + "g", limit - page.size(), deadline));
            }
            return page;
        });
    }

    /** When each chunk was put last; of a hash, from one id to another, at most {@code limit}. */
    private SortedMap<String, Instant> entries(String hash, String from, String to, int limit, Deadline deadline) {
        SortedMap<String, Instant> found = new TreeMap<>();
        String next = from;
        while (true) {
            ChunkTable.Entries some = table.entries(hash, next, to, Math.min(limit - found.size(), PAGE), deadline);
            for (Item item : some.items()) {
                String id = item.string(ChunkTable.ENTRY).orElse("");
                OptionalLong put = item.number(ChunkTable.PUT);
                if (put.isPresent()) {
                    found.put(id, Instant.ofEpochMilli(put.getAsLong()));
                }
                next = id + "0";
            }
            if (!some.more() || found.size() == limit) {
                return found;
            }
        }
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        ChunkStore.requireIds(ids);
        // Moments are stored in milliseconds; rounded down on both sides, none that was put later is taken for earlier.
        long before = millis(putBefore);
        return call(deadline -> {
            int removed = 0;
            for (String id : new LinkedHashSet<>(ids)) {
                removed += table.delete(keys.chunks(id), id, before, deadline) ? 1 : 0;
            }
            return removed;
        });
    }

    private <T> T call(Function<Deadline, T> work) {
        return gate.call(timeout, deadline -> {
            shape.check(deadline);
            return work.apply(deadline);
        });
    }

    private static long millis(Instant moment) {
        if (moment.isBefore(Instant.EPOCH)) {
            return 0;
        }
        return (moment.isAfter(Place.LATEST) ? Place.LATEST : moment).toEpochMilli();
    }
}
