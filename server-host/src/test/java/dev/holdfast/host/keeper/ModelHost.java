package dev.holdfast.host.keeper;

import dev.holdfast.host.ManualClock;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.journal.JournalWithFaults;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One host of the model test: a real restore, a real keeper and a real journal on one thread. Its disk outlives its lives.
 */
final class ModelHost {

    private static final int MOST_CALLS = 1_000;

    final String name;
    final ManualClock clock = new ManualClock();
    private final ModelWorld world;
    private final Path place;
    private int disks;
    private Path disk;
    Life life;
    /** The journal as the last life left it, or has it. */
    Journal journal;

    boolean journalFails;
    boolean cutOff;
    /**
     * Whether a life began with less than had been acknowledged, or without a journal, whatever that had, and the host has not
     * attached since with a journal that takes note of it: what was acknowledged before and in that life may be two states.
     */
    boolean beganWithLess;
    /** The changes that it acknowledged, of which no operator has decided otherwise. */
    final Set<Integer> acknowledged = new TreeSet<>();
    /** The save-ids of what its disk holds. */
    Set<String> held = Set.of();

    /** What was read of its files; a file is written once. */
    private Map<List<Object>, Optional<Snapshot>> files = Map.of();
    /** Whether something may have been written since, and of which disk that is. */
    private boolean written = true;

    private Path seen = Path.of("");

    ModelHost(ModelWorld world, String name, Path place) {
        this.world = world;
        this.name = name;
        this.place = place;
        this.disk = place.resolve("0");
    }

    /** One process. */
    final class Life {
        final ModelStore store;
        final Deferred deferred = new Deferred();
        ServingState state = ServingState.EMPTY;
        /** What it served at its start. */
        ServingState baseline = ServingState.EMPTY;
        /** The changes since what the store is known to have. */
        List<ModelOp> unsent = new ArrayList<>();

        /** The save-id of what it went on from when nothing was unsent last. */
        String settledOn = "";

        ChangeQueue changes = new ChangeQueue("ddb");
        SnapshotKeeper keeper;
        boolean deciding;
        boolean isEmptyAtStart;
        boolean changedSinceStart;
        StoreProbe probe;
        private int calls;
        private int writes;

        Life() {
            store = new ModelStore(
                    world.disk,
                    this::beforeCall,
                    deferred::run,
                    this::afterCall,
                    snapshot -> world.stored(this, snapshot));
        }

        /** A step begins. */
        void begin() {
            calls = 0;
            writes = 0;
        }

        ModelHost host() {
            return ModelHost.this;
        }

        private void beforeCall() {
            if (calls > MOST_CALLS) {
                world.fail("I0", name + " calls its store without an end");
                throw new IllegalStateException("Without an end");
            }
            if (world.journalFirst) {
                deferred.run();
            }
            world.reached(this, ++calls);
        }

        private void afterCall() {
            world.reached(this, ++calls);
        }

        private void beforeWrite() throws IOException {
            if (life == this) {
                world.writes(this, ++writes);
            }
            if (journalFails) {
                throw new IOException("Input/output error");
            }
        }
    }

    /** Runs the journal's write when the store is called: before or after what that does. */
    static final class Deferred extends AbstractExecutorService {
        private final Deque<Runnable> tasks = new ArrayDeque<>();

        void run() {
            while (!tasks.isEmpty()) {
                tasks.remove().run();
            }
        }

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }

    boolean isUp() {
        return life != null;
    }

    void openJournal() {
        Path mine = disk;
        Life its = life;
        Journal opened;
        try {
            opened = JournalWithFaults.open(mine, world.bound, (step, file) -> {
                try {
                    if (its != null) {
                        its.beforeWrite();
                    } else if (journalFails) {
                        throw new IOException("Input/output error");
                    }
                } finally {
                    // At the end, for somebody may look at the disk in between.
                    written = true;
                }
            });
        } catch (JournalException e) {
            opened = Journal.without(mine, "ddb", "default", e);
        }
        // Who dies while it opens has another disk by now.
        if (disk == mine) {
            journal = opened;
        }
    }

