package dev.holdfast.host.serving;

import dev.holdfast.host.crash.Runs;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a worker does with a batch: one prediction, and an answer to every request, whatever happens. Holds no lock. */
final class BatchRun {

    private static final Logger log = LoggerFactory.getLogger(BatchRun.class);

    private final String model;
    private final String version;
    private final LoadedModel loaded;
    private final Runs runs;
    private final InferenceListener listener;

    BatchRun(String model, String version, LoadedModel loaded, Runs runs, InferenceListener listener) {
        this.model = model;
        this.version = version;
        this.loaded = loaded;
        this.runs = runs;
        this.listener = listener;
    }

    /** Answers each request of the batch; never throws. */
    void run(List<PendingRequest> batch) {
        long started = System.nanoTime();
        List<List<Tensor>> outputs;
        try {
            outputs = predict(batch);
        } catch (InvalidInputException e) {
            if (batch.size() > 1) {
                // The engine does not say whose input it refused: each one answers for itself.
                batch.stream().filter(request -> !request.answer().isDone()).forEach(request -> run(List.of(request)));
                return;
            }
            tellListener(batch, started);
            batch.get(0).answer().completeExceptionally(e);
            return;
        } catch (Throwable e) {
            // Whatever it is, the requests get an answer and the worker lives on: nobody would start another one.
            String reason = OneLine.of(e);
            log.warn("Model {} version {} failed to predict: {}", model, version, reason);
            log.debug("Model {} version {} failed to predict", model, version, e);
            tellListener(batch, started);
            ServingException failure = new ServingException(
                    Kind.INTERNAL, WorkerPool.name(model, version) + " failed to predict: " + reason, e);
            batch.forEach(request -> request.answer().completeExceptionally(failure));
            return;
        }
        tellListener(batch, started);
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).answer().complete(outputs.get(i));
        }
    }

    private List<List<Tensor>> predict(List<PendingRequest> batch) {
        List<List<Tensor>> inputs = new ArrayList<>(batch.size());
        for (int i = 0; i < batch.size(); i++) {
            inputs.add(batch.get(i).inputs());
        }
        List<List<Tensor>> outputs = noted(inputs);
        if (outputs.size() != batch.size()) {
            throw new IllegalStateException(
                    "the model gave " + outputs.size() + " answers to " + batch.size() + " requests");
        }
        return outputs;
    }

    /** What runs when the process ends is in the load record. */
    private List<List<Tensor>> noted(List<List<Tensor>> inputs) {
        Runs.Run noted = runs.begin();
        boolean well = false;
        try {
            List<List<Tensor>> outputs = loaded.predict(inputs);
            well = true;
            return outputs;
        } finally {
            noted.ended(well);
        }
    }

    /** Before the answers, so that whoever has an answer finds it counted. */
    private void tellListener(List<PendingRequest> batch, long started) {
        long inference = System.nanoTime() - started;
        try {
            for (int i = 0; i < batch.size(); i++) {
                listener.predicted(model, version, started - batch.get(i).arrivedNanos(), inference);
            }
        } catch (RuntimeException | Error e) {
            log.warn("A prediction of model {} version {} was not counted: {}", model, version, OneLine.of(e));
        }
    }
}
