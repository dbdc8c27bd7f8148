package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.serving.ModelServing;
import java.util.Optional;
import java.util.Set;

/** Finds the models that are asked and taught. Safe for use by several threads. */
public final class InferenceOperations {

    private final ModelServing serving;

    InferenceOperations(ModelServing serving) {
        this.serving = serving;
    }

    /** A version of a model; that of its default if none is given. */
    public InferenceModel model(String model, Optional<String> version) {
        return new InferenceModel(serving.find(model, version));
    }

    /** The name of the host's only model. */
    public String onlyModel() {
        Set<String> models = serving.state().models().keySet();
        if (models.size() != 1) {
            throw new ApiFailure(Kind.BAD_REQUEST, "Parameter model_name is required.");
        }
        return models.iterator().next();
    }
}
