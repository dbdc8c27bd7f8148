package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingComparison.Key;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateReference.ChunkTree;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What models were taught, and what of it was acknowledged. A lesson goes on from what the model had learned before on the host
 * that teaches it, so whoever holds it holds those before it too.
 */
final class ModelLessons {

    private final Map<StateReference, Optional<StateReference>> before = new HashMap<>();
    private final Map<StateReference, String> acknowledged = new HashMap<>();
    private final Set<StateReference> forgiven = new HashSet<>();

    /** One that nobody has taught yet. */
    StateReference next(Optional<StateReference> learnedBefore) {
        String id = String.format(Locale.ROOT, "%064d", before.size() + 1);
        StateReference lesson = new StateReference(new StateFormat("test", 1, ""), 10, 1, new ChunkTree(id, 0));
        before.put(lesson, learnedBefore);
        return lesson;
    }

    static String text(StateReference lesson) {
        return "lesson " + Long.parseLong(lesson.root().id());
    }

    static Optional<StateReference> learned(ServingState state, String model) {
        return Optional.ofNullable(ServingComparison.learned(state).get(new Key(model, "1.0")));
    }

    void acknowledged(StateReference lesson, String what) {
        acknowledged.put(lesson, what);
    }

    int count() {
        return acknowledged.size();
    }

    /** Whether one of these lessons is this one, or goes on from it. */
    boolean hold(Collection<StateReference> lessons, StateReference lesson) {
        return withThoseBefore(lessons).contains(lesson);
    }

    private Set<StateReference> withThoseBefore(Collection<StateReference> lessons) {
        Set<StateReference> all = new HashSet<>();
        for (StateReference lesson : lessons) {
            Optional<StateReference> at = Optional.of(lesson);
            while (at.isPresent() && all.add(at.get())) {
                at = before.getOrDefault(at.get(), Optional.empty());
            }
        }
        return all;
    }

    /** Somebody wanted them gone, or the disks have lost them. */
    void forgive(Collection<StateReference> lessons) {
        forgiven.addAll(withThoseBefore(lessons));
    }

    /** Those that were acknowledged and that none of these is, or goes on from. */
    Map<StateReference, String> lost(Collection<StateReference> held) {
        Map<StateReference, String> lost = new HashMap<>(acknowledged);
        lost.keySet().removeAll(forgiven);
        lost.keySet().removeAll(withThoseBefore(held));
        return lost;
    }
}
