package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Sees that what must hold does. */
final class ModelOracle {

    private final ModelWorld world;

    ModelOracle(ModelWorld world) {
        this.world = world;
    }

    /** What any host would read of the store now, whether it is down or not. */
    Reading reading() {
        FakeStore now = new FakeStore(world.disk);
        now.newestUnreadable = world.unreadable;
        return Look.at(now, Optional.empty()).reading();
    }

    // ---- after each step

    void check(ModelHost host) {
        world.ledger.takeWrong().forEach(what -> world.fail(what.substring(0, 2), what.substring(4)));
        world.promises.check();
        for (ModelHost one : world.hosts) {
            if (one.journal == null || !one.journal.isUsable()) {
                continue;
            }
            if (!one.journalFails) {
                one.journal.pending().forEach(entry -> noneRefused(one, entry));
            }
            if (one.journal.pending().size() > 3
                    && one.journal.size().bytes() > world.bound + 8_000 + one.asideBytes()) {
                world.fail("I7", "the journal of " + one.name + " has " + one.journal.size());
            }
        }
        if (host.isUp() && host.life.keeper != null) {
            twoStates(host);
            behind(host);
        }
    }

    private void behind(ModelHost host) {
        boolean goesOnFromNewest = host.life.keeper.base().stream()
                .anyMatch(base -> world.newest().filter(base::isSave).isPresent());
        boolean behindAnOlderOne = host.life.keeper.status().behind().stream()
                .anyMatch(it -> world.disk.snapshots.containsKey(it.snapshot()));
        if (goesOnFromNewest && behindAnOlderOne) {
            world.fail("I9", host.name + " says that it is behind, and goes on from the newest");
        }
    }

    private void noneRefused(ModelHost host, Entry entry) {
        world.ledger
                .find(entry.header().saveId())
                .ifPresent(it -> it.ops().stream()
                        .filter(world.promises::isRefused)
                        .forEach(
                                op -> world.fail("I2", op + " was refused, and waits in the journal of " + host.name)));
    }

    private void twoStates(ModelHost host) {
        StoreStatus status = host.life.keeper.status();
        if (status.mode() != Mode.DETACHED || status.divergence().isEmpty() || !(reading() instanceof Reading.Found)) {
            return;
        }
        Optional<HistoryPoint> base = host.life.keeper.base();
        boolean unproved =
                base.isPresent() && (world.gone.contains(base.get().header().saveId()) || world.lacksWord(base.get()));
        ServingState there =
                world.ledger.state(world.newest().map(SnapshotHeader::saveId).orElse(""));
        boolean now = status.divergence()
                .flatMap(it -> it.inStore())
                .map(it -> it.snapshot())
                .equals(world.newest().map(SnapshotHeader::name));
        if (!unproved
                && now
                && world.step != null
                && world.step.kind() == ModelStep.Kind.LOOK
                && world.step.at() == 0
                && !host.life.store.down
                && ServingComparison.same(there, host.life.state)) {
            world.fail("I9", host.name + " is detached, and serves what the store's newest does");
        }
        if (!unproved
                && now
                && base.isPresent()
                && ServingComparison.same(there, base.get().state())) {
            world.fail("I9", host.name + " is detached, and the store serves what it goes on from");
        }
    }

    // ---- after a start

    void started(ModelHost host, Restore.Found found, boolean storeReads) {
        ModelHost.Life life = host.life;
        List<Snapshot> here = host.restorable();
        if (found.content().isEmpty() && (!here.isEmpty() || storeReads)) {
            world.fail(
                    "I8",
                    host.name + " starts with nothing, and there is "
                            + (here.isEmpty()
                                    ? "a snapshot in the store"
                                    : here.get(0).header().name() + " in its journal"));
        }
        Set<Integer> reachable = new TreeSet<>();
        if (!host.life.store.down && reading() instanceof Reading.Found) {
            world.newestWhole().ifPresent(it -> reachable.addAll(world.ledger.history(it.saveId())));
        }
        here.forEach(it -> reachable.addAll(world.ledger.history(it.header().saveId())));
        Set<Integer> own = world.promises.acknowledgedBy(host);
        own.retainAll(reachable);
        if (host.beganWithLess && found.start().mode() == Mode.DETACHED && !here.isEmpty()) {
            // It has acknowledged two states, and waits for a word on which of them it is to be: the other one is the
            // store's.
            world.newestWhole().ifPresent(it -> own.removeAll(world.ledger.history(it.saveId())));
        }
        Set<Integer> served = restored(host, found);
        own.removeAll(served);
        Set<Integer> outOfReach = world.promises.acknowledgedBy(host);
        outOfReach.removeAll(served);
        host.beganWithLess |= !outOfReach.isEmpty() || !host.journal.isUsable();
        if (!own.isEmpty() && !world.promises.isOutcomeOf(own, life.state)) {
            world.fail(
                    "I4",
                    host.name + " does not serve what it acknowledged: "
                            + world.promises.told(own) + ", but " + found.name() + " "
                            + ModelLedger.text(life.state));
        }
    }

