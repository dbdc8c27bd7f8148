package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingComparison.SaveKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiPredicate;
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

    /**
     * What cannot be seen from two serving states; each test is given a model and a version.
     *
     * @param failed which are not loaded and to be tried again
     * @param anew which are loaded anew although nothing else differs: they have learned since their state was stored, and
     *     are to go back to it
     * @param later which are to be loaded later, of those that would be loaded
     * @param hasLearned which have in memory the learned state that they are to have
     */
    record Differences(
            BiPredicate<String, String> failed,
            BiPredicate<String, String> anew,
            BiPredicate<String, String> later,
            BiPredicate<String, String> hasLearned) {

        static final Differences NONE =
                new Differences(Differences::no, Differences::no, Differences::no, Differences::no);

        private static boolean no(String model, String version) {
            return false;
        }

        Differences withFailed(BiPredicate<String, String> test) {
            return new Differences(test, anew, later, hasLearned);
        }

        Differences withAnew(BiPredicate<String, String> test) {
            return new Differences(failed, test, later, hasLearned);
        }

        Differences withLater(BiPredicate<String, String> test) {
            return new Differences(failed, anew, test, hasLearned);
        }

        Differences withLearned(BiPredicate<String, String> test) {
            return new Differences(failed, anew, later, test);
        }
    }

    public static Plan between(ServingState current, ServingState target) {
        return between(current, target, Differences.NONE);
    }

    static Plan between(ServingState current, ServingState target, Differences differences) {
        List<Action> actions = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(current.models().keySet());
        names.addAll(target.models().keySet());
        for (String name : names) {
            planModel(name, current.models().get(name), target.models().get(name), differences, actions);
        }
        return new Plan(actions);
    }

    /** Loads a version that is in the serving state and failed. */
    static Plan recovering(RunningVersion failed) {
        return new Plan(List.of(new Action.Load(failed.model(), failed.version(), failed.state())));
    }

    private static void planModel(
            String name,
            @Nullable ServedModel current,
            @Nullable ServedModel target,
            Differences differences,
            List<Action> actions) {
        Map<String, ServedVersion> now = current == null ? Map.of() : current.versions();
        Map<String, ServedVersion> then = target == null ? Map.of() : target.versions();
        List<Action> steps = new ArrayList<>();
        then.forEach((version, state) -> {
            ServedVersion running = now.get(version);
            if (running == null || differences.failed().test(name, version)) {
                Action load = differences.later().test(name, version)
                        ? new Action.LoadLater(name, version, state)
                        : new Action.Load(name, version, state);
                boolean first = current == null && target != null && version.equals(target.defaultVersion());
                steps.add(first ? 0 : steps.size(), load);
            } else if (!isLoadedAs(name, version, running, state, differences)
                    || differences.anew().test(name, version)) {
                steps.add(new Action.Replace(name, version, state));
            } else if (!running.withWorkersOf(state).equals(running)) {
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

    private static boolean isLoadedAs(
            String name, String version, ServedVersion running, ServedVersion target, Differences differences) {
        return differences.hasLearned().test(name, version)
                ? running.withLearned(target.learned()).sameLoad(target)
                : running.sameLoad(target);
    }

    public boolean isEmpty() {
        return actions.isEmpty();
    }

    /**
     * The steps in words, and what changes beside them: what was saved of models under ids, which no step is needed for.
     *
     * @param current and {@code target}: the states that the plan is between
     */
    List<String> described(ServingState current, ServingState target) {
        List<String> lines = new ArrayList<>();
        for (Action action : actions) {
            boolean learnedAlone = action instanceof Action.Replace replace
                    && current.model(replace.model())
                            .map(model -> model.versions().get(replace.version()))
                            .filter(running -> running.withLearned(
                                            replace.state().learned())
                                    .sameLoad(replace.state()))
                            .isPresent();
            lines.add(action + (learnedAlone ? ", for what it has learned" : ""));
        }
        Map<SaveKey, List<ModelSave>> now = ServingComparison.saves(current);
        Map<SaveKey, List<ModelSave>> then = ServingComparison.saves(target);
        then.forEach((key, generations) -> {
            if (!ServingComparison.same(generations, now.getOrDefault(key, List.of()))) {
                lines.add("put back " + key);
            }
        });
        now.keySet().stream().filter(key -> !then.containsKey(key)).forEach(key -> lines.add("remove " + key));
        return lines;
    }
}
