package dev.holdfast.host.history;

import static dev.holdfast.host.history.SaveDecision.ALREADY_THERE;
import static dev.holdfast.host.history.SaveDecision.APPEND;
import static dev.holdfast.host.history.SaveDecision.BEHIND;
import static dev.holdfast.host.history.SaveDecision.DIVERGED;
import static dev.holdfast.host.history.SaveDecision.UNPROVED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a host may do, row by row. A state is the names of its models; {@code -} stands for no snapshot, {@code 0} for no model. */
class SaveDecisionTest {

    @ParameterizedTest(name = "head {0}, base {1}, at first {2}, now {3}: {4}")
    @CsvSource({
        // Nothing is stored, or nothing has changed there.
        "-,  -,  0,  0,  APPEND",
        "-,  -,  0,  a,  APPEND",
        "a,  a,  0,  a,  APPEND",
        "a,  a,  0,  ab, APPEND",
        "0,  0,  0,  a,  APPEND",
        // Two hosts have made the same change.
        "ab, a,  0,  ab, ALREADY_THERE",
        "0,  a,  0,  0,  ALREADY_THERE",
        "a,  -,  0,  a,  ALREADY_THERE",
        // Another host has changed something, this one nothing.
        "ab, a,  0,  a,  BEHIND",
        "0,  a,  0,  a,  BEHIND",
        "a,  -,  0,  0,  BEHIND",
        "a,  -,  b,  b,  BEHIND",
        // Both have.
        "ab, a,  0,  ac, DIVERGED",
        "0,  a,  0,  ab, DIVERGED",
        "a,  -,  0,  b,  DIVERGED",
        "a,  -,  b,  0,  DIVERGED",
    })
    void onlyWhatIsServedCounts(String head, String base, String baseline, String mine, SaveDecision decision) {
        SaveDecision decided = SaveDecision.of(point(9, head), point(4, base), models(baseline), models(mine), true);

        assertThat(decided).isEqualTo(decision);
    }

    @ParameterizedTest
    @CsvSource({"a, a, a", "ab, a, ab", "ab, a, a", "-, a, a"})
    void whatAStoreDoesNotProveIsNeverGoneOnFrom(String head, String base, String mine) {
        assertThat(SaveDecision.of(point(9, head), point(4, base), ServingState.EMPTY, models(mine), false))
                .isEqualTo(UNPROVED);
    }

    @Test
    void aHostThatHasReadNothingNeedsNoProof() {
        assertThat(SaveDecision.of(point(9, "a"), Optional.empty(), models("0"), models("0"), false))
                .isEqualTo(BEHIND);
    }

    /** What models have learned is no change of what is served. */
    @Test
    void whatOneOfTheHostsHasTaughtItsModelDivergesFromNothing() {
        ServingState taught = States.learned(models("a"), 1);
        HistoryPoint head = point(9, "a").orElseThrow().serving(States.learned(models("a"), 2));

        assertThat(SaveDecision.of(Optional.of(head), point(4, "a"), ServingState.EMPTY, taught, true))
                .isEqualTo(APPEND);
        assertThat(SaveDecision.of(Optional.of(head), point(4, "ab"), ServingState.EMPTY, taught, true))
                .isEqualTo(ALREADY_THERE);
        assertThat(SaveDecision.of(point(9, "ab"), point(4, "a"), ServingState.EMPTY, taught, true))
                .isEqualTo(BEHIND);
        assertThat(SaveDecision.of(point(9, "ab"), point(4, "0"), ServingState.EMPTY, taught, true))
                .isEqualTo(DIVERGED);
    }

    private static Optional<HistoryPoint> point(long revision, @Nullable String models) {
        return "-".equals(models)
                ? Optional.empty()
                : Optional.of(HistoryPoint.of(States.snapshot(revision, names(String.valueOf(models)))));
    }

    private static ServingState models(String models) {
        return States.of(names(models));
    }

    private static String[] names(String models) {
        return Arrays.stream(models.toLowerCase(Locale.ROOT).split(""))
                .filter(name -> !name.equals("0"))
                .toArray(String[]::new);
    }
}
