package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Several hosts, one store, and what was acknowledged; sees after each step that what must hold does. */
final class ModelWorld implements AutoCloseable {

    /** What may go wrong in a walk. */
    record Faults(
            boolean reading, boolean going, boolean trimming, boolean journal, boolean events, boolean learning) {}

    /** What was found, and where. */
    record Violation(String invariant, String what) {}

    final FakeStore.Disk disk = new FakeStore.Disk();
    final ModelLedger ledger = new ModelLedger();
    final List<ModelHost> hosts = new ArrayList<>();
    final boolean adoptsStoreAfterConflict;
    final boolean follows;
    final boolean together;
    final boolean journalFirst;
    final boolean sameNames;
    final long bound;
    private final Consumer<String> told;

    final ModelPromises promises = new ModelPromises(this);
    final ModelOracle oracle = new ModelOracle(this);
    private final ModelActions actions = new ModelActions(this);

    boolean down;
    boolean unreadable;
    /** Save-ids of what was removed from the store by its disk's fault, or cannot be read for good. */
    final Set<String> gone = new HashSet<>();

    ModelStep step;
    private boolean nested;
    private Optional<Violation> violation = Optional.empty();

    ModelWorld(long seed, int hostCount, Path place, Consumer<String> told) {
        Random random = new Random(seed);
        this.told = told;
        adoptsStoreAfterConflict = random.nextBoolean();
        together = random.nextInt(4) > 0;
        journalFirst = random.nextBoolean();
        sameNames = random.nextInt(8) == 0;
        bound = random.nextInt(4) == 0 ? 12_000 : 64 * 1024 * 1024;
        for (int i = 0; i < hostCount; i++) {
            hosts.add(new ModelHost(this, "ABC".substring(i, i + 1), place.resolve("ABC".substring(i, i + 1))));
        }
        // Not drawn, so that the other seeds walk as they did.
        follows = Math.floorMod(seed, 4) == 3;
        say("(goesOver " + adoptsStoreAfterConflict + ", follows " + follows + ", together " + together
                + ", journal first " + journalFirst + ", one name " + sameNames + ", bound " + bound + ")");
    }

    void say(String what) {
        told.accept(what);
    }

    void connect() {
        for (ModelHost host : hosts) {
            if (host.isUp()) {
                host.life.store.down = down || host.cutOff;
                host.life.store.newestUnreadable = unreadable;
            }
        }
    }

    void fail(String invariant, String what) {
        if (violation.isEmpty()) {
            violation = Optional.of(new Violation(invariant, what));
            say("!! " + invariant + ": " + what);
        }
    }

    // ---- told by the hosts

    void stored(ModelHost.Life life, Snapshot snapshot) {
        SnapshotHeader header = snapshot.header();
        say("    store: " + life.host().name + " saves " + header.revision() + " " + header.name() + " "
                + ModelLedger.text(HistoryPoint.of(snapshot).state()));
        ledger.register(snapshot, life.deciding, base(life), beforeDamaged(header.name()));
        disk.newestFirst().stream()
                .filter(it -> it.revision() < header.revision())
                .findFirst()
                .ifPresent(it -> promises.follows(snapshot, ledger.state(it.saveId())));
    }

    static Optional<String> base(ModelHost.Life life) {
        return life.keeper == null
                ? Optional.empty()
                : life.keeper.base().map(it -> it.header().saveId());
    }

    /** The newest readable one before another. */
    private Optional<String> beforeDamaged(String than) {
        List<SnapshotHeader> all = disk.newestFirst().stream()
                .filter(it -> !it.name().equals(than))
                .toList();
        if (all.isEmpty() || !disk.damaged.contains(all.get(0).name())) {
            return Optional.empty();
        }
        return Optional.of(all.stream()
                .filter(it -> !disk.damaged.contains(it.name()))
                .findFirst()
                .map(SnapshotHeader::saveId)
                .orElse(""));
    }

    /** A host is about to write into its journal. */
    void writes(ModelHost.Life life, int write) {
        if (step != null && step.event() == ModelStep.Event.KILL_AT_ITS_DISK) {
            happensAt(life, write);
        }
    }

    /** A host calls the store, or has got its answer. */
    void reached(ModelHost.Life life, int call) {
        if (step != null && step.event() != ModelStep.Event.KILL_AT_ITS_DISK) {
            happensAt(life, call);
        }
    }

    /** What the test asks a host for itself, and nothing happens at. */
    boolean asked(BooleanSupplier question) {
        boolean before = nested;
        nested = true;
        try {
            return question.getAsBoolean();
        } finally {
            nested = before;
        }
    }

    private void happensAt(ModelHost.Life life, int call) {
        if (nested || step.at() != call || life != hosts.get(step.host()).life) {
            return;
        }
        nested = true;
        say("    at its call " + call + ": " + step.event());
        ModelHost other = hosts.get((step.host() + 1) % hosts.size());
        ModelStep mine = step;
        try {
            happens(life, other);
        } catch (RuntimeException | Error e) {
            unexpected(e);
        }
        scan(other, false);
        step = mine;
        nested = false;
    }

