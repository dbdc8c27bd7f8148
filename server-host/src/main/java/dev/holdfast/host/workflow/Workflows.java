package dev.holdfast.host.workflow;

import java.util.Optional;

/** How workflows are called among the models of a host. */
public final class Workflows {

    /** The handler of an archive with a workflow, and the name of the node that holds its plan. */
    public static final String PLAN = "workflow";

    private static final String BETWEEN = "__";

    private Workflows() {}

    /** The model that a node is served as, as TorchServe calls it. */
    public static String model(String workflow, String node) {
        return workflow + BETWEEN + node;
    }

    /** The model that holds the plan. */
    public static String plan(String workflow) {
        return model(workflow, PLAN);
    }

    /** Why a workflow may not be called so, as the end of a sentence; empty if it may. */
    public static Optional<String> problem(String workflow) {
        return workflow.contains(BETWEEN)
                ? Optional.of("has " + BETWEEN + ", which stands between a workflow's name and those of its nodes")
                : Optional.empty();
    }

    /** Whether a model is one of the workflow's. */
    public static boolean isOf(String workflow, String model) {
        return model.startsWith(workflow + BETWEEN);
    }
}
