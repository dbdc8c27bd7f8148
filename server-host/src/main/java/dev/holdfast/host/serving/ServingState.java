package dev.holdfast.host.serving;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything that is served, as a value: what a management call changes, a snapshot keeps, and a start comes back to.
 *
 * @param models by name, sorted
 */
public record ServingState(SortedMap<String, ModelState> models) {

    public static final ServingState EMPTY = new ServingState(new TreeMap<>());

    public ServingState {
        models = Collections.unmodifiableSortedMap(new TreeMap<>(models));
    }

    public static ServingState of(Map<String, ModelState> models) {
        return new ServingState(new TreeMap<>(models));
    }

    public Optional<ModelState> model(String name) {
        return Optional.ofNullable(models.get(name));
    }

    public ServingState with(String name, ModelState model) {
        TreeMap<String, ModelState> changed = new TreeMap<>(models);
        changed.put(name, model);
        return new ServingState(changed);
    }

    public ServingState without(String name) {
        TreeMap<String, ModelState> changed = new TreeMap<>(models);
        changed.remove(name);
        return new ServingState(changed);
    }

    /** How many model versions there are: what TorchServe calls modelCount. */
    public int versionCount() {
        return models.values().stream()
                .mapToInt(model -> model.versions().size())
                .sum();
    }
}
