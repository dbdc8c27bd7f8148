package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What models have learned, in the serving state: what was stored last, and what was saved under ids. */
record SavedStates(ServingChanges changes, RunningModels running) {

    private static final Logger log = LoggerFactory.getLogger(SavedStates.class);

    /** The versions whose models have a state. */
    List<RunningVersion> stateful() {
        return running.all().stream()
                .filter(version -> version.stateful().isPresent())
                .toList();
    }

    /** Does what {@link ModelServing#learned} says. */
    Optional<CompletableFuture<Durability>> learned(RunningVersion version, StateReference learned, long updates) {
        String model = version.model();
        return changes.change(() -> changes.withModel(model, () -> {
            if (!isInService(version)) {
                changes.abandoned();
                return Optional.<CompletableFuture<Durability>>empty();
            }
            version.stored(learned, updates);
            return Optional.of(changes.edit(
                            model,
                            now -> now.with(
                                    model, now.model(model).orElseThrow().withLearned(version.version(), learned)))
                    .durability());
        }));
    }

    /** Does what {@link ModelServing#takeUp} says. */
    void takeUp(Map<ServingComparison.Key, StateReference> learned) {
        learned.forEach((key, state) -> running.get(key.model(), key.version())
                .filter(version -> version.stateful().isPresent() && !version.isAhead())
                .ifPresent(version -> takeUp(version, state)));
    }

    private void takeUp(RunningVersion version, StateReference state) {
        try {
            changes.takeUp(version, state);
        } catch (ServingException e) {
            log.warn(
                    "Model {} version {} answers with what it knows, and not yet with what another host's has learned: {}",
                    version.model(),
                    version.version(),
                    e.getMessage());
        }
    }

    private boolean isInService(RunningVersion version) {
        return running.get(version.model(), version.version())
                .filter(found -> found == version)
                .isPresent();
    }

    /** Does what {@link ModelServing#keep} says. */
    RunningChange keep(RunningVersion version, String id, ModelSave save) {
        String model = version.model();
        return changes.change(() -> changes.withModel(model, () -> {
            if (!isInService(version)) {
                throw new ServingException(
                        Kind.UNAVAILABLE,
                        "Model \"" + model + "\" version \"" + version.version()
                                + "\" was replaced or taken out of service while its state was saved; nothing was kept"
                                + " as \"" + id + "\". Try again.");
            }
            return new RunningChange(
                    model,
                    save.version(),
                    version.state(),
                    changes.edit(model, now -> now.withSave(model, ModelSave.checkId(id), save))
                            .durability());
        }));
    }

    /** Does what {@link ModelServing#forget} says. */
    CompletableFuture<Durability> forget(String model, String id) {
        return changes.change(() -> changes.edit(model, now -> {
                    requireSaves(now, model, id);
                    return now.withoutSave(model, id);
                })
                .durability());
    }

    /** Does what {@link ModelServing#load} says. */
    RunningChange load(String model, Optional<String> version, String id, int generation) {
        return changes.change(() -> changes.withModel(model, () -> {
            ServingState before = changes.state();
            ServedModel served = ModelEdits.require(model, before.model(model));
            String loaded = version.orElse(served.defaultVersion());
            ServedVersion now = ModelEdits.require(model, served, loaded);
            List<ModelSave> generations = requireSaves(before, model, id);
            if (generation < 0 || generation >= generations.size()) {
                throw new ServingException(
                        Kind.BAD_REQUEST,
                        "Save \"" + id + "\" of model \"" + model + "\" has the generations 0 to "
                                + (generations.size() - 1) + ", not " + generation + ".");
            }
            ServedVersion then = now.withLearned(generations.get(generation).state());
            return changes.editAnew(model, loaded, all -> all.with(model, served.with(loaded, then)))
                    .of(model, loaded);
        }));
    }

    private static List<ModelSave> requireSaves(ServingState state, String model, String id) {
        List<ModelSave> generations = state.savesOf(model).get(id);
        if (generations == null) {
            throw new ServingException(
                    Kind.SAVE_NOT_FOUND,
                    "Nothing was saved of model \"" + model + "\" as \"" + OneLine.name(id) + "\".");
        }
        return generations;
    }
}
