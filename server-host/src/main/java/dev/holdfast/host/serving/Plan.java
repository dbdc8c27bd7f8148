package dev.holdfast.host.serving;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The steps from one serving state to another, as a pure function of the two.
 *
 * <p>For each model: first what is new is loaded, then what stays is scaled, then the default moves, and what is gone is
 * unloaded last, so that a model never stops answering in between. A version whose archive or settings differ is unloaded
 * and loaded anew.
 */
public record Plan(List<Action> actions) {

    public Plan {
        actions = List.copyOf(actions);
    }

    public static Plan between(ServingState current, ServingState target) {
        List<Action> actions = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(current.models().keySet());
        names.addAll(target.models().keySet());
        for (String name : names) {
            planModel(name, current.models().get(name), target.models().get(name), actions);
        }
        return new Plan(actions);
    }

    private static void planModel(
            String name,
            @org.jspecify.annotations.Nullable ModelState current,
            @org.jspecify.annotations.Nullable ModelState target,
            List<Action> actions) {
        Map<String, VersionState> now = current == null ? Map.of() : current.versions();
        Map<String, VersionState> then = target == null ? Map.of() : target.versions();
        then.forEach((version, state) -> {
            VersionState running = now.get(version);
            if (running == null) {
                actions.add(new Action.Load(name, version, state));
            } else if (!running.sameLoad(state)) {
                actions.add(new Action.Unload(name, version));
                actions.add(new Action.Load(name, version, state));
            } else if (running.minWorkers() != state.minWorkers() || running.maxWorkers() != state.maxWorkers()) {
                actions.add(new Action.Scale(name, version, running.minWorkers(), running.maxWorkers(), state));
            }
        });
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
