package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingComparison.SaveKey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The three-way merge of two serving states that came from one.
 *
 * <pre>
 *            ┌─▶ ours ───┐
 *   base ────┤           ├──▶ merged, or conflicts
 *            └─▶ theirs ─┘
 * </pre>
 *
 * <p>It goes by models as wholes (versions, default version, settings, archives) and by named saves. What one side changed
 * is taken, and so is what both changed to the same; a removal is a change. Whatever both changed to different values is a
 * conflict, and one conflict refuses the whole merge: half of a decision is what nobody decided. An archive's digest that
 * is not known equals any, and the merged state has the known one; but where both sides came to know different digests of
 * one archive, that is a conflict, for they serve different models under one name.
 *
 * <p>What models have learned is merged by versions and never refuses the merge: where both sides learned, theirs is taken.
 * But for that, the merged state is the same whichever side is ours, so that two hosts that merge end equal.
 *
 * <p>Pure functions, for any thread. Sentences call our side {@code here} and theirs {@code in the store}.
 */
public final class StateMerge {

    private final ServingState base;
    private final ServingState ours;
    private final ServingState theirs;
    private final List<String> conflicts = new ArrayList<>();

    private StateMerge(ServingState base, ServingState ours, ServingState theirs) {
        this.base = base;
        this.ours = ours;
        this.theirs = theirs;
    }

    /**
     * What came of a merge.
     *
     * @param merged absent if and only if there are conflicts
     * @param conflicts a sentence for each model and each save that both sides changed, and what each side did
     * @param learnedConflicts a sentence for each version of which something that one side learned is not in the merged
     *     state: it learned on both sides, or the other side has removed it or given it another archive or handler; empty
     *     if there are conflicts
     */
    public record Result(Optional<ServingState> merged, List<String> conflicts, List<String> learnedConflicts) {

        public Result {
            conflicts = List.copyOf(conflicts);
            learnedConflicts = List.copyOf(learnedConflicts);
            if (merged.isPresent() != conflicts.isEmpty()) {
                throw new IllegalArgumentException("A merge has either a state or conflicts, not " + conflicts.size()
                        + " conflicts and " + (merged.isPresent() ? "a state" : "none"));
            }
        }
    }

    /** Merges what became of {@code base} here and in the store. */
    public static Result of(ServingState base, ServingState ours, ServingState theirs) {
        return new StateMerge(base, ours, theirs).merge();
    }

    private Result merge() {
        ServingState merged = ServingState.EMPTY;
        Set<String> names = new TreeSet<>();
        Set<SaveKey> saves = new LinkedHashSet<>();
        for (ServingState state : List.of(base, ours, theirs)) {
            names.addAll(state.models().keySet());
            saves.addAll(ServingComparison.saves(state).keySet());
        }
        for (String name : names) {
            Optional<ServedModel> model = model(name);
            merged = model.isPresent() ? merged.with(name, model.get()) : merged;
        }
        for (SaveKey key : saves) {
            merged = merged.withSaves(key.model(), key.id(), save(key).orElse(List.of()));
        }
        if (!conflicts.isEmpty()) {
            return new Result(Optional.empty(), conflicts, List.of());
        }
        LearnedMerge learned = new LearnedMerge(base, ours, theirs);
        return new Result(Optional.of(learned.onto(merged)), List.of(), learned.sentences());
    }

    private Optional<ServedModel> model(String name) {
        MergeSides<ServedModel> sides = sides(state -> state.model(name), ServingComparison::same);
        if (isOtherArchive(sides)) {
            conflicts.add(
                    "model " + name + ": not the same archive " + MergeSides.OURS + " and " + MergeSides.THEIRS + " ("
                            + within(
                                    MergeSides.SIDES,
                                    sides.ours().orElseThrow(),
                                    sides.theirs().orElseThrow()) + ")");
        } else if (sides.isConflict()) {
            conflicts.add("model " + name + ": " + sides.changes(StateMerge::within));
        }
        return sides.chosen()
                .map(model -> withDigests(model, sides.theirs()))
                .map(model -> withDigests(model, sides.ours()))
                .map(model -> withDigests(model, sides.base()));
    }

    private Optional<List<ModelSave>> save(SaveKey key) {
        MergeSides<List<ModelSave>> sides =
                sides(state -> Optional.ofNullable(state.savesOf(key.model()).get(key.id())), ServingComparison::same);
        if (sides.isConflict()) {
            conflicts.add(key + ": " + sides.changes(StateDifferences::ofGenerations));
        }
        return sides.chosen();
    }

    private <T> MergeSides<T> sides(Function<ServingState, Optional<T>> part, BiPredicate<T, T> same) {
        return new MergeSides<>(part.apply(base), part.apply(ours), part.apply(theirs), same);
    }

    private static String within(StateDifferences names, ServedModel first, ServedModel second) {
        return names.within(first, second).stream().map(Object::toString).collect(Collectors.joining("; "));
    }

    /** Whether both sides came to know digests of an archive that the base did not know, and not the same ones. */
    private static boolean isOtherArchive(MergeSides<ServedModel> sides) {
        if (sides.base().isEmpty() || sides.ours().isEmpty() || sides.theirs().isEmpty()) {
            return false;
        }
        Map<String, ServedVersion> here = sides.ours().get().versions();
        Map<String, ServedVersion> there = sides.theirs().get().versions();
        return sides.base().get().versions().entrySet().stream()
                .filter(version -> version.getValue().archiveSha256().isEmpty())
                .anyMatch(version -> Optional.ofNullable(here.get(version.getKey()))
                        .filter(our -> our.archive().equals(version.getValue().archive()))
                        .filter(our -> Optional.ofNullable(there.get(version.getKey()))
                                .filter(their -> their.archive().equals(our.archive()))
                                .filter(their -> !our.mayBeSameArchive(their))
                                .isPresent())
                        .isPresent());
    }

    /** The model with those digests that it lacks and another state of it has for archives of the same names. */
    private static ServedModel withDigests(ServedModel model, Optional<ServedModel> other) {
        ServedModel known = model;
        for (Map.Entry<String, ServedVersion> version : model.versions().entrySet()) {
            ServedVersion state = version.getValue();
            Optional<String> sha256 = other.map(found -> found.versions().get(version.getKey()))
                    .filter(found -> found.archive().equals(state.archive()))
                    .flatMap(ServedVersion::archiveSha256);
            if (state.archiveSha256().isEmpty() && sha256.isPresent()) {
                known = known.with(version.getKey(), state.withArchiveSha256(sha256.get()));
            }
        }
        return known;
    }
}
