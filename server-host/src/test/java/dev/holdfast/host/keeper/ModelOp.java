package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ServedModel;
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
        return value == 0
                ? state.without(model)
                : state.with(model, ServedModel.of("1.0", States.version(model + ".mar", value, value)));
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
