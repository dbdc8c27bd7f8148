package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class PlanTest {

    private static final ServingState ONE =
            ServingState.EMPTY.with("m", ServedModel.of("1.0", Versions.of("m-1.0.mar", 2)));

    @Test
    void aVersionThatIsAheadOfItsStoredStateIsLoadedAnew() {
        assertThat(Plan.between(ONE, ONE, Plan.Differences.NONE.withAnew((model, version) -> true))
                        .actions())
                .singleElement()
                .isInstanceOf(Action.Replace.class);
    }

    @Test
    void aStoredStateThatTheRunningVersionHasIsNoReasonToLoadItAnew() {
        StateReference learned =
                new StateReference(new StateFormat("f", 1, ""), 1, 1, new StateReference.ChunkTree("0".repeat(64), 0));
        ServingState target =
                ServingState.EMPTY.with("m", ONE.model("m").orElseThrow().withLearned("1.0", learned));

        assertThat(Plan.between(ONE, target, Plan.Differences.NONE.withLearned((model, version) -> true))
                        .isEmpty())
                .isTrue();
        assertThat(Plan.between(ONE, target).actions()).singleElement().isInstanceOf(Action.Replace.class);
    }

    @Test
    void whatIsToBeLoadedLaterIsOnlyAnnounced() {
        assertThat(Plan.between(ServingState.EMPTY, ONE, Plan.Differences.NONE.withLater((model, version) -> true))
                        .actions())
                .map(Action::toString)
                .containsExactly("load m 1.0 later from m-1.0.mar with 2 workers", "make 1.0 the default of m");
    }

    @Test
    void nothingIsToBeDoneWhereTheTargetIsReached() {
        assertThat(Plan.between(ONE, ONE).isEmpty()).isTrue();
    }

    @Test
    void aModelGoesToAnotherVersionWithoutAGap() {
        ServingState target = ServingState.EMPTY.with("m", ServedModel.of("2.0", Versions.of("m-2.0.mar", 2)));

        assertThat(Plan.between(ONE, target).actions())
                .map(Action::toString)
                .containsExactly(
                        "load m 2.0 from m-2.0.mar with 2 workers", "make 2.0 the default of m", "unload m 1.0");
    }

    @Test
    void anArchiveThatDiffersIsLoadedBeforeTheOldOneGoes() {
        ServingState target = ServingState.EMPTY.with("m", ServedModel.of("1.0", Versions.of("other.mar", 1)));

        assertThat(Plan.between(ONE, target).actions())
                .map(Action::toString)
                .containsExactly("replace m 1.0 by other.mar with 1 workers");
    }

    @Test
    void workersAloneAreScaledAndNotLoadedAnew() {
        ServingState target = ServingState.EMPTY.with("m", ServedModel.of("1.0", Versions.of("m-1.0.mar", 5)));

        assertThat(Plan.between(ONE, target).actions())
                .map(Action::toString)
                .containsExactly("scale m 1.0 from 2..2 to 5..5 workers");
    }

    @Test
    void theDefaultOfANewModelIsLoadedFirst() {
        ServingState target = ServingState.EMPTY.with(
                "m",
                ServedModel.of("1.0", Versions.of("a", 1))
                        .with("2.0", Versions.of("b", 1))
                        .with("3.0", Versions.of("c", 1))
                        .withDefault("2.0"));

        assertThat(Plan.between(ServingState.EMPTY, target).actions())
                .map(Action::toString)
                .containsExactly(
                        "load m 2.0 from b with 1 workers",
                        "load m 1.0 from a with 1 workers",
                        "load m 3.0 from c with 1 workers",
                        "make 2.0 the default of m");
    }

    @Test
    void aVersionThatFailedIsTriedAgainOrLetGoOf() {
        assertThat(Plan.between(ONE, ONE, Plan.Differences.NONE.withFailed((model, version) -> true))
                        .actions())
                .map(Action::toString)
                .containsExactly("load m 1.0 from m-1.0.mar with 2 workers");
        assertThat(Plan.between(ONE, ServingState.EMPTY, Plan.Differences.NONE.withFailed((model, version) -> true))
                        .actions())
                .map(Action::toString)
                .containsExactly("unload m 1.0");
    }

    @RepeatedTest(300)
    void carryingOutAPlanLeadsToTheTargetAndNeverLeavesAModelWithoutItsDefault() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        ServingState current = state(random);
        ServingState target = state(random);

        Simulator simulator = new Simulator(current, "seed " + seed);
        Plan.between(current, target).actions().forEach(action -> simulator.apply(action, target));

        assertThat(simulator.state()).as("seed %d", seed).isEqualTo(target);
        assertThat(Plan.between(simulator.state(), target).isEmpty()).isTrue();
    }

    private static ServingState state(Random random) {
        TreeMap<String, ServedModel> models = new TreeMap<>();
        for (int m = random.nextInt(4); m > 0; m--) {
            ServedModel model = ServedModel.of("1", version(random));
            for (int v = random.nextInt(4); v > 0; v--) {
                model = model.with(Integer.toString(1 + random.nextInt(5)), version(random));
            }
            List<String> versions = new ArrayList<>(model.versions().keySet());
            model = model.withDefault(versions.get(random.nextInt(versions.size())));
            if (random.nextBoolean() && !model.defaultVersion().equals("1")) {
                model = model.without("1");
            }
            models.put("m" + random.nextInt(4), model);
        }
        return ServingState.of(models);
    }

    private static ServedVersion version(Random random) {
        ServedVersion version = Versions.of("archive" + random.nextInt(2), random.nextInt(3))
                .withArchiveSha256("sha" + random.nextInt(2));
        return random.nextInt(4) == 0 ? version.withWorkers(0, 0) : version;
    }

    /** What a reconciler would do, on paper. */
    private static final class Simulator {

        private final Map<String, TreeMap<String, ServedVersion>> versions = new HashMap<>();
        private final Map<String, String> defaults = new HashMap<>();
        private final String seed;

        Simulator(ServingState state, String seed) {
            this.seed = seed;
            state.models().forEach((name, model) -> {
                versions.put(name, new TreeMap<>(model.versions()));
                defaults.put(name, model.defaultVersion());
            });
        }

        void apply(Action action, ServingState target) {
            TreeMap<String, ServedVersion> model = versions.computeIfAbsent(action.model(), name -> new TreeMap<>());
            if (action instanceof Action.Load load) {
                assertThat(model.put(load.version(), load.state())).as(seed).isNull();
                defaults.putIfAbsent(load.model(), load.version());
            } else if (action instanceof Action.Replace replace) {
                assertThat(model.put(replace.version(), replace.state()))
                        .as(seed)
                        .isNotNull();
            } else if (action instanceof Action.Scale scale) {
                ServedVersion before = model.get(scale.version());
                assertThat(before.minWorkers()).as(seed).isEqualTo(scale.fromMin());
                model.put(scale.version(), before.withWorkersOf(scale.state()));
            } else if (action instanceof Action.SetDefault setDefault) {
                defaults.put(setDefault.model(), setDefault.version());
            } else if (action instanceof Action.Unload unload) {
                assertThat(model.remove(unload.version())).as(seed).isNotNull();
            }
            if (target.model(action.model()).isPresent()) {
                assertThat(model).as("%s after %s", seed, action).containsKey(defaults.get(action.model()));
            }
            if (model.isEmpty()) {
                versions.remove(action.model());
                defaults.remove(action.model());
            }
        }

        ServingState state() {
            TreeMap<String, ServedModel> models = new TreeMap<>();
            versions.forEach((name, model) -> models.put(name, new ServedModel(model, defaults.get(name))));
            return ServingState.of(models);
        }
    }
}
