package dev.holdfast.host.serving;

import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * One thing that is served, a model or a save, in the three states of a merge; absent where a state does not have it.
 *
 * @param same whether two values of it are the same
 */
record MergeSides<T>(Optional<T> base, Optional<T> ours, Optional<T> theirs, BiPredicate<T, T> same) {

    static final String OURS = "here";
    static final String THEIRS = "in the store";
    static final StateDifferences SIDES = new StateDifferences(OURS, THEIRS);

    private static final StateDifferences TIMES = new StateDifferences("before", "now");

    /** Says how the second value differs from the first one, with the names that the two have. */
    @FunctionalInterface
    interface Words<T> {
        String differences(StateDifferences names, T first, T second);
    }

    /** Whether both sides changed it, to different values. */
    boolean isConflict() {
        return !same(ours, theirs) && !same(base, ours) && !same(base, theirs);
    }

    /** What the merged state has, if there is no conflict. */
    Optional<T> chosen() {
        return same(base, ours) ? theirs : ours;
    }

    private boolean same(Optional<T> one, Optional<T> other) {
        return one.isPresent() == other.isPresent()
                && (one.isEmpty() || same.test(one.orElseThrow(), other.orElseThrow()));
    }

    /** What each side did to it, for the operator. */
    String changes(Words<T> words) {
        if (base.isEmpty() && ours.isPresent() && theirs.isPresent()) {
            return "added on both sides (" + words.differences(SIDES, ours.get(), theirs.get()) + ")";
        }
        return change(ours, words) + " " + OURS + ", " + change(theirs, words) + " " + THEIRS;
    }

    private String change(Optional<T> now, Words<T> words) {
        if (base.isEmpty() || now.isEmpty()) {
            return now.isPresent() ? "added" : "removed";
        }
        return "changed (" + words.differences(TIMES, base.get(), now.get()) + ")";
    }
}
