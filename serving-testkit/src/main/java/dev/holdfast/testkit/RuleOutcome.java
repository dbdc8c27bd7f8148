package dev.holdfast.testkit;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a store did with one rule of the contract.
 *
 * @param contract whether the rule is one of snapshots or of chunks
 * @param rule the name of the contract's test
 * @param reason why it failed or was skipped, in one line; empty if it passed
 */
public record RuleOutcome(Contract contract, String rule, Result result, Optional<String> reason, Duration took) {

    /** The part of the contract that a rule belongs to. */
    public enum Contract {
        SNAPSHOTS(SnapshotSerializerContract.class),
        CHUNKS(ChunkStoreContract.class);

        private final Class<?> type;

        Contract(Class<?> type) {
            this.type = type;
        }

        /** The class that has the tests. */
        public Class<?> type() {
            return type;
        }
    }

    /** What became of the test of a rule. */
    public enum Result {
        PASSED,
        FAILED,
        SKIPPED
    }

    /** The rule in words: {@code aNewGroupHasNothing} is "a new group has nothing". */
    public String sentence() {
        return rule.replaceAll("(?=\\p{Lu})", " ").toLowerCase(Locale.ROOT).strip();
    }

    /** Which requirements of the author's manual the rule proves, as far as a test can. */
    public Set<Requirement> proves() {
        return Arrays.stream(contract.type().getDeclaredMethods())
                .filter(method -> method.getName().equals(rule))
                .map(method -> method.getAnnotation(Proves.class))
                .filter(Objects::nonNull)
                .flatMap(proves -> Arrays.stream(proves.value()))
                .collect(Collectors.toUnmodifiableSet());
    }

    boolean failed() {
        return result == Result.FAILED;
    }
}