    Restore.Found start() {
        Life born = new Life();
        life = born;
        world.connect();
        openJournal();
        Restore restore = new Restore(
                "ddb",
                world.sameNames ? "host" : name,
                born.store,
                journal,
                () -> new FakeStore(new FakeStore.Disk()),
                false,
                false);
        Restore.Found found = restore.latest();
        born.state = found.content().map(it -> it.state()).orElse(ServingState.EMPTY);
        born.baseline = born.state;
        found.content()
                .filter(it -> journal.pending().stream()
                        .anyMatch(entry -> entry.header().name().equals(found.name())))
                .ifPresent(it -> born.unsent.addAll(opsOf(found.name())));
        StartPoint start = found.start();
        if (start.base().isEmpty() && found.content().isEmpty()) {
            start = start.serving(born.state);
        }
        born.baseline = start.base().isPresent() ? born.baseline : start.baseline();
        born.isEmptyAtStart = start.empty();
        KeeperOptions options = new KeeperOptions(
                "ddb",
                false,
                false,
                "default",
                world.sameNames ? "host" : name,
                Duration.ofDays(1),
                Duration.ofDays(1),
                Duration.ofSeconds(1),
                world.adoptsStoreAfterConflict,
                world.follows,
                Duration.ZERO);
        born.probe = new StoreProbe(born.store, born.changes.works()::wake, Runnable::run);
        born.keeper = new SnapshotKeeper(
                options,
                start,
                born.changes,
                new StoreAttachment(options, start),
                born.store,
                journal,
                new SideBySide(born.store, journal, world.together, born.deferred),
                born.probe,
                (needed, safe) -> {},
                served(born),
                () -> Map.of("job_queue_size", "7", "ops", ModelOp.text(born.unsent)),
                clock);
        born.keeper.begin();
        return found;
    }

    private List<ModelOp> opsOf(String waiting) {
        for (Entry entry : journal.pending()) {
            if (entry.header().name().equals(waiting)) {
                return ModelOp.parse(
                        HistoryPoint.of(journal.read(entry)).content().config().getOrDefault("ops", ""));
            }
        }
        return List.of();
    }

    private ServingSource served(Life born) {
        return new ServingSource() {
            @Override
            public ServingState state() {
                return born.state;
            }

            @Override
            public List<String> goOver(ServingState target) {
                if (!born.deciding && !ServingComparison.same(target, born.state)) {
                    // Where what was changed was changed back, the base serves its outcome.
                    Optional<HistoryPoint> base = born.keeper.base();
                    ServingState before = base.map(HistoryPoint::state).orElse(born.baseline);
                    if (ServingComparison.same(before, born.state)) {
                        base.ifPresentOrElse(
                                it -> world.ledger.join(it.header().saveId(), ModelOp.ids(born.unsent)),
                                () -> world.promises.forgive(born.unsent));
                    }
                    born.unsent.clear();
                }
                born.state = target;
                born.changes.overtaken();
                return List.of();
            }

            @Override
            public void takeUp(Map<ServingComparison.Key, StateReference> learned) {
                born.state = States.takenUp(born.state, learned);
            }

            @Override
            public List<String> failures() {
                return List.of();
            }

            @Override
            public void attachedAgain() {}

            @Override
            public List<String> notices() {
                return List.of();
            }
        };
    }

    CompletableFuture<Durability> change(ModelOp op) {
        life.changes.begin();
        life.state = op.apply(life.state);
        life.unsent.add(op);
        return life.changes.changed();
    }

    CompletableFuture<Durability> learn(String model, StateReference lesson) {
        life.changes.begin();
        life.state =
                life.state.with(model, life.state.model(model).orElseThrow().withLearned("1.0", lesson));
        return life.changes.learned(model);
    }

    /** The process is no more; what it has in hand reaches neither the store nor the disk. */
    void die(boolean inTheMiddle) {
        Life dead = life;
        dead.store.gone = true;
        life = null;
        if (inTheMiddle) {
            // It goes on for a while, and does not know that its disk is another one now.
            Path image = place.resolve(String.valueOf(++disks));
            if (Files.exists(disk)) {
                copy(disk, image);
            }
            disk = image;
            openJournal();
            world.scan(this, true);
            world.promises.left(dead);
        } else {
            journal.close();
        }
    }

