package dev.holdfast.host.serving;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Everything that is served, as a value: what a management call changes, a snapshot keeps, and a start comes back to.
 *
 * @param models by name, sorted
 * @param saves what was saved of models under ids, by model and id, the newest of each id first; also of models that are
 *     not registered any more
 */
public record ServingState(
        SortedMap<String, ServedModel> models, SortedMap<String, SortedMap<String, List<ModelSave>>> saves) {

    /** A text with more model versions than this is a mistake, or somebody's who wants the host's memory. */
    public static final int MOST_VERSIONS = 100_000;

    /** Up to here models are registered: what two hosts serve can be merged, and read again. */
    static final int MOST_REGISTERED = MOST_VERSIONS / 2;

    public static final ServingState EMPTY = new ServingState(new TreeMap<>(), new TreeMap<>());

    public ServingState {
        models = Collections.unmodifiableSortedMap(new TreeMap<>(models));
        saves = copy(saves);
    }

    private static SortedMap<String, SortedMap<String, List<ModelSave>>> copy(
            SortedMap<String, SortedMap<String, List<ModelSave>>> saves) {
        TreeMap<String, SortedMap<String, List<ModelSave>>> copy = new TreeMap<>();
        saves.forEach((model, ids) -> {
            TreeMap<String, List<ModelSave>> ofModel = new TreeMap<>();
            ids.forEach((id, generations) -> {
                if (!generations.isEmpty()) {
                    ofModel.put(id, List.copyOf(generations));
                }
            });
            if (!ofModel.isEmpty()) {
                copy.put(model, Collections.unmodifiableSortedMap(ofModel));
            }
        });
        return Collections.unmodifiableSortedMap(copy);
    }

    public static ServingState of(Map<String, ServedModel> models) {
        return new ServingState(new TreeMap<>(models), new TreeMap<>());
    }

    public Optional<ServedModel> model(String name) {
        return Optional.ofNullable(models.get(name));
    }

    public ServingState with(String name, ServedModel model) {
        return withModels(changed(models, changed -> changed.put(name, model)));
    }

    public ServingState without(String name) {
        return withModels(changed(models, changed -> changed.remove(name)));
    }

    /** The same with other models. */
    public ServingState withModels(Map<String, ServedModel> others) {
        return new ServingState(new TreeMap<>(others), saves);
    }

    /** One model of this state, without saves; nothing if it is not in it. */
    ServingState only(String name) {
        return model(name).map(model -> EMPTY.with(name, model)).orElse(EMPTY);
    }

    /** The same but for one model, of which it has the versions and the saves that another state has. */
    ServingState withModelOf(String name, ServingState other) {
        ServingState changed = other.model(name).map(model -> with(name, model)).orElseGet(() -> without(name));
        return new ServingState(changed.models, changed(saves, all -> all.put(name, other.savesOf(name))));
    }

    /** What was saved of a model, by id, the newest of each id first. */
    public SortedMap<String, List<ModelSave>> savesOf(String model) {
        return saves.getOrDefault(model, Collections.emptySortedMap());
    }

    /** With one more save, which takes the place of the one before it under that id; that one is kept as the older. */
    public ServingState withSave(String model, String id, ModelSave save) {
        List<ModelSave> generations = new ArrayList<>();
        generations.add(save);
        savesOf(model).getOrDefault(id, List.of()).stream()
                .limit(ModelSave.GENERATIONS - 1L)
                .forEach(generations::add);
        return withSaves(model, id, generations);
    }

    /** Without anything that was saved of a model under an id. */
    public ServingState withoutSave(String model, String id) {
        return withSaves(model, id, List.of());
    }

    public ServingState withSaves(String model, String id, List<ModelSave> generations) {
        // No generations are none: the constructor leaves the id out.
        SortedMap<String, List<ModelSave>> ofModel = changed(savesOf(model), ids -> ids.put(id, generations));
        return new ServingState(models, changed(saves, all -> all.put(model, ofModel)));
    }

    private static <V> SortedMap<String, V> changed(SortedMap<String, V> map, Consumer<SortedMap<String, V>> change) {
        SortedMap<String, V> copy = new TreeMap<>(map);
        change.accept(copy);
        return copy;
    }

    /** How many model versions there are: what TorchServe calls modelCount. */
    public int versionCount() {
        return models.values().stream()
                .mapToInt(model -> model.versions().size())
                .sum();
    }
}
