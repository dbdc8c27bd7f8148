package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.ProcessModel;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.onnx.TensorFrames.Decision;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.runtime.process.WorkerProcess;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An ONNX model that runs in processes of its workers.
 *
 * <p>A first process, the scout, tells what the model wants and how its requests run together. It ends before the workers' start,
 * which are told what it has found.
 */
final class OnnxProcessModel implements ProcessModel {

    /** What a JVM with the engine takes. */
    private static final long WITHOUT_WEIGHTS = 64L << 20;

    private static final int MOST_FAILURES = 3;

    private final OnnxLaunch launch;
    private final WorkerDirectory directory;
    private final OnnxProcess scout;
    private final ModelSignature signature;
    private final InputCheck check;
    private final long weightBytes;
    private final AtomicInteger failures = new AtomicInteger();

    private volatile Joining joining = Joining.single("nobody has asked for more yet");
    private volatile Optional<byte[]> termsOfWorkers = Optional.empty();
    private volatile Optional<List<Tensor>> warmUp = Optional.empty();

    /** @param scout has loaded the model; closed by this */
    OnnxProcessModel(OnnxLaunch launch, WorkerDirectory directory, OnnxProcess scout, long weightBytes) {
        this.launch = launch;
        this.directory = directory;
        this.scout = scout;
        this.weightBytes = weightBytes;
        this.signature = TensorFrames.signature(scout.ask(OnnxWorker.SIGNATURE, new byte[0]));
        this.check = new InputCheck(launch.archive(), signature.inputs());
    }

    @Override
    public ModelSignature signature() {
        return signature;
    }

    @Override
    public void check(List<Tensor> inputs) {
        check.check(inputs);
    }

    /** The first process answers it too: what fails there would fail in each worker. */
    @Override
    public boolean warmUp(List<Tensor> inputs) {
        scout.predict(List.of(inputs));
        warmUp = Optional.of(List.copyOf(inputs));
        return true;
    }

    @Override
    public void prepareBatches(BatchTerms terms) {
        try {
            Decision decision =
                    TensorFrames.decision(scout.ask(OnnxWorker.BATCHES, TensorFrames.ofTerms(terms, Optional.empty())));
            joining = decision.joining();
            termsOfWorkers = Optional.of(TensorFrames.ofTerms(terms, Optional.of(decision)));
        } catch (IllegalStateException e) {
            joining = Joining.single("the process that checked it has ended: " + OneLine.of(e));
        } finally {
            scout.close();
        }
    }

    @Override
    public Joining joining() {
        return joining;
    }

    @Override
    public void failedOnlyTogether(String why) {
        if (failures.incrementAndGet() >= MOST_FAILURES) {
            joining = Joining.single("joined runs fail, and the same requests succeed one by one: " + why);
        }
    }

    @Override
    public long workerBytes() {
        return WITHOUT_WEIGHTS + weightBytes;
    }

    @Override
    public ModelProcess process(ProcessTerms terms) {
        return new OnnxProcess(new WorkerProcess(launch, terms, directory), () -> termsOfWorkers, () -> warmUp);
    }

    /** Each worker closes its process. */
    @Override
    public void close() {
        scout.close();
    }
}
