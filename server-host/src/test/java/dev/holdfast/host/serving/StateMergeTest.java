package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.serving.StateMerge.Result;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StateMergeTest {

    private static final ServedVersion VERSION = Versions.of("a.mar", 1).withArchiveSha256("1".repeat(64));
    private static final ServingState BASE = ServingState.EMPTY
            .with("digits", ServedModel.of("1.0", VERSION))
            .with("letters", ServedModel.of("1.0", VERSION));
    private static final ModelSave MONDAY =
            new ModelSave("1.0", RandomStates.learned(1), Instant.parse("2026-11-23T08:00:00Z"));
    private static final ModelSave TUESDAY =
            new ModelSave("1.0", RandomStates.learned(2), Instant.parse("2026-11-24T08:00:00Z"));
    private static final ServingComparison.Key DIGITS = new ServingComparison.Key("digits", "1.0");

    @Test
    void whatEachSideDidAloneIsAllTaken() {
        ServingState ours = BASE.with("ours", ServedModel.of("1.0", VERSION))
                .without("letters")
                .withSave("digits", "monday", MONDAY);
        ServingState theirs = digits(BASE, VERSION.withWorkers(2, 4)).withSave("digits", "tuesday", TUESDAY);

        assertMerged(
                BASE,
                ours,
                theirs,
                digits(ServingState.EMPTY, VERSION.withWorkers(2, 4))
                        .with("ours", ServedModel.of("1.0", VERSION))
                        .withSave("digits", "monday", MONDAY)
                        .withSave("digits", "tuesday", TUESDAY));
    }

    @Test
    void whatBothSidesDidIsTakenOnce() {
        ServingState both = digits(BASE, VERSION.withWorkers(2, 2)).without("letters");

        assertMerged(BASE, both, both, both);
    }

    @Test
    void twoChangesOfOneModelAreRefusedThoughTheyAreOfDifferentVersions() {
        ServedModel digits = BASE.models().get("digits");
        ServingState ours = BASE.with("digits", digits.with("2.0", VERSION)).without("letters");
        ServingState theirs = BASE.with("digits", digits.with("3.0", VERSION).withDefault("3.0"));

        Result result = StateMerge.of(BASE, ours, theirs);

        assertThat(result.merged()).isEmpty();
        assertThat(result.conflicts())
                .containsExactly("model digits: changed (version 2.0: only now) here,"
                        + " changed (default version 1.0 before, 3.0 now; version 3.0: only now) in the store");
    }

    @Test
    void aRemovalAndAChangeOfTheSameAreRefused() {
        ServingState base = BASE.withSave("digits", "id", MONDAY);
        ServingState ours = base.without("digits").withoutSave("digits", "id");
        ServingState theirs = digits(base, VERSION.withWorkers(2, 4)).withSaves("digits", "id", List.of(TUESDAY));

        assertThat(StateMerge.of(base, ours, theirs).conflicts())
                .containsExactly(
                        "model digits: removed here,"
                                + " changed (version 1.0: workers 1 to 1 before, 2 to 4 now) in the store",
                        "save id of model digits: removed here, changed (version 1.0 saved at 2026-11-23T08:00:00Z before,"
                                + " version 1.0 saved at 2026-11-24T08:00:00Z now) in the store");
    }

    @Test
    void twoThingsOfOneNameAreRefused() {
        ServingState ours = digits(ServingState.EMPTY, VERSION).withSave("digits", "id", MONDAY);
        ServingState theirs = digits(ServingState.EMPTY, VERSION.withArchiveSha256("2".repeat(64)))
                .withSave("digits", "id", TUESDAY);

        assertThat(StateMerge.of(ServingState.EMPTY, ours, theirs).conflicts())
                .containsExactly(
                        "model digits: added on both sides"
                                + " (version 1.0: archive's SHA-256 111111111111… here, 222222222222… in the store)",
                        "save id of model digits: added on both sides (version 1.0 saved at 2026-11-23T08:00:00Z here,"
                                + " version 1.0 saved at 2026-11-24T08:00:00Z in the store)");
    }

    @Test
    void aKnownDigestIsKeptWhicheverStateHasIt() {
        ServingState unknown = digits(BASE, VERSION.withArchiveSha256(""));
        ServingState scaled = digits(BASE, VERSION.withArchiveSha256("").withWorkers(2, 2));
        ServingState known = digits(BASE, VERSION.withWorkers(2, 2));

        assertMerged(unknown, BASE, unknown, BASE);
        assertMerged(BASE, unknown, unknown, BASE);
        assertMerged(unknown, BASE, scaled, known);
        assertMerged(BASE, scaled, unknown, known);
        assertMerged(unknown, scaled, known, known);
    }

    @Test
    void twoArchivesOfOneNameAreRefusedThoughNobodyChangedTheModel() {
        ServingState unknown = digits(BASE, VERSION.withArchiveSha256(""));
        ServingState theirs = digits(BASE, VERSION.withArchiveSha256("2".repeat(64)));

        for (ServingState other : List.of(
                theirs,
                digits(
                        theirs,
                        theirs.models().get("digits").versions().get("1.0").withWorkers(2, 2)))) {
            assertThat(StateMerge.of(unknown, BASE, other).conflicts())
                    .singleElement()
                    .asString()
                    .startsWith("model digits: not the same archive here and in the store (version 1.0: ")
                    .contains("archive's SHA-256 111111111111… here, 222222222222… in the store");
            assertThat(StateMerge.of(unknown, other, BASE).conflicts()).hasSize(1);
        }
    }

    @Test
    void whatOneSideLearnedIsTakenByTheModelsOfTheOther() {
        ServingState ours = learned(BASE, 1);
        ServingState theirs = digits(BASE, VERSION.withWorkers(2, 4)).without("letters");

        assertMerged(BASE, ours, theirs, learned(theirs, 1));
        assertMerged(BASE, ours, ours, ours);
        assertMerged(ours, BASE, ours, BASE);
    }

    @Test
    void whatBothSidesLearnedIsTakenFromTheStoreAndRefusesNothing() {
        Result result = StateMerge.of(BASE, learned(BASE, 1).without("letters"), learned(BASE, 2));

        assertThat(result.merged()).contains(learned(BASE, 2).without("letters"));
        assertThat(result.learnedConflicts())
                .containsExactly(
                        "model digits, version 1.0: has learned on both sides; what it has learned in the store is taken");
    }

    @Test
    void whatWasLearnedWithAnotherArchiveOrHandlerIsDroppedAndSaid() {
        ServedVersion handled = new ServedVersion(
                "a.mar",
                1,
                1,
                1,
                VERSION.maxBatchDelay(),
                VERSION.responseTimeout(),
                VERSION.startupTimeout(),
                "python",
                Optional.of("other"),
                Optional.empty(),
                VERSION.archiveSha256(),
                Optional.empty(),
                Batching.AUTO);
        for (ServedVersion other :
                List.of(handled, VERSION.withArchiveSha256("2".repeat(64)), Versions.of("other.mar", 1))) {
            ServingState ours = learned(BASE, 1);
            ServingState theirs = digits(BASE, other);

            Result result = StateMerge.of(BASE, ours, theirs);

            assertThat(result.merged()).contains(theirs);
            assertThat(result.learnedConflicts())
                    .containsExactly("model digits, version 1.0: what it has learned here is dropped,"
                            + " for it has another archive or handler on the other side");
            assertThat(StateMerge.of(BASE, ours, learned(theirs, 2)).merged()).contains(learned(theirs, 2));
            assertThat(StateMerge.of(ours, ours, learned(theirs, 2)).learnedConflicts())
                    .isEmpty();
        }
    }

    @Test
    void whatARemovedVersionLearnedIsDroppedAndSaid() {
        Result result = StateMerge.of(BASE, BASE.without("digits"), learned(BASE, 1));

        assertThat(result.merged()).contains(BASE.without("digits"));
        assertThat(result.learnedConflicts())
                .containsExactly("model digits, version 1.0: what it has learned in the store is dropped,"
                        + " for it was removed on the other side");
        assertThat(StateMerge.of(learned(BASE, 1), BASE.without("digits"), learned(BASE, 1))
                        .learnedConflicts())
                .isEmpty();
    }

    @Test
    void whatAHostLearnedGoesOnTopOfTheHeadWithoutUndoingWhatOthersLearned() {
        ServingState mine = learned(BASE, 1);
        ServingState head = learned(digits(BASE, VERSION.withArchiveSha256("")), 0)
                .with("letters", ServedModel.of("1.0", VERSION.withLearned(RandomStates.learned(3))));

        ServingState onto = LearnedMerge.onto(mine, learned(BASE, 0), mine, head);

        assertThat(ServingComparison.same(onto, mine)).isTrue();
        assertThat(ServingComparison.learned(onto))
                .isEqualTo(Map.of(
                        DIGITS,
                        RandomStates.learned(1),
                        new ServingComparison.Key("letters", "1.0"),
                        RandomStates.learned(3)));
    }

    @Test
    void ofWhatTwoHostsLearnedOfOneModelTheHeadsStays() {
        ServingState onto = LearnedMerge.onto(BASE, BASE, learned(BASE, 1), learned(BASE, 2));

        assertThat(onto).isEqualTo(learned(BASE, 2));
    }

    @Test
    void whatAnotherArchiveHasLearnedDoesNotGoOntoAModel() {
        ServingState mine = digits(BASE, Versions.of("b.mar", 1).withArchiveSha256("2".repeat(64)));

        assertThat(LearnedMerge.onto(mine, BASE, mine, learned(BASE, 2))).isEqualTo(mine);
        assertThat(LearnedMerge.onto(mine, BASE, learned(BASE, 1), BASE)).isEqualTo(mine);
    }

    @Test
    void whatBothHadTheSameLastIsKnownForEachVersionByItself() {
        ServingState taughtHere = learned(BASE, 1);
        ServingState taughtThere =
                BASE.with("letters", ServedModel.of("1.0", VERSION.withLearned(RandomStates.learned(2))));

        ServingState before = LearnedMerge.agreed(ServingState.EMPTY, taughtHere, learned(taughtThere, 1));

        assertThat(before).isEqualTo(taughtHere);
        assertThat(LearnedMerge.agreed(before, learned(BASE, 3), learned(taughtThere, 2)))
                .isEqualTo(taughtHere);
        assertThat(LearnedMerge.agreed(
                        before, digits(BASE, Versions.of("b.mar", 1).withArchiveSha256("2".repeat(64))), taughtThere))
                .satisfies(state -> assertThat(ServingComparison.learned(state)).isEmpty());
    }

    private static ServingState digits(ServingState state, ServedVersion version) {
        return state.with("digits", ServedModel.of("1.0", version));
    }

    private static ServingState learned(ServingState state, int which) {
        return state.with("digits", state.models().get("digits").withLearned("1.0", RandomStates.learned(which)));
    }

    private static void assertMerged(ServingState base, ServingState ours, ServingState theirs, ServingState merged) {
        Result expected = new Result(Optional.of(merged), List.of(), List.of());
        assertThat(StateMerge.of(base, ours, theirs)).isEqualTo(expected);
        assertThat(StateMerge.of(base, theirs, ours)).isEqualTo(expected);
    }
}
