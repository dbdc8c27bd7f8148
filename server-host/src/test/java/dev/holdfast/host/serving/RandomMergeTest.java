package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.serving.StateMerge.Result;
import dev.holdfast.host.state.StateReference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;

/** What holds of every merge, tried with states of random seeds; a failure says its seed. */
class RandomMergeTest {

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private final RandomStates states = new RandomStates(random);
    private final ServingState base = states.state();
    private final ServingState ours = states.changed(base);
    private final ServingState theirs = states.changed(base);

    @RepeatedTest(500)
    void whereOneSideChangedNothingTheOtherIsTaken() {
        assertThat(merged(base, ours, base)).as("seed %d", seed).satisfies(state -> assertServes(state, ours));
        assertThat(merged(base, base, theirs)).as("seed %d", seed).satisfies(state -> assertServes(state, theirs));
        assertThat(merged(base, ours, ours)).as("seed %d", seed).satisfies(state -> assertServes(state, ours));
        assertThat(StateMerge.of(base, ours, ours).learnedConflicts())
                .as("seed %d", seed)
                .isEmpty();
    }

    private static ServingState merged(ServingState base, ServingState ours, ServingState theirs) {
        return StateMerge.of(base, ours, theirs).merged().orElseThrow();
    }

    private static void assertServes(ServingState state, ServingState expected) {
        assertThat(new StateDifferences("merged", "expected").between(state, expected))
                .isEmpty();
        assertThat(ServingComparison.learned(state)).isEqualTo(ServingComparison.learned(expected));
    }

    @RepeatedTest(500)
    void itDoesNotMatterWhichSideIsOursButForWhatBothLearned() {
        Result one = StateMerge.of(base, ours, theirs);
        Result other = StateMerge.of(base, theirs, ours);

        assertThat(other.conflicts()).as("seed %d", seed).hasSameSizeAs(one.conflicts());
        assertThat(other.learnedConflicts()).as("seed %d", seed).hasSameSizeAs(one.learnedConflicts());
        assertThat(other.merged().map(ServingComparison::digest))
                .as("seed %d", seed)
                .isEqualTo(one.merged().map(ServingComparison::digest));
        if (one.learnedConflicts().isEmpty()) {
            assertThat(other.merged()).as("seed %d", seed).isEqualTo(one.merged());
        }
    }

    @RepeatedTest(500)
    void twoHostsThatMergeEndEqual() {
        StateMerge.of(base, ours, theirs).merged().ifPresent(merged -> {
            // Whose base and side are what they were, and who finds the merged state in the store.
            ServingState again = merged(base, ours, merged);
            ServingState other = merged(base, theirs, merged);

            assertThat(again).as("seed %d", seed).isEqualTo(merged);
            assertThat(ServingComparison.digest(other)).as("seed %d", seed).isEqualTo(ServingComparison.digest(merged));
        });
    }

    @RepeatedTest(500)
    void thereIsAConflictIfAndOnlyIfBothSidesChangedOneThingToDifferentValues() {
        // Where nothing is unknown, being the same is being equal.
        ServingState then = known(base);
        ServingState here = known(ours);
        ServingState there = known(theirs);
        long conflicts = conflicts(then, here, there, RandomMergeTest::servedModel)
                + conflicts(then, here, there, RandomMergeTest::servedSave);

        Result result = StateMerge.of(then, here, there);

        assertThat(result.conflicts()).as("seed %d", seed).hasSize((int) conflicts);
        assertThat(result.merged().isEmpty()).as("seed %d", seed).isEqualTo(conflicts > 0);
    }

    @RepeatedTest(500)
    void nothingThatOneSideAloneAddedIsMissing() {
        StateMerge.of(base, ours, theirs).merged().ifPresent(merged -> {
            for (String name : names(ours, theirs)) {
                boolean added = servedModel(base, name).isEmpty();
                if (added
                        && (servedModel(ours, name).isPresent()
                                || servedModel(theirs, name).isPresent())) {
                    assertThat(servedModel(merged, name))
                            .as("seed %d, model %s", seed, name)
                            .isPresent();
                }
                boolean saved = servedSave(base, name).isEmpty();
                if (saved
                        && (servedSave(ours, name).isPresent()
                                || servedSave(theirs, name).isPresent())) {
                    assertThat(servedSave(merged, name))
                            .as("seed %d, save %s", seed, name)
                            .isPresent();
                }
            }
        });
    }