    static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.walk(from)) {
            Files.createDirectories(to);
            for (Path file : files.skip(1).toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gets the disk of another one, which is not running; or an empty one. */
    void replaceDisk(Optional<ModelHost> other) {
        Path next = place.resolve(String.valueOf(++disks));
        other.filter(it -> Files.exists(it.disk)).ifPresent(it -> copy(it.disk, next));
        disk = next;
        acknowledged.clear();
        openJournal();
        journal.close();
        world.scan(this, true);
    }

    /** Damages the newest file of a kind, if there is one. */
    boolean damage(String part) {
        Path drawer = disk.resolve("journal/ddb/default").resolve(part);
        if (!Files.isDirectory(drawer)) {
            return false;
        }
        try (Stream<Path> files = Files.list(drawer)) {
            Optional<Path> newest = files.max(Comparator.naturalOrder());
            if (newest.isEmpty()) {
                return false;
            }
            byte[] bytes = Files.readAllBytes(newest.get());
            bytes[bytes.length / 3] ^= 1;
            Files.write(newest.get(), bytes);
            this.files = Map.of();
            written = true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        openJournal();
        journal.close();
        world.scan(this, true);
        return true;
    }

    /** What is never dropped to make room. */
    long asideBytes() {
        return journal.aside().stream()
                .mapToLong(it -> disk.resolve("journal/ddb/default/aside")
                        .resolve(it.name())
                        .toFile()
                        .length())
                .sum();
    }

    /** All that its disk holds and that can be read. */
    List<Snapshot> onDisk() {
        if (written || !seen.equals(disk)) {
            look();
        }
        return files.values().stream().flatMap(Optional::stream).toList();
    }

    private void look() {
        Map<List<Object>, Optional<Snapshot>> now = new HashMap<>();
        for (String part : List.of("pending", "copies", "aside", "pins")) {
            Path drawer = disk.resolve("journal/ddb/default").resolve(part);
            if (Files.isDirectory(drawer)) {
                try (DirectoryStream<Path> here = Files.newDirectoryStream(drawer)) {
                    for (Path file : here) {
                        BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
                        List<Object> key = List.of(file, String.valueOf(is.fileKey()), is.lastModifiedTime());
                        Optional<Snapshot> read = files.get(key);
                        now.put(key, read == null ? read(file) : read);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        files = now;
        written = false;
        seen = disk;
    }

    private static Optional<Snapshot> read(Path file) {
        try {
            return Optional.of(FsSnapshotFormat.read(file));
        } catch (IOException | SnapshotStoreException e) {
            return Optional.empty();
        }
    }

    /** What its journal holds that a start can come back to, newest first. */
    List<Snapshot> restorable() {
        List<Snapshot> all = new ArrayList<>(waiting());
        if (journal != null && journal.isUsable()) {
            all.addAll(journal.copies());
        }
        return all;
    }

    boolean isAnythingWaiting() {
        return !waiting().isEmpty();
    }

    /** What waits there and can be read, newest first. */
    private List<Snapshot> waiting() {
        List<Snapshot> all = new ArrayList<>();
        if (journal == null || !journal.isUsable()) {
            return all;
        }
        List<Entry> pending = new ArrayList<>(journal.pending());
        Collections.reverse(pending);
        for (Entry entry : pending) {
            try {
                all.add(journal.read(entry));
            } catch (SnapshotStoreException e) {
                world.say("(" + e.getMessage() + ")");
            }
        }
        return all;
    }

    Durability take(SnapshotKind kind) {
        CompletableFuture<Durability> done = life.keeper.take(kind);
        life.keeper.work(0, 0);
        return done.getNow(null);
    }

    static Set<String> saveIds(List<Snapshot> snapshots) {
        Set<String> ids = new HashSet<>();
        snapshots.forEach(snapshot -> ids.add(snapshot.header().saveId()));
        return ids;
    }
}
