package dev.holdfast.host.api;

import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.workflow.Workflows;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** Which workflows there are among the models that are served. */
final class WorkflowNames {

    private WorkflowNames() {}

    static SortedSet<String> of(ServingState state) {
        SortedSet<String> names = new TreeSet<>();
        String suffix = Workflows.plan("");
        state.models().forEach((model, served) -> {
            if (model.endsWith(suffix) && served.versions().values().stream().anyMatch(WorkflowNames::isPlan)) {
                names.add(model.substring(0, model.length() - suffix.length()));
            }
        });
        return names;
    }

    /** The workflow of which a model is a node or the plan. */
    static Optional<String> ofModel(String model, ServingState state) {
        return of(state).stream().filter(name -> Workflows.isOf(name, model)).findFirst();
    }

    /** Whether a model is the plan of a workflow. */
    static boolean isPlan(ServedVersion version) {
        return version.handler().filter(Workflows.PLAN::equals).isPresent();
    }
}