    @RepeatedTest(500)
    void whatIsLearnedIsNeverLostWithoutAWord() {
        Result result = StateMerge.of(base, ours, theirs);
        result.merged().ifPresent(merged -> {
            for (ServingState side : List.of(ours, theirs)) {
                ServingComparison.learned(side).forEach((key, learned) -> {
                    if (!learned.equals(ServingComparison.learned(base).get(key))
                            && !learned.equals(ServingComparison.learned(merged).get(key))) {
                        assertThat(result.learnedConflicts())
                                .as("seed %d", seed)
                                .anyMatch(sentence -> sentence.startsWith(key + ": "));
                    }
                });
            }
        });
    }

    @RepeatedTest(500)
    void whatAHostSavesOnTopOfTheHeadServesTheSameAndUndoesNothingThatOthersLearned() {
        ServingState head = ours;
        for (Map.Entry<String, ServedModel> model : ours.models().entrySet()) {
            for (String version : model.getValue().versions().keySet()) {
                head = head.with(
                        model.getKey(),
                        head.models()
                                .get(model.getKey())
                                .withLearned(version, RandomStates.learned(random.nextInt(4))));
            }
        }

        ServingState onto = LearnedMerge.onto(ours, base, ours, head);

        assertThat(ServingComparison.digest(onto)).as("seed %d", seed).isEqualTo(ServingComparison.digest(ours));
        Map<ServingComparison.Key, StateReference> before =
                ServingComparison.learned(LearnedMerge.onto(ours, ServingState.EMPTY, base, ServingState.EMPTY));
        Map<ServingComparison.Key, StateReference> mine = ServingComparison.learned(ours);
        Map<ServingComparison.Key, StateReference> now = ServingComparison.learned(onto);
        ServingComparison.learned(head)
                .forEach((key, theirs) -> assertThat(now.get(key))
                        .as("seed %d, %s", seed, key)
                        .isEqualTo(theirs.equals(before.get(key)) ? mine.get(key) : theirs));
        assertThat(now.keySet())
                .as("seed %d", seed)
                .isSubsetOf(ServingComparison.learned(head).keySet());
    }

    private static ServingState known(ServingState state) {
        ServingState known = state;
        for (Map.Entry<String, ServedModel> model : state.models().entrySet()) {
            for (Map.Entry<String, ServedVersion> version :
                    model.getValue().versions().entrySet()) {
                ServedVersion settings = version.getValue();
                known = known.with(
                        model.getKey(),
                        known.models()
                                .get(model.getKey())
                                .with(
                                        version.getKey(),
                                        settings.withArchiveSha256(
                                                settings.archiveSha256().orElse("known"))));
            }
        }
        return known;
    }

    private static long conflicts(
            ServingState base,
            ServingState ours,
            ServingState theirs,
            BiFunction<ServingState, String, Optional<String>> part) {
        return Stream.concat(names(base, ours).stream(), names(theirs, theirs).stream())
                .distinct()
                .filter(name -> !part.apply(base, name).equals(part.apply(ours, name)))
                .filter(name -> !part.apply(base, name).equals(part.apply(theirs, name)))
                .filter(name -> !part.apply(ours, name).equals(part.apply(theirs, name)))
                .count();
    }

    /** The names of models and, as {@code model/id}, of saves. */
    private static List<String> names(ServingState one, ServingState other) {
        return Stream.of(one, other)
                .flatMap(state -> Stream.concat(
                        state.models().keySet().stream(),
                        state.saves().entrySet().stream()
                                .flatMap(saves ->
                                        saves.getValue().keySet().stream().map(id -> saves.getKey() + "/" + id))))
                .distinct()
                .toList();
    }

    private static Optional<String> servedModel(ServingState state, String name) {
        return state.model(name).map(model -> ServingComparison.digest(ServingState.EMPTY.with(name, model)));
    }

    private static Optional<String> servedSave(ServingState state, String name) {
        String[] key = name.split("/", 2);
        return key.length < 2
                ? Optional.empty()
                : Optional.ofNullable(state.savesOf(key[0]).get(key[1])).map(List::toString);
    }
}