    private void happens(ModelHost.Life life, ModelHost other) {
        switch (step.event()) {
            case KILL, KILL_AT_ITS_DISK -> life.host().die(true);
            case LOST_REPLY -> life.store.losesReplies = true;
            case STORE_DOWN -> {
                down = true;
                connect();
            }
            case OTHER_HOST_CHANGES -> actions.change(other, List.of(actions.op(step.a(), (step.b() + 1) % 3)));
            case OTHER_HOST_TEACHES -> actions.teach(other, step.a());
            case OTHER_HOST_STARTS_OR_STOPS -> {
                if (other.isUp()) {
                    actions.stop(other);
                } else {
                    actions.start(other);
                }
            }
            default -> throw new AssertionError(step.event());
        }
    }

    private void unexpected(Throwable e) {
        fail("I0", e.toString());
        java.io.StringWriter trace = new java.io.StringWriter();
        e.printStackTrace(new java.io.PrintWriter(trace));
        trace.toString().lines().limit(25).forEach(this::say);
    }

    /** Takes note of what a host's disk holds now. */
    void scan(ModelHost host, boolean word) {
        List<Snapshot> all = host.onDisk();
        List<Snapshot> inOrder = new ArrayList<>(all);
        inOrder.sort(java.util.Comparator.comparingLong(it -> it.header().revision()));
        for (Snapshot snapshot : inOrder) {
            boolean any = word || host.life == null || host.life.deciding;
            ledger.register(
                    snapshot,
                    any,
                    host.life == null ? Optional.empty() : base(host.life),
                    beforeDamaged(snapshot.header().name()));
        }
        host.held = ModelHost.saveIds(all);
    }

    // ---- steps

    Optional<Violation> run(List<ModelStep> walk) {
        int number = 0;
        for (ModelStep next : walk) {
            number++;
            say(number + " " + next);
            step = next;
            hosts.stream().filter(ModelHost::isUp).forEach(host -> host.life.begin());
            try {
                actions.carryOut(next, hosts.get(next.host()));
            } catch (RuntimeException | Error e) {
                unexpected(e);
            }
            nested = false;
            hosts.stream().filter(ModelHost::isUp).forEach(host -> host.life.store.losesReplies = false);
            if (violation.isEmpty()) {
                settle(hosts.get(next.host()));
                if (next.event() != ModelStep.Event.NONE) {
                    settle(hosts.get((next.host() + 1) % hosts.size()));
                }
                oracle.check(hosts.get(next.host()));
            }
            if (violation.isPresent()) {
                return violation;
            }
        }
        return violation;
    }

    /** Whether a snapshot was removed on purpose, and the word of it is lost with what the disk lost. */
    boolean lacksWord(HistoryPoint removed) {
        long revision = removed.header().revision();
        return disk.newestFirst().stream().noneMatch(removed::isSave)
                && newest().filter(it -> it.trimmed() >= revision).isEmpty()
                && gone.stream()
                        .flatMap(it -> ledger.find(it).stream())
                        .anyMatch(it -> it.header().trimmed() >= revision);
    }

    Optional<SnapshotHeader> newest() {
        return disk.newestFirst().stream().findFirst();
    }

    /** The newest one that is not damaged; it may be of a newer format. */
    Optional<SnapshotHeader> newestWhole() {
        return disk.newestFirst().stream()
                .filter(it -> !disk.damaged.contains(it.name()))
                .findFirst();
    }

    /** What a host serves that stands in the store as it is has nothing unsent. */
    void settle(ModelHost host) {
        if (!host.isUp() || host.life.keeper == null) {
            return;
        }
        ModelHost.Life life = host.life;
        scan(host, false);
        Optional<HistoryPoint> base = life.keeper.base();
        if (life.keeper.status().mode() == Mode.ATTACHED
                && base.isPresent()
                && host.journal.pending().isEmpty()
                && ServingComparison.same(base.get().state(), life.state)) {
            String now = base.get().header().saveId();
            ledger.join(now, ModelOp.ids(life.unsent));
            life.unsent.clear();
            if (gone.contains(life.settledOn)
                    && ServingComparison.same(
                            ledger.state(life.settledOn), base.get().state())) {
                // Another host has made the same of what the store has lost.
                ledger.join(now, ledger.history(life.settledOn));
            }
            life.settledOn = now;
            if (life.keeper.status().behind().isEmpty() && host.journal.isUsable() && !host.journalFails) {
                host.beganWithLess = false;
            }
        }
    }

    @Override
    public void close() {
        for (ModelHost host : hosts) {
            if (host.isUp()) {
                host.journal.close();
            }
        }
    }

    Map<String, Integer> counts() {
        Map<String, Integer> counts = new HashMap<>(promises.counts());
        counts.put("stored", disk.writes.size());
        hosts.stream()
                .filter(it -> it.isUp() && it.life.keeper != null)
                .forEach(it -> counts.merge(it.life.keeper.status().mode().name(), 1, Integer::sum));
        return counts;
    }
}
