package dev.holdfast.host.serving;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The steps from one serving state to another, as a pure function of the two.
 *
 * <p>For each model: first what is new is loaded, what differs replaced and what stays scaled, then the default moves, and
 * what is gone is unloaded last, so that a model never stops answering in between. For as long as that takes, old and new
 * are both in memory. Of a new model the default version is loaded first, so that no other ever answers in its place.
 */
public record Plan(List<Action> actions) {

    public Plan {
        actions = List.copyOf(actions);
    }

    public static Plan between(ServingState current, ServingState target) {
        return between(current, target, (model, version) -> false, (model, version) -> false);
    }

    /**
     * @param failed which versions of {@code current}, by model and version, are not loaded and to be tried again
     * @param ahead which of them have learned more than their stored state says, and are to be taken back to it
     */
    static Plan between(
            ServingState current,
            ServingState target,
            BiPredicate<String, String> failed,
            BiPredicate<String, String> ahead) {
        List<Action> actions = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(current.models().keySet());
        names.addAll(target.models().keySet());
        for (String name : names) {
            planModel(
                    name,
                    current.models().get(name),
                    target.models().get(name),
                    v -> failed.test(name, v),
                    v -> ahead.test(name, v),
                    actions);
        }
        return new Plan(actions);
    }

    private static void planModel(
            String name,
            @Nullable ServedModel current,
            @Nullable ServedModel target,
            Predicate<String> failed,
            Predicate<String> ahead,
            List<Action> actions) {
        Map<String, ServedVersion> now = current == null ? Map.of() : current.versions();
        Map<String, ServedVersion> then = target == null ? Map.of() : target.versions();
        List<Action> steps = new ArrayList<>();
        then.forEach((version, state) -> {
            ServedVersion running = now.get(version);
            if (running == null || failed.test(version)) {
                Action load = new Action.Load(name, version, state);
                boolean first = current == null && target != null && version.equals(target.defaultVersion());
                steps.add(first ? 0 : steps.size(), load);
            } else if (!running.sameLoad(state) || ahead.test(version)) {
                steps.add(new Action.Replace(name, version, state));
            } else if (running.minWorkers() != state.minWorkers() || running.maxWorkers() != state.maxWorkers()) {
                steps.add(new Action.Scale(name, version, running.minWorkers(), running.maxWorkers(), state));
            }
        });
        actions.addAll(steps);
        if (target != null && (current == null || !current.defaultVersion().equals(target.defaultVersion()))) {
            actions.add(new Action.SetDefault(name, target.defaultVersion()));
        }
        now.keySet().stream()
                .filter(version -> !then.containsKey(version))
                .forEach(version -> actions.add(new Action.Unload(name, version)));
    }

    public boolean isEmpty() {
        return actions.isEmpty();
    }
}
