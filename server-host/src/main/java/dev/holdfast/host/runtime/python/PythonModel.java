package dev.holdfast.host.runtime.python;

import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.ProcessModel;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.runtime.process.WorkerProcess;
import java.util.List;
import java.util.Optional;

/** A model with a Python handler: what its workers have in common. */
final class PythonModel implements ProcessModel {

    static final String RUNTIME = "python";

    private static final ModelSignature SIGNATURE = ModelSignature.ofHandler(RUNTIME);

    private static final long WITHOUT_TORCH = 5L << 20;
    private static final long WITH_TORCH = 150L << 20;

    private final WorkerPlan plan;
    private final WorkerDirectory directory;
    private final Optional<RequiredPackages> packages;

    /** @param packages what the model's workers need; empty where they need nothing, or have it */
    PythonModel(WorkerPlan plan, WorkerDirectory directory, Optional<RequiredPackages> packages) {
        this.packages = packages;
        this.plan = plan;
        this.directory = directory;
    }

    @Override
    public ModelSignature signature() {
        return SIGNATURE;
    }

    /** What a handler wants is known to the handler alone. */
    @Override
    public void check(List<Tensor> inputs) {
        HandlerRequest.of(inputs);
    }

    @Override
    public Joining joining() {
        return new Joining(Joining.By.AUTHOR, "a Python handler takes whole batches");
    }

    /** What Python takes, and the model's weights once; of Python with torch much is shared between workers. */
    @Override
    public long workerBytes() {
        return (plan.python().torchServe().isPresent() ? WITH_TORCH : WITHOUT_TORCH) + plan.weightBytes();
    }

    @Override
    public ModelProcess process(ProcessTerms terms) {
        return new WorkerProcess(new PythonLaunch(plan, packages), terms, directory);
    }

    /** Each process is its worker's, who closes it. */
    @Override
    public void close() {
        packages.ifPresent(RequiredPackages::close);
    }
}
