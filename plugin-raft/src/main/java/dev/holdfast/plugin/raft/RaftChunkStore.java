package dev.holdfast.plugin.raft;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The chunks of one group of a fleet. Those of one call go in as few entries of the log as they fit into. */
final class RaftChunkStore implements ChunkStore {

    private static final int LARGEST = 1 << 20;

    /** So that a question stays small. */
    private static final int IDS_AT_ONCE = 5000;

    private final String group;
    private final String place;
    private final Calls calls;
    private final Clock clock;
    private final Runnable requireOpen;

    RaftChunkStore(String group, String place, Calls calls, Clock clock, Runnable requireOpen) {
        this.group = group;
        this.place = place;
        this.calls = calls;
        this.clock = clock;
        this.requireOpen = requireOpen;
    }

    @Override
    public int maxChunkBytes() {
        return LARGEST;
    }

    @Override
    public void put(Map<String, byte[]> chunks) {
        requireOpen.run();
        ChunkStore.requireChunks("serializer raft", chunks, LARGEST);
        long end = calls.newDeadline();
        Map<String, byte[]> together = new LinkedHashMap<>();
        long bytes = 0;
        for (Map.Entry<String, byte[]> chunk : new TreeMap<>(chunks).entrySet()) {
            if (!together.isEmpty() && bytes + chunk.getValue().length > Wire.MOST_BYTES) {
                putTogether(together, end);
                together.clear();
                bytes = 0;
            }
            together.put(chunk.getKey(), chunk.getValue());
            bytes += chunk.getValue().length + 100;
        }
        if (!together.isEmpty()) {
            putTogether(together, end);
        }
    }

    private void putTogether(Map<String, byte[]> chunks, long end) {
        byte[] change = Wire.request(Wire.PUT_CHUNKS, out -> {
            out.writeLong(clock.millis());
            out.writeUTF(group);
            out.writeInt(chunks.size());
            for (Map.Entry<String, byte[]> chunk : chunks.entrySet()) {
                out.writeUTF(chunk.getKey());
                Wire.writeBytes(out, chunk.getValue());
            }
        });
        calls.change("Chunks could not be put into " + place, end, change);
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        requireOpen.run();
        ChunkStore.requireIds(ids);
        long end = calls.newDeadline();
        Map<String, byte[]> contents = new HashMap<>();
        List<String> left = List.copyOf(new TreeSet<>(ids));
        while (!left.isEmpty()) {
            List<String> some = left.subList(0, Math.min(left.size(), IDS_AT_ONCE));
            int answered = some(some, contents, end);
            left = left.subList(answered, left.size());
        }
        return contents;
    }

    /** @return of how many ids the answer tells */
    private int some(List<String> ids, Map<String, byte[]> contents, long end) {
        return RaftSnapshotSerializer.read(
                calls.ask("Chunks could not be read from " + place, end, question(Wire.CHUNKS, ids)), in -> {
                    byte answer = in.readByte();
                    if (answer == Wire.DAMAGED) {
                        throw new SnapshotCorruptException(
                                "Chunk " + in.readUTF() + " is damaged on the peer that leads: " + in.readUTF());
                    }
                    RaftSnapshotSerializer.requireDone(answer);
                    int answered = Wire.readCount(in);
                    for (int count = Wire.readCount(in); count > 0; count--) {
                        contents.put(in.readUTF(), Wire.readBytes(in));
                    }
                    return answered;
                });
    }

    private byte[] question(byte what, Collection<String> ids) {
        return Wire.request(what, out -> {
            out.writeUTF(group);
            Wire.writeTexts(out, ids);
        });
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        requireOpen.run();
        ChunkStore.requireIds(ids);
        long end = calls.newDeadline();
        Set<String> missing = new HashSet<>(ids);
        for (List<String> some : inGroups(ids)) {
            missing.removeAll(RaftSnapshotSerializer.read(
                    calls.ask("Chunks could not be looked for in " + place, end, question(Wire.PRESENT, some)), in -> {
                        RaftSnapshotSerializer.requireDone(in.readByte());
                        return Wire.readTexts(in);
                    }));
        }
        return missing;
    }

    private static List<List<String>> inGroups(Collection<String> ids) {
        List<String> all = List.copyOf(new TreeSet<>(ids));
        List<List<String>> groups = new ArrayList<>();
        for (int from = 0; from < all.size(); from += IDS_AT_ONCE) {
            groups.add(all.subList(from, Math.min(all.size(), from + IDS_AT_ONCE)));
        }
        return groups;
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        requireOpen.run();
        byte[] question = Wire.request(Wire.CHUNK_LIST, out -> {
            out.writeUTF(group);
            out.writeUTF(after);
            out.writeInt(limit);
        });
        return RaftSnapshotSerializer.read(
                calls.ask("Chunks could not be listed from " + place, calls.newDeadline(), question), in -> {
                    RaftSnapshotSerializer.requireDone(in.readByte());
                    SortedMap<String, Instant> page = new TreeMap<>();
                    for (int count = Wire.readCount(in); count > 0; count--) {
                        page.put(in.readUTF(), Instant.ofEpochMilli(in.readLong()));
                    }
                    return Collections.unmodifiableSortedMap(page);
                });
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        requireOpen.run();
        ChunkStore.requireIds(ids);
        long end = calls.newDeadline();
        int removed = 0;
        for (List<String> some : inGroups(ids)) {
            byte[] change = Wire.request(Wire.DELETE_CHUNKS, out -> {
                out.writeLong(clock.millis());
                out.writeUTF(group);
                out.writeLong(putBefore.toEpochMilli());
                Wire.writeTexts(out, some);
            });
            removed += RaftSnapshotSerializer.read(
                    calls.change("Chunks could not be removed from " + place, end, change), in -> {
                        RaftSnapshotSerializer.requireDone(in.readByte());
                        return in.readInt();
                    });
        }
        return removed;
    }
}
