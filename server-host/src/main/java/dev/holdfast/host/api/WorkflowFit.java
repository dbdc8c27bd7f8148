package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.workflow.WorkflowSpec;
import dev.holdfast.host.workflow.Workflows;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Whether the nodes of a workflow fit together, as far as that is known before a request: what a handler answers is not, but
 * a model that takes tensors says what it wants and gives.
 */
final class WorkflowFit {

    private final String workflow;
    private final WorkflowSpec spec;
    private final Map<String, ModelSignature> signatures;

    private WorkflowFit(String workflow, WorkflowSpec spec, Map<String, ModelSignature> signatures) {
        this.workflow = workflow;
        this.spec = spec;
        this.signatures = signatures;
    }

    /**
     * @param signatures by the names of the models that the nodes are served as
     * @throws ApiFailure of kind BAD_REQUEST if a node can never get what it takes
     */
    static void require(String workflow, WorkflowSpec spec, Map<String, ModelSignature> signatures) {
        WorkflowFit fit = new WorkflowFit(workflow, spec, signatures);
        spec.nodes().keySet().forEach(fit::require);
    }

    private void require(String node) {
        ModelSignature signature = signature(node).orElse(null);
        List<String> before = spec.before().getOrDefault(node, List.of());
        if (signature == null || signature.isOfHandler() || before.isEmpty()) {
            return;
        }
        if (signature.raw()) {
            if (before.size() > 1) {
                throw refused(
                        node,
                        "takes one body, and the nodes " + before + " stand before it; put a function between, which"
                                + " makes one of what they answer");
            }
            return;
        }
        List<TensorSpec> wanted = signature.inputs().stream()
                .filter(input -> !signature.controls().contains(input))
                .toList();
        if (before.size() == 1) {
            signature(before.get(0))
                    .filter(given -> !given.isOfHandler() && !given.raw())
                    .ifPresent(given -> requireOutputs(node, wanted, before.get(0), given.outputs()));
        } else {
            requireNames(node, signature, wanted, before);
        }
    }

    private void requireNames(String node, ModelSignature signature, List<TensorSpec> wanted, List<String> before) {
        List<String> inputs = signature.inputs().stream().map(TensorSpec::name).toList();
        boolean all = wanted.stream().allMatch(input -> before.contains(input.name()));
        if (!all || !inputs.containsAll(before)) {
            throw refused(
                    node,
                    "is a model with the inputs " + described(wanted) + ", and the nodes " + before
                            + " stand before it. What several nodes answer goes to the inputs that have their names: call them"
                            + " as the inputs are called, or put a function between, which answers {\"INPUT\": VALUE, …}");
        }
        before.forEach(some -> signature(some)
                .filter(given -> !given.isOfHandler() && !given.raw())
                .ifPresent(given -> requireOutputs(
                        node,
                        signature.inputs().stream()
                                .filter(input -> input.name().equals(some))
                                .toList(),
                        some,
                        given.outputs())));
    }

    /** What is answered with one output is its values alone, with several an object with the values of each. */
    private void requireOutputs(String node, List<TensorSpec> wanted, String before, List<TensorSpec> outputs) {
        boolean one = wanted.size() == 1 && outputs.size() == 1;
        boolean fits = wanted.stream()
                .allMatch(input -> outputs.stream()
                        .filter(output -> one || output.name().equals(input.name()))
                        .anyMatch(output -> (output.type() == TensorType.BYTES) == (input.type() == TensorType.BYTES)));
        boolean extra = !one
                && outputs.stream()
                        .anyMatch(output ->
                                wanted.stream().noneMatch(input -> input.name().equals(output.name())));
        if (!fits || extra) {
            throw refused(
                    node,
                    "is a model with the inputs " + described(wanted) + ", and the node '" + before
                            + "' before it gives " + described(outputs)
                            + ". Put a function between, which makes the one of the other");
        }
    }

    private static String described(List<TensorSpec> tensors) {
        return tensors.stream()
                .map(tensor -> "'" + tensor.name() + "' " + tensor.type() + tensor.shape())
                .collect(Collectors.joining(", "));
    }

    private Optional<ModelSignature> signature(String node) {
        return Optional.ofNullable(signatures.get(Workflows.model(workflow, node)));
    }

    private ApiFailure refused(String node, String why) {
        return new ApiFailure(Kind.BAD_REQUEST, "Workflow " + workflow + ": its node '" + node + "' " + why + ".");
    }
}
