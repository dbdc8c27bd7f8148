package dev.holdfast.testkit;

import dev.holdfast.testkit.RuleOutcome.Result;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link StoreVerification} found.
 *
 * @param outcomes of each rule, in the order in which they were tried; empty if the store could not be reached
 * @param endedEarly why not all rules were tried: the store went away, or the run was stopped
 * @param manyWriters whether two serializers may save into one group while both are open
 * @param keepsChunks whether the serializer keeps chunks, without which their rules do not apply
 * @param times how long single calls took; empty if they could not be measured
 * @param groupPrefix what the names of all scratch groups begin with
 * @param groups in how many of them something was stored; 0 if it did not come to that
 * @param leftovers the groups that are not empty again
 */
public record VerificationReport(
        List<RuleOutcome> outcomes,
        Optional<String> endedEarly,
        boolean manyWriters,
        boolean keepsChunks,
        Optional<Times> times,
        String groupPrefix,
        int groups,
        List<Leftover> leftovers) {

    public VerificationReport {
        outcomes = List.copyOf(outcomes);
        leftovers = List.copyOf(leftovers);
    }

    /** The medians of {@value #ROUNDS} calls each, one after the other, with a text of {@value #TEXT_BYTES} bytes. */
    public record Times(Duration save, Duration getLast, Duration list) {

        /** How often each call was made; a page of the list has as many headers. */
        public static final int ROUNDS = 20;

        /** The length of the text; that of a snapshot of two models. */
        public static final int TEXT_BYTES = 2048;
    }

    /** A scratch group that could not be emptied, and what it was that stayed. */
    public record Leftover(String group, String reason) {}

    /** Whether every rule was tried or skipped for a reason of the rule's own, and none failed. */
    public boolean passed() {
        return endedEarly.isEmpty() && failed().isEmpty() && count(Result.PASSED) > 0;
    }

    public List<RuleOutcome> failed() {
        return outcomes.stream().filter(RuleOutcome::failed).toList();
    }

    public long count(Result result) {
        return outcomes.stream().filter(outcome -> outcome.result() == result).count();
    }

    /** The outcomes of the rules that prove a requirement; empty where no rule can, or none was tried. */
    public List<RuleOutcome> of(Requirement requirement) {
        return outcomes.stream()
                .filter(outcome -> outcome.proves().contains(requirement))
                .toList();
    }

    /** What no run of the contract against a working store can show. */
    public static List<String> notProved() {
        return List.of(
                "that a save survives a loss of power: that needs a store whose power can be cut",
                "that damage is noticed: nothing is damaged behind the serializer's back in a configured store",
                "what the serializer does while the store is down, slow or full: the build of the plugin tries that",
                "speed under the load of your hosts");
    }
}