    private Set<Integer> restored(ModelHost host, Restore.Found found) {
        Set<Integer> all = new TreeSet<>();
        world.promises.byName(host, found.name()).stream()
                .filter(it -> world.ledger.state(it).equals(host.life.state))
                .forEach(it -> all.addAll(world.ledger.history(it)));
        return all;
    }

    // ---- after looks

    void looked(ModelHost host, Reading before, Optional<HistoryPoint> base) {
        ModelHost.Life life = host.life;
        StoreStatus status = life.keeper.status();
        if (life.store.down) {
            return;
        }
        if (reading() instanceof Reading.Found found) {
            attached(host, found.head());
            if (status.mode() == Mode.SPOOLING && !host.journalFails) {
                world.fail("I3", host.name + " still spools after a look");
            }
        }
        boolean readable = before instanceof Reading.Found || before instanceof Reading.Nothing;
        if (life.isEmptyAtStart
                && !life.changedSinceStart
                && readable
                && host.journal.pending().isEmpty()
                && !host.journalFails
                && (status.mode() != Mode.ATTACHED || status.empty())
                && (base.isEmpty() || !world.gone.contains(base.get().header().saveId()))) {
            world.fail("I5", host.name + " is empty by failure, and does not come back: " + status);
        }
        boolean own = before instanceof Reading.Damaged damaged
                && !damaged.tooNew()
                && base.isPresent()
                && world.newest().isPresent()
                && world.disk.writes.stream()
                        .anyMatch(it -> it.saveId().equals(base.get().header().saveId()))
                && damaged.header().map(it -> base.get().isSave(it)).orElse(true)
                && damaged.older().map(it -> !it.isSame(base.get())).orElse(true);
        if (own && status.mode() == Mode.ATTACHED && reading() instanceof Reading.Damaged) {
            world.fail(
                    "I6",
                    "the newest snapshot is damaged, " + host.name
                            + " serves what it held, and does not write it again");
        }
    }

    /** After one look, whose answer is of now. */
    void lookedOnce(ModelHost host) {
        if (!host.life.store.down && reading() instanceof Reading.Found found) {
            attached(host, found.head());
        }
    }

    private void attached(ModelHost host, HistoryPoint head) {
        ModelHost.Life life = host.life;
        StoreStatus status = life.keeper.status();
        if (status.mode() != Mode.ATTACHED) {
            return;
        }
        if (status.behind().isEmpty() && !ServingComparison.same(head.state(), life.state)) {
            world.fail(
                    "I3",
                    host.name + " is attached and not behind, and serves " + ModelLedger.text(life.state)
                            + "; the store's newest serves " + ModelLedger.text(head.state()));
        }
        if (status.behind().isEmpty()
                && life.unsent.isEmpty()
                && life.keeper.base().filter(head::isSame).isEmpty()) {
            world.fail("I3", host.name + " is attached and not behind, and goes on from another one than the newest");
        }
        if (!host.journalFails && host.isAnythingWaiting()) {
            world.fail("I3", host.name + " is attached, and something waits in its journal");
        }
    }

    // ---- after a decision

    /** What a host decided against is in the store under a name. */
    void loserIsKept(SnapshotHeader head, Optional<String> base, ServingState mine) {
        ServingState lost = world.ledger.state(head.saveId());
        boolean loses = !world.disk.damaged.contains(head.name())
                && !world.disk.tooNew.contains(head.name())
                && !before(base, head)
                && !ServingComparison.same(lost, mine);
        boolean kept = world.disk.newestFirst().stream()
                .anyMatch(it -> it.kind() == SnapshotKind.SAVE
                        && ServingComparison.same(world.ledger.state(it.saveId()), lost));
        if (loses && !kept) {
            world.fail(
                    "I2",
                    head.name() + ", which serves " + ModelLedger.text(lost) + ", lost a decision and is nowhere");
        }
    }

    private static boolean before(Optional<String> base, SnapshotHeader head) {
        return base.filter(head.saveId()::equals).isPresent();
    }
}
