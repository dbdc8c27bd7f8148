package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What models have learned here and in the store, by model version. The hosts of a group learn independently, and none may
 * undo by a snapshot what another one's model has learned.
 *
 * <pre>
 *   changed here alone since both agreed ───▶ this host's
 *   changed in the store alone ─────────────▶ the store's
 *   changed on both sides ──────────────────▶ the store's, until somebody decides; the key is in conflict
 * </pre>
 *
 * <p>Used by the keeper's thread alone.
 */
final class LearnedKeys {

    private Map<ServingComparison.Key, StateReference> oursThen = Map.of();
    private Map<ServingComparison.Key, StateReference> storeThen = Map.of();
    private final Set<String> conflicts = new TreeSet<>();
    private Set<ServingComparison.Key> inConflict = Set.of();

    /** Both sides agree from here on; {@code mine} is what this host serves. */
    void agree(ServingState mine, ServingState stored) {
        oursThen = ServingComparison.learned(mine);
        storeThen = ServingComparison.learned(stored);
    }

    /** What waited here is in the store; what has been learned since is still ahead of it. */
    void sent(ServingState mine, ServingState head) {
        Map<ServingComparison.Key, StateReference> ours = ServingComparison.learned(mine);
        Map<ServingComparison.Key, StateReference> there = ServingComparison.learned(head);
        Map<ServingComparison.Key, StateReference> then = new HashMap<>(oursThen);
        ours.forEach((key, learned) -> {
            if (learned.equals(there.get(key))) {
                then.put(key, learned);
            }
        });
        oursThen = Map.copyOf(then);
        storeThen = there;
    }

    void settle() {
        conflicts.clear();
        inConflict = Set.of();
    }

    /** The versions of models, as people know them, that have learned different things here and in the store. */
    Set<String> conflicts() {
        return Set.copyOf(conflicts);
    }

    /** Whether something has been learned here that no agreed snapshot holds. */
    boolean isAhead(ServingState mine) {
        Map<ServingComparison.Key, StateReference> now = ServingComparison.learned(mine);
        return now.entrySet().stream()
                .anyMatch(entry -> !inConflict.contains(entry.getKey())
                        && !entry.getValue().equals(oursThen.get(entry.getKey())));
    }

    /** Whether something that was learned here gives way to what another host has learned meanwhile. */
    boolean loses(ServingState here, ServingState stored) {
        Map<ServingComparison.Key, StateReference> there = ServingComparison.learned(stored);
        return ServingComparison.learned(here).entrySet().stream()
                .anyMatch(entry ->
                        inConflict.contains(entry.getKey()) && !entry.getValue().equals(there.get(entry.getKey())));
    }

    /**
     * A serving state with what was learned here or in the store, whichever is newer.
     *
     * @param served what is to be served; what it says of learned states is passed over
     * @param head the store's newest; empty where it has none
     */
    ServingState onto(ServingState served, ServingState mine, Optional<HistoryPoint> head) {
        if (head.isEmpty()) {
            return served;
        }
        Map<ServingComparison.Key, StateReference> ours = ServingComparison.learned(mine);
        Map<ServingComparison.Key, StateReference> theirs =
                ServingComparison.learned(head.get().state());
        TreeMap<String, ServedModel> models = new TreeMap<>(served.models());
        models.replaceAll((name, model) -> {
            TreeMap<String, ServedVersion> versions = new TreeMap<>(model.versions());
            versions.replaceAll((version, state) -> {
                ServingComparison.Key key = new ServingComparison.Key(name, version);
                boolean sameModel = isOfSameModel(state, mine, key);
                return state.withLearned(
                        chosen(key, sameModel ? Optional.ofNullable(ours.get(key)) : Optional.empty(), theirs));
            });
            return new ServedModel(versions, model.defaultVersion());
        });
        return served.withModels(models);
    }

    private Optional<StateReference> chosen(
            ServingComparison.Key key,
            Optional<StateReference> ours,
            Map<ServingComparison.Key, StateReference> theirs) {
        Optional<StateReference> store = Optional.ofNullable(theirs.get(key));
        Optional<StateReference> storeBefore = Optional.ofNullable(storeThen.get(key));
        // What waits here may hold what the store had then.
        boolean changedHere = !ours.equals(Optional.ofNullable(oursThen.get(key))) && !ours.equals(storeBefore);
        boolean changedThere = !store.equals(storeBefore);
        if (inConflict.contains(key) || !changedHere) {
            return store;
        }
        if (!changedThere || ours.equals(store)) {
            return ours;
        }
        Set<ServingComparison.Key> more = new HashSet<>(inConflict);
        more.add(key);
        inConflict = Set.copyOf(more);
        conflicts.add("model " + key.model() + ", version " + key.version());
        return store;
    }

    /** What one archive and handler have learned means nothing to others. */
    private static boolean isOfSameModel(ServedVersion wanted, ServingState mine, ServingComparison.Key key) {
        return mine.model(key.model())
                .map(model -> model.versions().get(key.version()))
                .filter(own -> ServingComparison.isOfSameModel(own, wanted))
                .isPresent();
    }
}
