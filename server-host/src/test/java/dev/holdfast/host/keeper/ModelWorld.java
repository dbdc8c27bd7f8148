package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** Several hosts, one store, and what was acknowledged; sees after each step that what must hold does. */
final class ModelWorld implements AutoCloseable {

    /** What may go wrong in a walk. */
    record Faults(boolean reading, boolean going, boolean trimming, boolean journal, boolean events) {}

    /** What was found, and where. */
    record Violation(String invariant, String what) {}

    final FakeStore.Disk disk = new FakeStore.Disk();
    final ModelLedger ledger = new ModelLedger();
    final List<ModelHost> hosts = new ArrayList<>();
    final boolean adoptsStoreAfterConflict;
    final boolean together;
    final boolean journalFirst;
    final boolean sameNames;
    final long bound;
    private final Consumer<String> told;

    private boolean down;
    private boolean unreadable;
    private int ops;
    private ModelStep step;
    private boolean nested;
    /** The changes that were acknowledged and by nobody's will but the disks' have gone. */
    private final Map<Integer, ModelOp> acknowledged = new TreeMap<>();

    private final Set<Integer> forgiven = new TreeSet<>();
    private final Set<Integer> refused = new TreeSet<>();
    /** The named saves that were acknowledged: the name by the save-id. */
    private final Map<String, String> saves = new TreeMap<>();
    /** Save-ids of what was removed from the store by its disk's fault, or cannot be read for good. */
    private final Set<String> gone = new HashSet<>();

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
        say("(goesOver " + adoptsStoreAfterConflict + ", together " + together + ", journal first " + journalFirst
                + ", one name " + sameNames + ", bound " + bound + ")");
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

    private void fail(String invariant, String what) {
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
    }

