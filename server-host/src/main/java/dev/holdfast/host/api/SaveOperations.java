package dev.holdfast.host.api;

import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.RunningChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What models have learned, kept under ids: saving, loading, listing and removing. Safe for use by several threads. */
public final class SaveOperations {

    private final ModelServing serving;
    private final LearnedStates learned;
    private final DurableChanges changes;

    SaveOperations(ModelServing serving, LearnedStates learned, DurableChanges changes) {
        this.serving = serving;
        this.learned = learned;
        this.changes = changes;
    }

    /**
     * One save of a model.
     *
     * @param generation 0 for the newest of its id
     */
    public record NamedSave(String id, int generation, ModelSave save) {}

    /** Saves what a version has learned until now; returns when that is durable. */
    public ChangeResult save(String model, Optional<String> version, String id) {
        RunningChange change = learned.saveAs(serving.find(model, version), id);
        return changes.done(sentence(change) + " saved as \"" + id + "\"", change.durability());
    }

    /** Lets a version go over to what was saved; returns when that is durable. */
    public ChangeResult load(String model, Optional<String> version, String id, int generation) {
        RunningChange change = serving.load(model, version, id, generation);
        return changes.done(sentence(change) + " went over to what was saved as \"" + id + "\"", change.durability());
    }

    private static String sentence(RunningChange change) {
        return "Model \"" + change.model() + "\" Version: " + change.version();
    }

    public List<NamedSave> list(String model) {
        List<NamedSave> saves = new ArrayList<>();
        serving.state().savesOf(model).forEach((id, generations) -> {
            for (int generation = 0; generation < generations.size(); generation++) {
                saves.add(new NamedSave(id, generation, generations.get(generation)));
            }
        });
        if (saves.isEmpty()) {
            // Of a model that is gone its saves are listed still; of one that never was, nothing.
            serving.describe(model, Optional.empty());
        }
        return saves;
    }

    /** Removes all generations of a save. */
    public ChangeResult remove(String model, String id) {
        return changes.done("Save \"" + id + "\" of model \"" + model + "\" removed", serving.forget(model, id));
    }
}
