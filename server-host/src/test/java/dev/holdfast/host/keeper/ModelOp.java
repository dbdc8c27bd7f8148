package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A change of what is served, as the model test makes it.
 *
 * @param id given once
 * @param value how many workers the model gets; 0 takes it away
 */
record ModelOp(int id, String model, int value) {

    ServingState apply(ServingState state) {
        if (value == 0) {
            return state.without(model);
        }
        ServedVersion version = States.version(archive(), value, value);
        return state.with(
                model,
                ServedModel.of(
                        "1.0",
                        ModelLessons.learned(state, model)
                                .filter(it -> !isRemovalOf(model, state))
                                .map(version::withLearned)
                                .orElse(version)));
    }

    /** Model z has an archive for each value, the others have one. */
    private String archive() {
        return model + (model.equals("z") ? value : "") + ".mar";
    }

    /** Whether what a model has learned goes with this change. */
    boolean isRemovalOf(String name, ServingState state) {
        return name.equals(model)
                && state.model(model)
                        .filter(it -> value == 0
                                || !it.versions().get("1.0").archive().equals(archive()))
                        .isPresent();
    }

    static ServingState apply(List<ModelOp> ops, ServingState state) {
        ServingState after = state;
        for (ModelOp op : ops) {
            after = op.apply(after);
        }
        return after;
    }

    static Set<Integer> ids(List<ModelOp> ops) {
        return ops.stream().map(ModelOp::id).collect(Collectors.toSet());
    }

    /** What a snapshot's configuration says of the changes that it holds and the snapshot before it does not. */
    static String text(List<ModelOp> ops) {
        return ops.stream()
                .map(op -> op.id() + ":" + op.model() + ":" + op.value())
                .collect(Collectors.joining(","));
    }

    static List<ModelOp> parse(String text) {
        List<ModelOp> ops = new ArrayList<>();
        for (String op : text.isEmpty() ? new String[0] : text.split(",")) {
            String[] parts = op.split(":");
            ops.add(new ModelOp(Integer.parseInt(parts[0]), parts[1], Integer.parseInt(parts[2])));
        }
        return ops;
    }

    @Override
    public String toString() {
        return model + "=" + value + " (change " + id + ")";
    }
}
