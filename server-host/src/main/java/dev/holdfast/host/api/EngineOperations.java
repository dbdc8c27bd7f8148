package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.RunningVersion;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models that are called by methods of their own kind, for wires that have such calls. Always the default version is meant.
 * Safe for use by several threads.
 */
public final class EngineOperations {

    private static final Logger log = LoggerFactory.getLogger(EngineOperations.class);

    private final ModelServing serving;
    private final LearnedStates learned;

    EngineOperations(ModelServing serving, LearnedStates learned) {
        this.serving = serving;
        this.learned = learned;
    }

    /** A model of a kind. */
    public final class Found<M> {

        private final RunningVersion version;
        private final M model;

        private Found(RunningVersion version, M model) {
            this.version = version;
            this.model = model;
        }

        /** Its name and version, for messages. */
        public String name() {
            return version.model() + " " + version.version();
        }

        /** The model, to be asked and not to be changed. */
        public M asked() {
            return model;
        }

        /** Whether somebody changes it just now, so that {@link #teach} would wait. */
        public boolean isBeingTaught() {
            return version.isBeingTaught();
        }

        /**
         * Changes the model, on this thread; others that change it wait.
         *
         * @throws dev.holdfast.host.serving.ServingException if others change it for too long, or it is taken out of service
         */
        public <T> T teach(Function<M, T> lesson) {
            return version.teach(model, lesson);
        }

        /**
         * Stores what the model has learned, so that a restart brings it back. Where the store does not take it, the host says
         * so and tries again by itself.
         */
        public void keep() {
            try {
                learned.save(version);
            } catch (RuntimeException e) {
                log.debug("What {} has learned was not stored when a client saved or loaded it", name(), e);
            }
        }
    }

    /**
     * The model of a name, or the only one of a kind whatever the name.
     *
     * @throws ApiFailure if there is none
     */
    public <M> Found<M> find(String name, Class<M> kind) {
        List<Found<M>> all = new ArrayList<>();
        for (String model : serving.state().models().keySet()) {
            Optional<Found<M>> found = found(model, kind);
            if (found.isPresent() && model.equals(name)) {
                return found.get();
            }
            found.ifPresent(all::add);
        }
        if (all.size() == 1) {
            return all.get(0);
        }
        throw new ApiFailure(
                Kind.MODEL_NOT_FOUND,
                all.isEmpty()
                        ? "No model of this kind is loaded on this host."
                        : "'" + OneLine.name(name) + "' is none of the models of this kind: "
                                + String.join(
                                        ", ", all.stream().map(Found::name).toList())
                                + "; the first argument of a call is the model's name.");
    }

    private <M> Optional<Found<M>> found(String model, Class<M> kind) {
        RunningVersion version = serving.find(model, Optional.empty());
        return version.as(kind).map(some -> new Found<>(version, some));
    }
}
