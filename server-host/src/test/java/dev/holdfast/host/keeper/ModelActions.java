package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** What hosts do, and people with them. */
final class ModelActions {

    private final ModelWorld world;
    private final ModelAccidents accidents;
    private int ops;

    ModelActions(ModelWorld world) {
        this.world = world;
        this.accidents = new ModelAccidents(world);
    }

    void carryOut(ModelStep next, ModelHost host) {
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
            case TEACH -> teach(host, next.a());
            case SAVE -> save(host, "save" + next.a());
            case LOOK -> look(host, true);
            case LOOK_ONCE -> lookOnce(host);
            case ASK -> look(host, false);
            case TAKE_STORE -> decide(host, Snapshots.Take.STORE);
            case TAKE_LOCAL -> decide(host, Snapshots.Take.LOCAL);
            case TAKE_MERGE -> decide(host, Snapshots.Take.MERGE);
            case CLOCK -> host.clock.advance(Duration.ofSeconds(next.a() * 60L - 60));
            case TRIM -> trim(host);
            default -> accidents.happen(next, host);
        }
    }

    ModelOp op(int model, int value) {
        return new ModelOp(++ops, ModelStep.model(model), value);
    }

    private boolean someStoredReads() {
        return world.disk.newestFirst().stream()
                .skip(world.unreadable ? 1 : 0)
                .anyMatch(it -> !world.disk.damaged.contains(it.name()) && !world.disk.tooNew.contains(it.name()));
    }

    void start(ModelHost host) {
        boolean reads = someStoredReads();
        Restore.Found found;
        try {
            found = host.start();
        } catch (RuntimeException e) {
            if (host.isUp()) {
                throw e;
            }
            world.say("    (died at its start)");
            return;
        }
        ModelHost.Life life = host.life;
        if (life == null) {
            return;
        }
        world.say("    restored " + found.name() + " " + ModelLedger.text(life.state) + " "
                + found.start().mode() + (found.start().empty() ? " EMPTY" : ""));
        world.scan(host, true);
        world.oracle.started(host, found, reads && someStoredReads() && !life.store.down);
        Durability durability = host.take(SnapshotKind.STARTUP);
        world.say("    " + durability);
    }

    void stop(ModelHost host) {
        Durability durability = host.take(SnapshotKind.SHUTDOWN);
        world.say("    " + durability);
        if (host.isUp()) {
            world.scan(host, false);
            host.die(false);
        }
    }

    void change(ModelHost host, List<ModelOp> all) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        List<CompletableFuture<Durability>> answers = new ArrayList<>();
        List<ModelOp> made = new ArrayList<>();
        List<StateReference> dropped = new ArrayList<>();
        for (ModelOp op : all) {
            if (!op.apply(life.state).equals(life.state)) {
                if (op.isRemovalOf(op.model(), life.state)) {
                    ModelLessons.learned(life.state, op.model()).ifPresent(dropped::add);
                }
                made.add(op);
                answers.add(host.change(op));
            }
        }
        life.keeper.work(0, 0);
        if (host.life != life) {
            return;
        }
        world.scan(host, false);
        for (int i = 0; i < made.size(); i++) {
            Durability answer = answers.get(i).getNow(null);
            world.promises.answered(life, made.get(i), made, answer);
            if (answer != null && answer.kind() != Durability.Kind.UNDONE) {
                world.promises.lessons.forgive(dropped);
            }
        }
    }

    /** A model of a host has learned something, which is stored. */
    void teach(ModelHost host, int which) {
        if (!host.isUp() || host.life.state.models().isEmpty()) {
            return;
        }
        ModelHost.Life life = host.life;
        List<String> models = List.copyOf(life.state.models().keySet());
        String model = models.get(which % models.size());
        StateReference lesson = world.promises.lessons.next(ModelLessons.learned(life.state, model));
        CompletableFuture<Durability> answer = host.learn(model, lesson);
        life.keeper.work(0, 0);
        if (host.life == life) {
            world.scan(host, false);
            world.promises.answered(life, lesson, model, answer.getNow(null));
        }
    }

    private void save(ModelHost host, String name) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        List<String> before = world.promises.byName(host, name);
        CompletableFuture<Durability> answer = life.keeper.save(name);
        life.keeper.work(0, 0);
        if (host.life != life) {
            return;
        }
        world.scan(host, false);
        try {
            Durability durability = answer.getNow(null);
            world.say("    " + durability);
            if (durability.isKept()) {
                world.promises.saved(host, name, before);
            }
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof SnapshotConflictException)) {
                throw e;
            }
            world.say("    " + e.getCause().getMessage());
        }
    }

    private void look(ModelHost host, boolean whole) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        Reading before = world.oracle.reading();
        Optional<HistoryPoint> base = life.keeper.base();
        life.keeper.look();
        if (whole && host.life == life) {
            // The first may have acted on an older answer, the next one attach, and one more mend.
            for (int i = 0; i < 5; i++) {
                life.keeper.look();
            }
        }
        if (whole && host.life == life && world.step.at() == 0) {
            world.scan(host, false);
            world.oracle.looked(host, before, base);
        }
    }

    /** The host asks the store once, and acts on the answer; one that it has already is acted on in its stead. */
    private void lookOnce(ModelHost host) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        boolean fresh = !life.probe.hasAnswer();
        if (fresh) {
            life.keeper.look();
        }
        if (host.life == life) {
            life.keeper.look();
        }
        if (host.life == life && fresh && world.step.at() == 0) {
            world.scan(host, false);
            world.oracle.lookedOnce(host);
        }
    }

    private void decide(ModelHost host, Snapshots.Take take) {
        if (!host.isUp()) {
            return;
        }
        ModelHost.Life life = host.life;
        Work.Attach attach = new Work.Attach(take, new CompletableFuture<>());
        Optional<String> before = ModelWorld.base(life);
        Optional<SnapshotHeader> headBefore = world.newest();
        ServingState mine = life.state;
        life.deciding = true;
        life.changes.works().add(attach);
        life.keeper.work(0, 0);
        if (host.life != life) {
            return;
        }
        world.scan(host, false);
        life.deciding = false;
        try {
            world.say("    " + attach.done().getNow(null));
            headBefore
                    .filter(it -> world.disk.tooNew.contains(it.name()))
                    .ifPresent(it -> world.promises.forgiveUnreadable(it.saveId()));
            if (take == Snapshots.Take.STORE) {
                // What it acknowledged and the store does not have is aside now.
                ModelWorld.base(life).ifPresent(it -> host.acknowledged.retainAll(world.ledger.history(it)));
                life.unsent.clear();
            }
            if (take == Snapshots.Take.LOCAL && !world.step.event().isOfAnotherHost()) {
                headBefore.ifPresent(it -> world.oracle.loserIsKept(it, before, mine));
            }
            if (take != Snapshots.Take.STORE && before.isPresent()) {
                ModelWorld.base(life).ifPresent(it -> world.ledger.join(it, world.ledger.history(before.get())));
            }
            world.settle(host);
        } catch (CompletionException e) {
            world.say("    " + e.getCause());
        }
    }

    private void trim(ModelHost host) {
        if (!host.isUp()) {
            return;
        }
        List<SnapshotHeader> all = world.disk.newestFirst();
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
            world.say("    trims " + oldest.get().name());
            world.disk.snapshots.remove(oldest.get().name());
            world.disk.damaged.remove(oldest.get().name());
        }
    }
}
