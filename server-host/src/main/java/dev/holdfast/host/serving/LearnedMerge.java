package dev.holdfast.host.serving;

import dev.holdfast.host.state.StateReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What models have learned on two sides since a base, brought onto models that are decided already.
 *
 * <p>A state is taken only by a version whose archive and handler are those of the version that learned it.
 */
final class LearnedMerge {

    private final ServingState base;
    private final ServingState ours;
    private final ServingState theirs;
    private final List<String> sentences = new ArrayList<>();

    LearnedMerge(ServingState base, ServingState ours, ServingState theirs) {
        this.base = base;
        this.ours = ours;
        this.theirs = theirs;
    }

    /** What was learned and not taken, a sentence each for the operator; known after {@link #onto}. */
    List<String> sentences() {
        return List.copyOf(sentences);
    }

    /** The models of {@code merged}, whatever they have learned, with what is taken of both sides. */
    ServingState onto(ServingState merged) {
        ServingState result = merged;
        for (Map.Entry<String, ServedModel> model : merged.models().entrySet()) {
            ServedModel taught = model.getValue();
            for (Map.Entry<String, ServedVersion> version : taught.versions().entrySet()) {
                ServingComparison.Key key = new ServingComparison.Key(model.getKey(), version.getKey());
                taught = taught.with(version.getKey(), version.getValue().withLearned(choose(key, version.getValue())));
            }
            result = result.with(model.getKey(), taught);
        }
        noteUnserved(ours, StateMerge.OURS, merged);
        noteUnserved(theirs, StateMerge.THEIRS, merged);
        return result;
    }

    private Optional<StateReference> choose(ServingComparison.Key key, ServedVersion merged) {
        // What a version learned that was another one then says nothing of what this one learned since.
        Optional<StateReference> before = version(base, key)
                .filter(then -> ServingComparison.isOfSameModel(then, merged))
                .flatMap(ServedVersion::learned);
        Optional<StateReference> here = fitting(ours, StateMerge.OURS, key, merged, before);
        Optional<StateReference> there = fitting(theirs, StateMerge.THEIRS, key, merged, before);
        if (there.equals(before)) {
            return here;
        }
        if (!here.equals(before) && !here.equals(there)) {
            sentences.add(key + ": has learned on both sides; what it has learned " + StateMerge.THEIRS + " is taken");
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
        Optional<StateReference> learned = version(side, key).flatMap(ServedVersion::learned);
        if (learned.isEmpty()
                || version(side, key)
                        .filter(then -> ServingComparison.isOfSameModel(then, merged))
                        .isPresent()) {
            return learned;
        }
        if (!learned.equals(version(base, key).flatMap(ServedVersion::learned))) {
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

    private static Optional<ServedVersion> version(ServingState state, ServingComparison.Key key) {
        return state.model(key.model())
                .flatMap(model -> Optional.ofNullable(model.versions().get(key.version())));
    }
}
