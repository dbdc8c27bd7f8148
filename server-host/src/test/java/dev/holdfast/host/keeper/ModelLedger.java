package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What the model test knows of every snapshot that was ever written: what it serves, and which changes led to it. */
final class ModelLedger {

    /**
     * A snapshot that was seen.
     *
     * @param ops the changes that it holds and its parent does not; it may repeat some of the parent's
     * @param joined other changes of which it serves the outcome
     */
    record Seen(SnapshotHeader header, ServingState state, List<ModelOp> ops, String parent, Set<Integer> joined) {}

    private final Map<String, Seen> seen = new HashMap<>();

    /** What was found wrong since it was asked for last. */
    private final List<String> wrong = new ArrayList<>();

    Optional<Seen> find(String saveId) {
        return Optional.ofNullable(seen.get(saveId));
    }

    List<String> takeWrong() {
        List<String> all = List.copyOf(wrong);
        wrong.clear();
        return all;
    }

    void wrong(String what) {
        wrong.add(what);
    }

    /**
     * Takes note of a snapshot, and sees that it is its changes applied to its predecessor's state.
     *
     * @param word whether an operator said so; then it may be anything
     * @param instead what it may follow as well: the snapshot before one that is damaged
     */
    void register(Snapshot snapshot, boolean word, Optional<String> base, Optional<String> instead) {
        if (seen.containsKey(snapshot.header().saveId())) {
            return;
        }
        HistoryPoint point = HistoryPoint.of(snapshot);
        List<ModelOp> ops = ModelOp.parse(point.content().config().getOrDefault("ops", ""));
        String parent = point.header()
                .follows()
                .filter(seen::containsKey)
                .or(() -> base.filter(seen::containsKey))
                .orElse("");
        if (point.header().follows().isEmpty()) {
            parent = "";
        }
        if (!word && !leads(parent, ops, point.state())) {
            Optional<String> other = instead.filter(before -> leads(before, ops, point.state()));
            if (other.isEmpty()) {
                wrong.add("I1: " + point.name() + " serves " + text(point.state()) + "; it follows " + name(parent)
                        + ", which serves " + text(state(parent)) + ", and its changes are " + ops);
            }
            parent = other.orElse(parent);
        }
        seen.put(point.header().saveId(), new Seen(point.header(), point.state(), ops, parent, new TreeSet<>()));
    }

    private boolean leads(String parent, List<ModelOp> ops, ServingState state) {
        return ServingComparison.same(ModelOp.apply(ops, state(parent)), state);
    }

    ServingState state(String saveId) {
        return find(saveId).map(Seen::state).orElse(ServingState.EMPTY);
    }

    String name(String saveId) {
        return find(saveId).map(it -> it.header().name()).orElse("nothing");
    }

    /** The changes that led to a snapshot. */
    Set<Integer> history(String saveId) {
        Set<Integer> all = new TreeSet<>();
        Set<String> passed = new TreeSet<>();
        Seen at = seen.get(saveId);
        while (at != null && passed.add(at.header().saveId())) {
            at.ops().forEach(op -> all.add(op.id()));
            all.addAll(at.joined());
            at = seen.get(at.parent());
        }
        return all;
    }

    /** Sees that a snapshot that was named in an answer holds a change. */
    boolean holds(String saveId, List<ModelOp> ops) {
        Set<Integer> history = history(saveId);
        if (ops.stream().allMatch(op -> history.contains(op.id()))) {
            return true;
        }
        boolean serves = ServingComparison.same(ModelOp.apply(ops, state(saveId)), state(saveId));
        if (serves) {
            join(saveId, ModelOp.ids(ops));
        }
        return serves;
    }

    /** A snapshot serves the outcome of other changes too. */
    void join(String saveId, Set<Integer> ops) {
        find(saveId).ifPresent(it -> it.joined().addAll(ops));
    }

    static String text(ServingState state) {
        StringBuilder text = new StringBuilder("{");
        state.models()
                .forEach((name, model) -> text.append(text.length() > 1 ? " " : "")
                        .append(name)
                        .append("=")
                        .append(model.versions().get("1.0").minWorkers()));
        return text.append("}").toString();
    }
}
