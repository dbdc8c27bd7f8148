package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.util.Optional;

/** The edits of management calls, and what they refuse; pure functions. Empty stands for a model that is not there. */
final class ModelEdits {

    private ModelEdits() {}

    static ServedModel require(String model, Optional<ServedModel> current) {
        return current.orElseThrow(
                () -> new ServingException(Kind.MODEL_NOT_FOUND, "Model not found: " + OneLine.name(model)));
    }

    static ServedVersion require(String model, ServedModel state, String version) {
        ServedVersion found = state.versions().get(version);
        if (found == null) {
            throw new ServingException(
                    Kind.VERSION_NOT_FOUND,
                    "Model version: " + OneLine.name(version) + " does not exist for model: " + model);
        }
        return found;
    }

    /**
     * The first version of a model is its default.
     *
     * @param stands whether a version that is there already is not to be replaced
     */
    static Optional<ServedModel> add(
            String model, String version, ServedVersion wanted, Optional<ServedModel> current, boolean stands) {
        if (current.isEmpty()) {
            return Optional.of(ServedModel.of(version, wanted));
        }
        if (stands && current.get().versions().containsKey(version)) {
            throw new ServingException(
                    Kind.CONFLICT, "Model version " + version + " is already registered for model " + model);
        }
        return Optional.of(current.get().with(version, wanted));
    }

    /** With the last version goes the model; before that, the default stays. */
    static Optional<ServedModel> remove(String model, String version, ServedModel current) {
        if (current.versions().size() == 1) {
            return Optional.empty();
        }
        if (version.equals(current.defaultVersion())) {
            throw new ServingException(Kind.DEFAULT_VERSION, "Cannot remove default version for model " + model);
        }
        return Optional.of(current.without(version));
    }
}
