package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What was acknowledged to whom, and has not gone by somebody's will or by the fault of a disk. */
final class ModelPromises {

    private final ModelWorld world;
    private final Map<Integer, ModelOp> acknowledged = new TreeMap<>();
    private final Set<Integer> forgiven = new TreeSet<>();
    private final Set<Integer> refused = new TreeSet<>();
    /** The named saves that were acknowledged: the name by the save-id. */
    private final Map<String, String> saves = new TreeMap<>();

    final ModelLessons lessons = new ModelLessons();

    ModelPromises(ModelWorld world) {
        this.world = world;
    }

    // ---- what was answered

    void answered(ModelHost.Life life, ModelOp op, List<ModelOp> together, Durability durability) {
        world.say("    " + op + ": " + durability);
        if (durability == null) {
            world.fail("I0", op + " got no answer");
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
                world.fail("I2", op + " was acknowledged with snapshot " + name + ", which is nowhere");
            } else if (saveIds.stream().noneMatch(it -> world.ledger.holds(it, together))) {
                world.fail("I2", op + " was acknowledged with snapshot " + name + ", which does not hold it");
            }
        }
    }

    /** What a model has learned is in the snapshot of the answer, or lies aside and the status says so. */
    void answered(ModelHost.Life life, StateReference lesson, String model, Durability durability) {
        String what = ModelLessons.text(lesson) + " of " + model;
        world.say("    " + what + ": " + durability);
        if (durability == null) {
            world.fail("I0", what + " got no answer");
        } else if (durability.isKept()) {
            lessons.acknowledged(lesson, what);
            boolean held = byName(life.host(), durability.snapshot().orElse("")).stream()
                    .anyMatch(it -> lessons.hold(learned(world.ledger.state(it)), lesson));
            if (!held && !isToldAside(life, lesson)) {
                world.fail(
                        "I2", what + " was acknowledged, and is neither in the snapshot of the answer nor told aside");
            }
        }
    }

    private boolean isToldAside(ModelHost.Life life, StateReference lesson) {
        StoreStatus status = life.keeper.status();
        return world.asked(() -> status.aside().stream()
                .anyMatch(name ->
                        learned(HistoryPoint.of(life.keeper.get(name)).state()).contains(lesson)
                                && status.notices().stream().anyMatch(notice -> notice.contains(name))));
    }

    /** @param before the save-ids of that name which were there before the call: a copy of an older save is not this one */
    void saved(ModelHost host, String name, List<String> before) {
        List<String> saveIds = new ArrayList<>(byName(host, name));
        saveIds.removeAll(before);
        if (saveIds.isEmpty()) {
            world.fail("I2", "The save " + name + " was acknowledged, and is nowhere");
        } else {
            saves.put(saveIds.get(0), name);
        }
    }

    /** Several hosts may give the same name. */
    List<String> byName(ModelHost host, String name) {
        return Stream.concat(
                        host.held.stream()
                                .flatMap(it -> world.ledger.find(it).stream())
                                .map(ModelLedger.Seen::header),
                        world.disk.newestFirst().stream())
                .filter(it -> it.name().equals(name))
                .map(SnapshotHeader::saveId)
                .toList();
    }

    Set<Integer> acknowledgedBy(ModelHost host) {
        Set<Integer> own = new TreeSet<>(host.acknowledged);
        own.removeAll(forgiven);
        return own;
    }

    /** Whether the same is served as these changes had led to, whoever made it so. */
    boolean isOutcomeOf(Collection<Integer> ops, ServingState state) {
        List<ModelOp> all = ops.stream().sorted().map(acknowledged::get).toList();
        return ServingComparison.same(ModelOp.apply(all, state), state);
    }

    String told(Collection<Integer> ops) {
        return ops.stream().map(acknowledged::get).toList().toString();
    }

    boolean isRefused(ModelOp op) {
        return refused.contains(op.id());
    }

    // ---- where it is

    private static Collection<StateReference> learned(ServingState state) {
        return ServingComparison.learned(state).values();
    }

    /** The save-ids of what is kept somewhere: the store's newest, named saves, what the hosts' disks hold. */
    private Set<String> kept() {
        Set<String> kept = new HashSet<>();
        world.newestWhole().ifPresent(it -> kept.add(it.saveId()));
        world.disk.newestFirst().stream()
                .filter(it -> it.kind() == SnapshotKind.SAVE && !world.disk.damaged.contains(it.name()))
                .forEach(it -> kept.add(it.saveId()));
        world.hosts.forEach(host -> kept.addAll(host.held));
        return kept;
    }

    private Set<Integer> lost() {
        Set<Integer> lost = new TreeSet<>(acknowledged.keySet());
        lost.removeAll(forgiven);
        kept().forEach(it -> lost.removeAll(world.ledger.history(it)));
        return lost;
    }

    private Map<StateReference, String> lostLessons() {
        List<StateReference> held = new ArrayList<>();
        kept().forEach(it -> held.addAll(learned(world.ledger.state(it))));
        return lessons.lost(held);
    }

    private Set<String> lostSaves() {
        Set<String> there = new HashSet<>();
        world.disk.snapshots.values().stream()
                .filter(it -> !world.disk.damaged.contains(it.header().name()))
                .forEach(it -> there.add(it.header().saveId()));
        world.hosts.forEach(host -> there.addAll(host.held));
        for (String saveId : List.copyOf(there)) {
            world.ledger.find(saveId).flatMap(it -> it.header().origin()).ifPresent(there::add);
        }
        Set<String> lost = new HashSet<>(saves.keySet());
        lost.removeAll(there);
        return lost;
    }

    void check() {
        Set<Integer> lost = lost();
        if (!lost.isEmpty()) {
            world.fail("I2", "acknowledged, and nowhere: " + told(lost));
        }
        Map<StateReference, String> lostLessons = lostLessons();
        if (!lostLessons.isEmpty()) {
            world.fail("I2", "taught and acknowledged, and nowhere: " + lostLessons.values());
        }
        Set<String> lostSaves = lostSaves();
        if (!lostSaves.isEmpty()) {
            world.fail(
                    "I2",
                    "saves that were acknowledged, and are nowhere: "
                            + lostSaves.stream().map(saves::get).toList());
        }
    }

    // ---- what may go

    /** What the disks lost, no host can give back. */
    void forgive() {
        forgiven.addAll(lost());
        lessons.forgive(lostLessons().keySet());
        lostSaves().forEach(saves::remove);
    }

    /** Of these nobody can give back what only a snapshot held that no host here can read. */
    void forgiveUnreadable(String saveId) {
        Set<Integer> lost = lost();
        lost.retainAll(world.ledger.history(saveId));
        forgiven.addAll(lost);
        Set<StateReference> lessonsLost = new HashSet<>(lostLessons().keySet());
        lessonsLost.removeIf(it -> !lessons.hold(learned(world.ledger.state(saveId)), it));
        lessons.forgive(lessonsLost);
    }

    /** A host died that may have let go of what waited because the store's newest serves the same. */
    void left(ModelHost.Life dead) {
        world.newestWhole()
                .map(SnapshotHeader::saveId)
                .filter(it -> ServingComparison.same(world.ledger.state(it), dead.state))
                .ifPresent(it -> world.ledger.join(it, ModelOp.ids(dead.unsent)));
    }

    /** These came to nothing, as their own author wanted. */
    void forgive(List<ModelOp> undone) {
        undone.forEach(op -> forgiven.add(op.id()));
    }

    void forgiveSave(String saveId) {
        saves.remove(saveId);
    }

    /** A snapshot was stored after another one: what that one's models had learned and these do not serve, somebody removed. */
    void follows(Snapshot stored, ServingState before) {
        HistoryPoint point = HistoryPoint.of(stored);
        List<ModelOp> ops = ModelOp.parse(point.content().config().getOrDefault("ops", ""));
        before.models().keySet().forEach(model -> {
            boolean removed =
                    point.state().model(model).isEmpty() || ops.stream().anyMatch(op -> op.isRemovalOf(model, before));
            ModelLessons.learned(before, model).filter(it -> removed).ifPresent(it -> lessons.forgive(List.of(it)));
        });
    }

    Map<String, Integer> counts() {
        return Map.of(
                "acknowledged", acknowledged.size(),
                "refused", refused.size(),
                "forgiven", forgiven.size(),
                "taught", lessons.count());
    }
}
