package dev.holdfast.host.operate;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.transfer.ChunkCopy;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/**
 * Copies snapshots of one group, with the chunks that they need, to the end of another: the oldest first, each following the
 * one before it. What was copied before is not copied again, so that a copy that broke off goes on where it was.
 *
 * <pre>
 *   from   S1 ─ S2 ─ S3 ─ S4              the last one of "to" is a copy of S2:
 *   to     S1'─ S2'                       S3 and S4 are copied
 * </pre>
 *
 * <p>Used by one thread.
 */
public final class HistoryCopy {

    private static final int TOGETHER = 100;
    /** Large texts go to the store alone, for a call has a limit of time. */
    private static final long TOGETHER_BYTES = 1 << 20;

    private final StoreGroup from;
    private final StoreGroup to;
    private final boolean skipsDamaged;
    private final boolean asNewest;
    private final IntConsumer progress;
    private final List<String> damaged = new ArrayList<>();
    private final Map<String, SnapshotHeader> copied = new LinkedHashMap<>();

    /**
     * @param skipsDamaged whether a snapshot that cannot be read is left out; else it ends the copy
     * @param asNewest whether the copies may follow a snapshot that is none of them
     * @param progress is told from time to time how many are copied
     */
    public HistoryCopy(StoreGroup from, StoreGroup to, boolean skipsDamaged, boolean asNewest, IntConsumer progress) {
        this.from = from;
        this.to = to;
        this.skipsDamaged = skipsDamaged;
        this.asNewest = asNewest;
        this.progress = progress;
    }

    /**
     * What was done.
     *
     * @param selected how many snapshots were to be copied
     * @param copied how many were, now; the others are there already, or left out
     * @param chunks how many chunks were put
     * @param bytes of these
     * @param first and {@code last}: the revisions that the copies have; 0 if there are none
     * @param damaged why some were left out
     */
    public record Report(
            int selected, int copied, int chunks, long bytes, long first, long last, List<String> damaged) {

        public Report {
            damaged = List.copyOf(damaged);
        }
    }

    /** The newest one alone. */
    public Report newest() {
        Snapshot last = from.last()
                .orElseThrow(() -> new SnapshotNotFoundException(
                        "Group " + from.group() + " of store " + from.store() + " has no snapshots"));
        return copy(all(), 1, last.header().name());
    }

    /** Those that were taken at a time or later. */
    public Report since(Instant time) {
        List<SnapshotHeader> all = all();
        int count = (int) all.stream()
                .dropWhile(header -> header.createdOn().isBefore(time))
                .count();
        return copy(all, count, "");
    }

    /** All of them. */
    public Report everything() {
        List<SnapshotHeader> all = all();
        return copy(all, all.size(), "");
    }

    /** The oldest first. */
    private List<SnapshotHeader> all() {
        List<SnapshotHeader> all = new ArrayList<>(from.all().toList());
        Collections.reverse(all);
        return all;
    }

    /** @param lastName of the last one as it was read; empty where that does not matter */
    private Report copy(List<SnapshotHeader> all, int count, String lastName) {
        List<SnapshotHeader> selected = all.subList(all.size() - count, all.size());
        if (selected.isEmpty()) {
            throw new SnapshotNotFoundException(
                    "Group " + from.group() + " of store " + from.store() + " has no such snapshots");
        }
        if (!lastName.isEmpty() && !selected.get(0).name().equals(lastName)) {
            throw new RefusedException("Not copied: the last snapshot of store " + from.store()
                    + " changes at the moment; a host writes to it. Do it again");
        }
        Optional<HistoryPoint> last = to.last().map(HistoryPoint::of);
        List<SnapshotHeader> rest = rest(all, selected, last);
        Optional<LearnedChunks> learned = LearnedChunks.of(from);
        Optional<LearnedChunks> there = LearnedChunks.of(to);
        try {
            Optional<ChunkCopy> chunks = learned.flatMap(source ->
                    to.chunks().map(target -> new ChunkCopy(source.chunks(), source.reader(), target, from.codecs())));
            int known = passOver(last, there, chunks);
            copy(rest, new Succession(to.group(), last), chunks);
            verify(chunks.map(ChunkCopy::there).orElse(Set.of()));
            return report(selected.size(), chunks, known);
        } finally {
            learned.ifPresent(LearnedChunks::close);
            there.ifPresent(LearnedChunks::close);
        }
    }

    private Report report(int selected, Optional<ChunkCopy> chunks, int known) {
        long first = copied.values().stream()
                .mapToLong(SnapshotHeader::revision)
                .min()
                .orElse(0);
        long last = copied.values().stream()
                .mapToLong(SnapshotHeader::revision)
                .max()
                .orElse(0);
        return new Report(
                selected,
                copied.size(),
                chunks.map(copy -> copy.there().size() - known).orElse(0),
                chunks.map(ChunkCopy::bytes).orElse(0L),
                first,
                last,
                damaged);
    }

