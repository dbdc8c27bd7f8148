package dev.holdfast.host.workflow;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import java.util.List;

/** The plan of a workflow, as a model that nobody asks: its nodes are asked instead. */
public final class WorkflowModel implements LoadedModel {

    private static final ModelSignature SIGNATURE = new ModelSignature(Workflows.PLAN, List.of(), List.of(), false);

    private final WorkflowSpec spec;

    WorkflowModel(WorkflowSpec spec) {
        this.spec = spec;
    }

    public WorkflowSpec spec() {
        return spec;
    }

    @Override
    public ModelSignature signature() {
        return SIGNATURE;
    }

    @Override
    public void check(List<Tensor> inputs) {
        throw new InvalidInputException("A workflow is asked by /wfpredict/{workflow}");
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        throw new IllegalStateException("A workflow has no workers");
    }

    /** It never has workers. */
    @Override
    public boolean mayRest() {
        return false;
    }

    @Override
    public void close() {}
}
