package dev.holdfast.host.operate;

import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads snapshots and all that they need: each text against its SHA-256, each list of chunks, each chunk against its name.
 * A chunk that several need is read once. Changes nothing.
 *
 * <p>One thread.
 */
public final class SnapshotCheck {

    private static final int TOGETHER = 16;

    private final StoreGroup group;
    private final Optional<LearnedChunks> learned;
    private final Map<String, Set<String>> users = new LinkedHashMap<>();
    private final Map<StateReference, List<String>> wrongStates = new HashMap<>();
    private final Map<String, String> wrongChunks = new HashMap<>();
    private final Set<String> sound = new HashSet<>();
    private int snapshots;
    private long bytes;

    private SnapshotCheck(StoreGroup group, Optional<LearnedChunks> learned) {
        this.group = group;
        this.learned = learned;
    }

    /**
     * Something that is wrong.
     *
     * @param what in words: what is damaged or missing, and how
     * @param neededBy who cannot be restored because of it: a snapshot, and the model in it
     */
    public record Problem(String what, List<String> neededBy) {

        public Problem {
            neededBy = List.copyOf(neededBy);
        }
    }

    /**
     * What was read.
     *
     * @param bytes of the chunks as they are stored
     */
    public record Report(int snapshots, int states, int chunks, long bytes, List<Problem> problems) {

        public Report {
            problems = List.copyOf(problems);
        }
    }

    /**
     * Checks some snapshots.
     *
     * @throws SnapshotNotFoundException if there is none of a name
     */
    public static Report of(StoreGroup group, List<String> names) {
        return check(group, check -> names.forEach(name -> check.check(name, () -> NamedSnapshots.find(group, name))));
    }

    /** Checks every snapshot of the group, and that there are no others that cannot even be listed. */
    public static Report ofAll(StoreGroup group) {
        return check(group, check -> {
            OptionalLong counted = group.count();
            List<SnapshotHeader> all = group.all().toList();
            for (SnapshotHeader header : all) {
                try {
                    check.check(header.name(), () -> group.get(header.name()));
                } catch (SnapshotNotFoundException e) {
                    check.snapshots--; // Removed since it was listed: nobody misses it.
                }
            }
            if (counted.isPresent() && counted.getAsLong() > all.size()) {
                check.wrong(
                        (counted.getAsLong() - all.size()) + " of " + counted.getAsLong()
                                + " snapshots cannot be listed: nothing in them can be read",
                        Set.of());
            }
        });
    }

    private interface Reading {
        Snapshot read();
    }

    private interface Work {
        void with(SnapshotCheck check);
    }

    private static Report check(StoreGroup group, Work work) {
        Optional<LearnedChunks> learned = LearnedChunks.of(group);
        try {
            SnapshotCheck check = new SnapshotCheck(group, learned);
            work.with(check);
            return check.report();
        } finally {
            learned.ifPresent(LearnedChunks::close);
        }
    }

    private Report report() {
        List<Problem> problems = new ArrayList<>();
        users.forEach((what, by) -> problems.add(new Problem(what, List.copyOf(by))));
        return new Report(snapshots, wrongStates.size(), sound.size() + wrongChunks.size(), bytes, problems);
    }

    private void check(String name, Reading reading) {
        snapshots++;
        Map<StateReference, String> states;
        try {
            Snapshot snapshot = reading.read();
            states = StateReferences.users(snapshot);
        } catch (SnapshotUnreadableException e) {
            wrong(String.valueOf(e.getMessage()), Set.of());
            return;
        }
        states.forEach((state, user) -> {
            for (String what : wrongStates.computeIfAbsent(state, this::check)) {
                wrong(what, Set.of(name + ": " + user));
            }
        });
    }

    private void wrong(String what, Set<String> by) {
        users.computeIfAbsent(what, none -> new LinkedHashSet<>()).addAll(by);
    }

    private List<String> check(StateReference state) {
        if (learned.isEmpty()) {
            return List.of("Store " + group.store() + " keeps no learned states; they are on the disks of the hosts");
        }
        List<String> ids;
        try {
            ids = List.copyOf(new TreeSet<>(learned.get().reader().find(state).chunkIds()));
        } catch (StateException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
        List<String> unread = ids.stream()
                .filter(id -> !sound.contains(id) && !wrongChunks.containsKey(id))
                .toList();
        for (int start = 0; start < unread.size(); start += TOGETHER) {
            read(unread.subList(start, Math.min(unread.size(), start + TOGETHER)));
        }
        return ids.stream()
                .filter(wrongChunks::containsKey)
                .map(id -> wrongChunks.getOrDefault(id, ""))
                .toList();
    }

    private void read(List<String> ids) {
        LearnedChunks from = learned.orElseThrow();
        Map<String, byte[]> found;
        try {
            found = from.chunks().get(ids);
        } catch (SnapshotCorruptException e) {
            // One of them is no chunk at all; which, only a call for each tells.
            if (ids.size() > 1) {
                ids.forEach(id -> read(List.of(id)));
            } else {
                wrongChunks.put(ids.get(0), "Chunk " + ids.get(0) + " is damaged: " + e.getMessage());
            }
            return;
        }
        ChunkContent content = new ChunkContent(from.codecs());
        for (String id : ids) {
            byte[] bytesOfIt = found.get(id);
            if (bytesOfIt == null) {
                wrongChunks.put(id, "Chunk " + id + " is missing");
            } else if (!content.isPiece(id, bytesOfIt)) {
                wrongChunks.put(id, "Chunk " + id + " is damaged");
            } else {
                sound.add(id);
                bytes += bytesOfIt.length;
            }
        }
    }
}