    /** The selected ones that come after what was copied before. */
    private List<SnapshotHeader> rest(
            List<SnapshotHeader> all, List<SnapshotHeader> selected, Optional<HistoryPoint> last) {
        if (last.isEmpty()) {
            return selected;
        }
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).name().equals(last.get().name())
                    && isCopied(all.get(i), last.get().snapshot())) {
                int after = i + 1 - (all.size() - selected.size());
                return selected.subList(Math.max(0, after), selected.size());
            }
        }
        SnapshotHeader newest = selected.get(selected.size() - 1);
        if (isThere(newest)) {
            // A host has gone on from the copies.
            return List.of();
        }
        if (!asNewest) {
            throw new RefusedException("Nothing was copied: the newest snapshot of group " + to.group() + " of store "
                    + to.store() + ", " + last.get().name()
                    + ", is none of those that are copied, and the next start would restore " + newest.name()
                    + " in its place. If that is meant, say --as-newest; else name an empty group: --to-group NAME");
        }
        return selected.stream().filter(header -> !isThere(header)).toList();
    }

    private boolean isCopied(SnapshotHeader header, Snapshot copy) {
        try {
            return Succession.isSame(from.get(header.name()), copy);
        } catch (SnapshotUnreadableException e) {
            return false;
        }
    }

    private boolean isThere(SnapshotHeader header) {
        try {
            return isCopied(header, to.get(header.name()));
        } catch (SnapshotNotFoundException | SnapshotUnreadableException e) {
            return false;
        }
    }

    /** What the last snapshot there needs nobody removes, so it need not be put again. */
    private int passOver(Optional<HistoryPoint> last, Optional<LearnedChunks> there, Optional<ChunkCopy> chunks) {
        if (last.isEmpty() || there.isEmpty() || chunks.isEmpty()) {
            return 0;
        }
        Set<String> known = new HashSet<>();
        for (StateReference state : StateReferences.of(last.get().state())) {
            known.addAll(there.get().reader().find(state).chunkIds());
        }
        known.removeAll(missing(there.get().chunks(), known));
        chunks.get().passOver(known);
        return known.size();
    }

    private void copy(List<SnapshotHeader> rest, Succession succession, Optional<ChunkCopy> chunks) {
        Set<StateReference> done = new HashSet<>();
        List<Snapshot> waiting = new ArrayList<>();
        long bytes = 0;
        try (Saving saving = new Saving()) {
            for (SnapshotHeader header : rest) {
                Optional<Snapshot> snapshot = read(header, chunks, done);
                if (snapshot.isPresent()) {
                    waiting.add(succession.place(snapshot.get()));
                    bytes += header.size();
                }
                if (waiting.size() == TOGETHER || bytes >= TOGETHER_BYTES) {
                    saving.begin(waiting);
                    waiting = new ArrayList<>();
                    bytes = 0;
                }
            }
        } catch (IllegalStateException e) {
            // What was read before is saved, so that the next copy need not read it again.
            save(waiting);
            throw e;
        }
        save(waiting);
    }

    /** Saves some snapshots on a thread of its own, while the next ones are read. */
    private final class Saving implements AutoCloseable {

        private final ExecutorService writer = DaemonThreads.single("snapshot-copy");
        private Future<?> running = CompletableFuture.completedFuture(null);

        void begin(List<Snapshot> snapshots) {
            await();
            running = writer.submit(() -> save(snapshots));
        }

        private void await() {
            try {
                running.get();
            } catch (ExecutionException e) {
                running = CompletableFuture.completedFuture(null);
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw new IllegalStateException("Snapshots cannot be saved", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("Interrupted while snapshots were saved", e);
            }
        }

        /** Returns when all that was begun is saved. */
        @Override
        public void close() {
            try {
                await();
            } finally {
                writer.shutdown();
            }
        }
    }

    private void save(List<Snapshot> snapshots) {
        if (!snapshots.isEmpty()) {
            to.serializer().saveAll(List.copyOf(snapshots));
            snapshots.forEach(saved -> copied.put(saved.header().name(), saved.header()));
            progress.accept(copied.size());
        }
    }

    private Optional<Snapshot> read(SnapshotHeader header, Optional<ChunkCopy> chunks, Set<StateReference> done) {
        try {
            Snapshot snapshot = from.get(header.name());
            for (StateReference state : StateReferences.of(snapshot)) {
                if (done.add(state)) {
                    chunks.orElseThrow(() -> new IllegalStateException("Snapshot " + header.name()
                                    + " refers to what a model has learned, and one of the two stores keeps no such"
                                    + " thing"))
                            .copy(state);
                }
            }
            return Optional.of(snapshot);
        } catch (SnapshotUnreadableException | StateException e) {
            if (!skipsDamaged) {
                throw new IllegalStateException(
                        "Snapshot " + header.name() + " of store " + from.store() + " cannot be copied: "
                                + e.getMessage() + ". To leave it out: --skip-damaged",
                        e);
            }
            damaged.add(header.name() + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Asks the other store for all that was copied. */
    private void verify(Set<String> chunks) {
        Map<String, SnapshotHeader> left = new LinkedHashMap<>(copied);
        if (!left.isEmpty()) {
            to.all().takeWhile(header -> !left.isEmpty()).forEach(header -> left.remove(header.name(), header));
        }
        if (!left.isEmpty()) {
            throw new SnapshotNotFoundException("Store " + to.store() + " does not list "
                    + Sizes.count(left.size(), "snapshot") + " of those that it has taken, the first of them "
                    + left.keySet().iterator().next());
        }
        Set<String> missing = to.chunks().map(there -> missing(there, chunks)).orElse(Set.of());
        if (!missing.isEmpty()) {
            throw new SnapshotNotFoundException("Store " + to.store() + " lacks "
                    + Sizes.count(missing.size(), "chunk") + " of those that it has taken, the first of them "
                    + missing.iterator().next());
        }
    }

    private static Set<String> missing(ChunkStore store, Set<String> ids) {
        Set<String> missing = new HashSet<>();
        List<String> all = List.copyOf(ids);
        for (int start = 0; start < all.size(); start += TOGETHER) {
            missing.addAll(store.missing(all.subList(start, Math.min(all.size(), start + TOGETHER))));
        }
        return missing;
    }
}