    private static Optional<String> base(ModelHost.Life life) {
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

    void reached(ModelHost.Life life, int call) {
        if (nested || step == null || step.at() != call || life != hosts.get(step.host()).life) {
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
            case KILL -> life.host().die(true);
            case LOST_REPLY -> life.store.losesReplies = true;
            case STORE_DOWN -> {
                down = true;
                connect();
            }
            case OTHER_HOST_CHANGES -> change(other, List.of(op(step.a(), (step.b() + 1) % 3)));
            case OTHER_HOST_STARTS_OR_STOPS -> {
                if (other.isUp()) {
                    stop(other);
                } else {
                    start(other);
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
            ledger.register(snapshot, any, host.life == null ? Optional.empty() : base(host.life), Optional.empty());
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
            hosts.stream().filter(ModelHost::isUp).forEach(host -> host.life.calls = 0);
            try {
                carryOut(next, hosts.get(next.host()));
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
                check(hosts.get(next.host()));
            }
            if (violation.isPresent()) {
                return violation;
            }
        }
        return violation;
    }

    private void carryOut(ModelStep next, ModelHost host) {
        boolean up = host.isUp();
        switch (next.kind()) {
            case START -> {
                if (!up) {
                    start(host);
                }
            }
            case STOP -> {
                if (up) {
                    stop(host);
                }
            }
            case KILL -> {
                if (up) {
                    host.die(false);
                }
            }
            case CHANGE -> change(host, List.of(op(next.a(), next.b())));
            case TWO_CHANGES -> change(host, List.of(op(next.a(), next.b()), op(next.a() + 1, (next.b() + 1) % 3)));
            case SAVE -> save(host, "save" + next.a());
            case LOOK -> look(host, true);
            case ASK -> look(host, false);
            case TAKE_STORE -> decide(host, Snapshots.Take.STORE);
            case TAKE_LOCAL -> decide(host, Snapshots.Take.LOCAL);
            case TAKE_MERGE -> decide(host, Snapshots.Take.MERGE);
            case CLOCK -> host.clock.advance(Duration.ofSeconds(next.a() * 60L - 60));
            case TRIM -> trim(host);
            default -> {
                accident(next, host);
                forgive();
            }
        }
    }

    /** What no host does. */
    private void accident(ModelStep next, ModelHost host) {
        switch (next.kind()) {
            case STORE_DOWN -> down = true;
            case STORE_UP -> {
                down = false;
                hosts.forEach(it -> it.cutOff = false);
                unreadable = false;
                hosts.forEach(it -> it.journalFails = false);
            }
            case CUT_OFF -> host.cutOff = !host.cutOff;
            case JOURNAL_FAILS -> host.journalFails = !host.journalFails;
            case UNREADABLE -> unreadable = !unreadable;
            case DAMAGE ->
                newest().ifPresent(it -> {
                    disk.damaged.add(it.name());
                    gone.add(it.saveId());
                    saves.remove(it.saveId());
                });
            case ROLL_BACK -> newest().ifPresent(this::remove);
            case WIPE -> disk.newestFirst().forEach(this::remove);
            case COPY_JOURNAL -> {
                ModelHost other = hosts.get(next.b() % hosts.size());
                if (other != host && !other.isUp() && host.journal != null) {
                    other.replaceDisk(Optional.of(host));
                }
            }
            case LOSE_JOURNAL -> {
                if (!host.isUp() && host.journal != null) {
                    host.replaceDisk(Optional.empty());
                }
            }
            case DAMAGE_JOURNAL -> {
                if (!host.isUp() && host.journal != null) {
                    host.damage(next.a() == 0 ? "pending" : "copies");
                }
            }
            default -> throw new AssertionError(next.kind());
        }
        connect();
    }

    private Optional<SnapshotHeader> newest() {
        return disk.newestFirst().stream().findFirst();
    }

    private void remove(SnapshotHeader header) {
        disk.snapshots.remove(header.name());
        disk.damaged.remove(header.name());
        gone.add(header.saveId());
        saves.remove(header.saveId());
    }

    private ModelOp op(int model, int value) {
        return new ModelOp(++ops, ModelStep.model(model), value);
    }

    private boolean someStoredReads() {
        return disk.newestFirst().stream().skip(unreadable ? 1 : 0).anyMatch(it -> !disk.damaged.contains(it.name()));
    }

    private void start(ModelHost host) {
        boolean reads = someStoredReads();
        Restore.Found found;
        try {
            found = host.start();
        } catch (RuntimeException e) {
            if (host.isUp()) {
                throw e;
            }
            say("    (died at its start)");
            return;
        }
        ModelHost.Life life = host.life;
        if (life == null) {
            return;
        }
        say("    restored " + found.name() + " " + ModelLedger.text(life.state) + " "
                + found.start().mode() + (found.start().empty() ? " EMPTY" : ""));
        scan(host, true);
        started(host, found, reads && someStoredReads() && !life.store.down);
        Durability durability = host.take(SnapshotKind.STARTUP);
        say("    " + durability);
    }

    private void stop(ModelHost host) {
        Durability durability = host.take(SnapshotKind.SHUTDOWN);
        say("    " + durability);
        if (host.isUp()) {
            scan(host, false);
            host.die(false);
        }
    }

    private void change(ModelHost host, List<ModelOp> all) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        List<CompletableFuture<Durability>> answers = new ArrayList<>();
        List<ModelOp> made = new ArrayList<>();
        for (ModelOp op : all) {
            if (!op.apply(life.state).equals(life.state)) {
                made.add(op);
                answers.add(host.change(op));
            }
        }
        life.keeper.work(0, 0);
        if (host.life != life) {
            return;
        }
        scan(host, false);
        for (int i = 0; i < made.size(); i++) {
            answered(
                    life,
                    made.get(i),
                    made.subList(0, made.size()),
                    answers.get(i).getNow(null));
        }
    }

    private void answered(ModelHost.Life life, ModelOp op, List<ModelOp> together, Durability durability) {
        say("    " + op + ": " + durability);
        if (durability == null) {
            fail("I0", op + " got no answer");
            return;
        }
        if (durability.kind() == Durability.Kind.UNDONE) {
            refused.add(op.id());
            return;
        }
        life.changedSinceStart = true;
        if (durability.kind() != Durability.Kind.LOST_ON_RESTART) {
            acknowledged.put(op.id(), op);
            life.host().acknowledged.add(op.id());
            String name = durability.snapshot().orElse("");
            List<String> saveIds = byName(life.host(), name);
            if (saveIds.isEmpty()) {
                fail("I2", op + " was acknowledged with snapshot " + name + ", which is nowhere");
            } else if (saveIds.stream().noneMatch(it -> ledger.holds(it, together))) {
                fail("I2", op + " was acknowledged with snapshot " + name + ", which does not hold it");
            }
        }
    }

    /** Several hosts may give the same name. */
    private List<String> byName(ModelHost host, String name) {
        return java.util.stream.Stream.concat(
                        host.held.stream()
                                .flatMap(it -> ledger.find(it).stream())
                                .map(ModelLedger.Seen::header),
                        disk.newestFirst().stream())
                .filter(it -> it.name().equals(name))
                .map(SnapshotHeader::saveId)
                .toList();
    }

    private void save(ModelHost host, String name) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        CompletableFuture<Durability> answer = life.keeper.save(name);
        life.keeper.work(0, 0);
        if (host.life != life) {
            return;
        }
        scan(host, false);
        try {
            Durability durability = answer.getNow(null);
            say("    " + durability);
            if (durability.isKept()) {
                List<String> saveIds = byName(host, name);
                if (saveIds.isEmpty()) {
                    fail("I2", "The save " + name + " was acknowledged, and is nowhere");
                } else {
                    saves.put(saveIds.get(0), name);
                }
            }
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof SnapshotConflictException)) {
                throw e;
            }
            say("    " + e.getCause().getMessage());
        }
    }

    private void look(ModelHost host, boolean whole) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        Reading before = reading();
        Optional<HistoryPoint> base = life.keeper.base();
        life.keeper.look();
        if (whole && host.life == life) {
            // The first may have acted on an older answer, the next one attach, and one more mend.
            for (int i = 0; i < 5; i++) {
                life.keeper.look();
            }
        }
        if (whole && host.life == life && step.at() == 0) {
            scan(host, false);
            looked(host, before, base);
        }
    }

    private Reading reading() {
        FakeStore now = new FakeStore(disk);
        now.newestUnreadable = unreadable;
        return Look.at(now, Optional.empty()).reading();
    }

    private void decide(ModelHost host, Snapshots.Take take) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        Work.Attach attach = new Work.Attach(take, new CompletableFuture<>());
        Optional<String> before = base(life);
        Optional<SnapshotHeader> headBefore = newest();
        ServingState mine = life.state;
        life.deciding = true;
        life.changes.works().add(attach);
        life.keeper.work(0, 0);
        if (host.life != life) {
            return;
        }
        scan(host, false);
        life.deciding = false;
        try {
            say("    " + attach.done().getNow(null));
            // What it acknowledged may be aside now, or undone by what the operator took.
            host.acknowledged.clear();
            if (take == Snapshots.Take.STORE) {
                life.unsent.clear();
            }
            if (take == Snapshots.Take.LOCAL && step.at() == 0) {
                headBefore.ifPresent(it -> loserIsKept(it, before, mine));
            }
            if (take != Snapshots.Take.STORE && before.isPresent()) {
                base(life).ifPresent(it -> ledger.join(it, ledger.history(before.get())));
            }
            settle(host);
        } catch (CompletionException e) {
            say("    " + e.getCause());
        }
    }

    /** What a host decided against is in the store under a name. */
    private void loserIsKept(SnapshotHeader head, Optional<String> base, ServingState mine) {
        ServingState lost = ledger.state(head.saveId());
        boolean loses =
                !disk.damaged.contains(head.name()) && !before(base, head) && !ServingComparison.same(lost, mine);
        boolean kept = disk.newestFirst().stream()
                .anyMatch(it ->
                        it.kind() == SnapshotKind.SAVE && ServingComparison.same(ledger.state(it.saveId()), lost));
        if (loses && !kept) {
            fail("I2", head.name() + ", which serves " + ModelLedger.text(lost) + ", lost a decision and is nowhere");
        }
    }

    private static boolean before(Optional<String> base, SnapshotHeader head) {
        return base.filter(head.saveId()::equals).isPresent();
    }

    private void trim(ModelHost host) {
        if (!host.isUp()) {
            return;
        }
        List<SnapshotHeader> all = disk.newestFirst();
        Optional<SnapshotHeader> oldest = all.stream()
                .skip(2)
                .filter(it -> it.kind() != SnapshotKind.SAVE
                        && !host.life.keeper.pinned().contains(it.name()))
                .reduce((newer, older) -> older);
        if (oldest.isEmpty() || host.life.keeper.status().mode() != Mode.ATTACHED) {
            return;
        }
        ModelHost.Life life = host.life;
        Work.Trim trim = new Work.Trim(oldest.get().revision(), new CompletableFuture<>());
        life.changes.works().add(trim);
        life.keeper.work(0, 0);
        if (host.life == life && trim.done().isDone() && !trim.done().isCompletedExceptionally()) {
            say("    trims " + oldest.get().name());
            disk.snapshots.remove(oldest.get().name());
            disk.damaged.remove(oldest.get().name());
        }
    }

    /** What a host serves that stands in the store as it is has nothing unsent. */
    private void settle(ModelHost host) {
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
            ledger.join(base.get().header().saveId(), ModelOp.ids(life.unsent));
            life.unsent.clear();
        }
    }

    // ---- what must hold

    /** The changes that are on some disk. */
    private Set<Integer> held() {
        Set<Integer> held = new TreeSet<>();
        newestReadable().ifPresent(it -> held.addAll(ledger.history(it.saveId())));
        disk.newestFirst().stream()
                .filter(it -> it.kind() == SnapshotKind.SAVE && !disk.damaged.contains(it.name()))
                .forEach(it -> held.addAll(ledger.history(it.saveId())));
        hosts.forEach(host -> host.held.forEach(saveId -> held.addAll(ledger.history(saveId))));
        return held;
    }

    private Optional<SnapshotHeader> newestReadable() {
        return disk.newestFirst().stream()
                .filter(it -> !disk.damaged.contains(it.name()))
                .findFirst();
    }

    private Set<Integer> lost() {
        Set<Integer> lost = new TreeSet<>(acknowledged.keySet());
        lost.removeAll(forgiven);
        lost.removeAll(held());
        return lost;
    }

    private Set<String> lostSaves() {
        Set<String> there = new HashSet<>();
        disk.snapshots.values().stream()
                .filter(it -> !disk.damaged.contains(it.header().name()))
                .forEach(it -> there.add(it.header().saveId()));
        hosts.forEach(host -> there.addAll(host.held));
        for (String saveId : List.copyOf(there)) {
            ledger.find(saveId).flatMap(it -> it.header().origin()).ifPresent(there::add);
        }
        Set<String> lost = new HashSet<>(saves.keySet());
        lost.removeAll(there);
        return lost;
    }

    /** What the disks lost, no host can give back. */
    private void forgive() {
        forgiven.addAll(lost());
        lostSaves().forEach(saves::remove);
    }

    /** These came to nothing, as their own author wanted. */
    void forgive(List<ModelOp> undone) {
        undone.forEach(op -> forgiven.add(op.id()));
    }

    private void check(ModelHost host) {
        ledger.takeWrong().forEach(what -> fail(what.substring(0, 2), what.substring(4)));
        Set<Integer> lost = lost();
        if (!lost.isEmpty()) {
            fail(
                    "I2",
                    "acknowledged, and nowhere: "
                            + lost.stream().map(acknowledged::get).toList());
        }
        Set<String> lostSaves = lostSaves();
        if (!lostSaves.isEmpty()) {
            fail(
                    "I2",
                    "saves that were acknowledged, and are nowhere: "
                            + lostSaves.stream().map(saves::get).toList());
        }
        for (ModelHost one : hosts) {
            if (one.journal == null || !one.journal.isUsable()) {
                continue;
            }
            one.journal
                    .pending()
                    .forEach(entry -> ledger.find(entry.header().saveId())
                            .ifPresent(it -> it.ops().forEach(op -> {
                                if (refused.contains(op.id()) && !one.journalFails) {
                                    fail("I2", op + " was refused, and waits in the journal of " + one.name);
                                }
                            })));
            if (one.journal.pending().size() > 3 && one.journal.size().bytes() > bound + 8_000) {
                fail("I7", "the journal of " + one.name + " has " + one.journal.size());
            }
        }
        if (host.isUp() && host.life.keeper != null) {
            twoStates(host);
        }
    }

    private void twoStates(ModelHost host) {
        StoreStatus status = host.life.keeper.status();
        if (status.mode() != Mode.DETACHED || status.divergence().isEmpty() || !(reading() instanceof Reading.Found)) {
            return;
        }
        Optional<HistoryPoint> base = host.life.keeper.base();
        boolean unproved = base.isPresent() && gone.contains(base.get().header().saveId());
        ServingState there = ledger.state(newest().map(SnapshotHeader::saveId).orElse(""));
        boolean now = status.divergence()
                .flatMap(it -> it.inStore())
                .map(it -> it.snapshot())
                .equals(newest().map(SnapshotHeader::name));
        if (!unproved
                && now
                && step != null
                && step.kind() == ModelStep.Kind.LOOK
                && ServingComparison.same(there, host.life.state)) {
            fail("I9", host.name + " is detached, and serves what the store's newest does");
        }
        if (!unproved
                && now
                && base.isPresent()
                && ServingComparison.same(there, base.get().state())) {
            fail("I9", host.name + " is detached, and the store serves what it goes on from");
        }
    }

    private void started(ModelHost host, Restore.Found found, boolean storeReads) {
        ModelHost.Life life = host.life;
        List<Snapshot> here = host.restorable();
        if (found.content().isEmpty() && (!here.isEmpty() || storeReads)) {
            fail(
                    "I8",
                    host.name + " starts with nothing, and there is "
                            + (here.isEmpty()
                                    ? "a snapshot in the store"
                                    : here.get(0).header().name() + " in its journal"));
        }
        Set<Integer> reachable = new TreeSet<>();
        if (!host.life.store.down && reading() instanceof Reading.Found) {
            newestReadable().ifPresent(it -> reachable.addAll(ledger.history(it.saveId())));
        }
        here.forEach(it -> reachable.addAll(ledger.history(it.header().saveId())));
        Set<Integer> own = new TreeSet<>(host.acknowledged);
        own.removeAll(forgiven);
        own.retainAll(reachable);
        Set<Integer> served = restored(host, found);
        own.removeAll(served);
        if (!own.isEmpty()) {
            fail(
                    "I4",
                    host.name + " does not serve what it acknowledged: "
                            + own.stream().map(acknowledged::get).toList() + ", but " + found.name() + " "
                            + ModelLedger.text(life.state));
        }
    }

    private Set<Integer> restored(ModelHost host, Restore.Found found) {
        Set<Integer> all = new TreeSet<>();
        byName(host, found.name()).stream()
                .filter(it -> ledger.state(it).equals(host.life.state))
                .forEach(it -> all.addAll(ledger.history(it)));
        return all;
    }

    private void looked(ModelHost host, Reading before, Optional<HistoryPoint> base) {
        ModelHost.Life life = host.life;
        StoreStatus status = life.keeper.status();
        if (life.store.down) {
            return;
        }
        if (reading() instanceof Reading.Found found) {
            if (status.mode() == Mode.ATTACHED
                    && status.behind().isEmpty()
                    && !ServingComparison.same(found.head().state(), life.state)) {
                fail(
                        "I3",
                        host.name + " is attached and not behind, and serves " + ModelLedger.text(life.state)
                                + "; the store's newest serves "
                                + ModelLedger.text(found.head().state()));
            }
            if (status.mode() == Mode.SPOOLING && !host.journalFails) {
                fail("I3", host.name + " still spools after a look");
            }
        }
        boolean readable = before instanceof Reading.Found || before instanceof Reading.Nothing;
        if (life.isEmptyAtStart
                && !life.changedSinceStart
                && readable
                && host.journal.pending().isEmpty()
                && !host.journalFails
                && (status.mode() != Mode.ATTACHED || status.empty())
                && (base.isEmpty() || !gone.contains(base.get().header().saveId()))) {
            fail("I5", host.name + " is empty by failure, and does not come back: " + status);
        }
        boolean own = before instanceof Reading.Damaged damaged
                && base.isPresent()
                && newest().isPresent()
                && disk.writes.stream()
                        .anyMatch(it -> it.saveId().equals(base.get().header().saveId()))
                && damaged.header().map(it -> base.get().isSave(it)).orElse(true)
                && damaged.older().map(it -> !it.isSame(base.get())).orElse(true);
        if (own && status.mode() == Mode.ATTACHED && reading() instanceof Reading.Damaged) {
            fail(
                    "I6",
                    "the newest snapshot is damaged, " + host.name
                            + " serves what it held, and does not write it again");
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
        Map<String, Integer> counts = new HashMap<>();
        counts.put("acknowledged", acknowledged.size());
        counts.put("refused", refused.size());
        counts.put("forgiven", forgiven.size());
        counts.put("stored", disk.writes.size());
        hosts.stream()
                .filter(it -> it.isUp() && it.life.keeper != null)
                .forEach(it -> counts.merge(it.life.keeper.status().mode().name(), 1, Integer::sum));
        return counts;
    }
}
