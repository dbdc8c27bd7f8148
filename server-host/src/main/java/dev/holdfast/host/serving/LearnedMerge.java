package dev.holdfast.host.serving;

import dev.holdfast.host.state.StateReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * What models have learned on two sides since a base, brought onto models that are decided already.
 *
 * <p>A state is taken only by a version whose archive and handler are those of the version that learned it. Pure functions, for
 * any thread.
 */
public final class LearnedMerge {

    private final ServingState base;
    private final ServingState ours;
    private final ServingState theirs;
    private final List<String> sentences = new ArrayList<>();

    LearnedMerge(ServingState base, ServingState ours, ServingState theirs) {
        this.base = base;
        this.ours = ours;
        this.theirs = theirs;
    }

    /**
     * The models of {@code wanted}, whatever they have learned, with what either side has learned since the base; where both
     * have, with theirs.
     */
    public static ServingState onto(ServingState wanted, ServingState base, ServingState ours, ServingState theirs) {
        LearnedMerge merge = new LearnedMerge(base, ours, theirs);
        return each(wanted, merge::choose);
    }

    /**
     * The models of {@code ours}, each version with what it had learned when both sides had the same last: now, or by what is
     * known of before.
     */
    public static ServingState agreed(ServingState before, ServingState ours, ServingState theirs) {
        return each(
                ours,
                (key, version) -> version.learned().equals(learned(theirs, key))
                        ? version.learned()
                        : version(before, key)
                                .filter(then -> ServingComparison.isOfSameModel(then, version))
                                .flatMap(ServedVersion::learned));
    }

    /**
     * The models of {@code stored}, each version with what it has learned that {@code head} before it had not, or else by what is
     * known of before: what was in both may be another host's.
     */
    public static ServingState brought(ServingState before, ServingState head, ServingState stored) {
        return each(
                stored,
                (key, version) ->
                        version.learned().isPresent() && !version.learned().equals(learned(head, key))
                                ? version.learned()
                                : version(before, key)
                                        .filter(then -> ServingComparison.isOfSameModel(then, version))
                                        .flatMap(ServedVersion::learned));
    }

    /** The models of a state without what they had learned in {@code lost} and have not learned in {@code kept}. */
    public static ServingState without(ServingState state, ServingState lost, ServingState kept) {
        return each(
                state,
                (key, version) -> version.learned()
                        .filter(learned -> !learned(lost, key).equals(version.learned())
                                || learned(kept, key).equals(version.learned())));
    }

    private static ServingState each(
            ServingState state, BiFunction<ServingComparison.Key, ServedVersion, Optional<StateReference>> learned) {
        TreeMap<String, ServedModel> models = new TreeMap<>(state.models());
        models.replaceAll((name, model) -> {
            TreeMap<String, ServedVersion> versions = new TreeMap<>(model.versions());
            versions.replaceAll((version, settings) ->
                    settings.withLearned(learned.apply(new ServingComparison.Key(name, version), settings)));
            return new ServedModel(versions, model.defaultVersion());
        });
        return state.withModels(models);
    }

    /** What was learned and not taken, a sentence each for the operator; known after {@link #onto(ServingState)}. */
    List<String> sentences() {
        return List.copyOf(sentences);
    }

    /** The same as a merge of two sides does it, with a word on whatever is not taken. */
    ServingState onto(ServingState merged) {
        ServingState result = each(merged, this::choose);
        noteUnserved(ours, MergeSides.OURS, merged);
        noteUnserved(theirs, MergeSides.THEIRS, merged);
        return result;
    }

    private Optional<StateReference> choose(ServingComparison.Key key, ServedVersion merged) {
        // What a version learned that was another one then says nothing of what this one learned since.
        Optional<StateReference> before = version(base, key)
                .filter(then -> ServingComparison.isOfSameModel(then, merged))
                .flatMap(ServedVersion::learned);
        Optional<StateReference> here = fitting(ours, MergeSides.OURS, key, merged, before);
        Optional<StateReference> there = fitting(theirs, MergeSides.THEIRS, key, merged, before);
        if (there.equals(before)) {
            return here;
        }
        if (!here.equals(before) && !here.equals(there)) {
            sentences.add(key + ": has learned on both sides; what it has learned " + MergeSides.THEIRS + " is taken");
        }
        return there;
    }

    /** What a side has learned; what does not fit is as if that side had not learned since the base. */
    private Optional<StateReference> fitting(
            ServingState side,
            String name,
            ServingComparison.Key key,
            ServedVersion merged,
            Optional<StateReference> otherwise) {
        Optional<StateReference> learned = learned(side, key);
        if (learned.isEmpty()
                || version(side, key)
                        .filter(then -> ServingComparison.isOfSameModel(then, merged))
                        .isPresent()) {
            return learned;
        }
        if (!learned.equals(learned(base, key))) {
            sentences.add(key + ": what it has learned " + name
                    + " is dropped, for it has another archive or handler on the other side");
        }
        return otherwise;
    }

    private void noteUnserved(ServingState side, String name, ServingState merged) {
        Map<ServingComparison.Key, StateReference> before = ServingComparison.learned(base);
        ServingComparison.learned(side).forEach((key, learned) -> {
            if (version(merged, key).isEmpty() && !learned.equals(before.get(key))) {
                sentences.add(
                        key + ": what it has learned " + name + " is dropped, for it was removed on the other side");
            }
        });
    }

    private static Optional<StateReference> learned(ServingState state, ServingComparison.Key key) {
        return version(state, key).flatMap(ServedVersion::learned);
    }

    private static Optional<ServedVersion> version(ServingState state, ServingComparison.Key key) {
        return state.model(key.model())
                .flatMap(model -> Optional.ofNullable(model.versions().get(key.version())));
    }
}
