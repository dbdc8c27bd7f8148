package dev.holdfast.host.serving;

import dev.holdfast.host.crash.Runs;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.Predictor.Pieces;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a batch and answers every request of it. Only a run that was told to end, and ended without outputs, leaves its requests
 * open.
 *
 * <pre>
 *   batch ─▶ model ─▶ answers
 *              └ fails ─▶ each request alone ─▶ its answer, or its own failure
 * </pre>
 *
 * <p>An engine seldom says whose fault a failure is. It is taken for the caller's where the engine names the input, or where
 * the model has answered another request: then it is able to, and not this one. Holds no lock; several workers share it.
 */
final class BatchRun {

    private static final Logger log = LoggerFactory.getLogger(BatchRun.class);

    /** A caller's thread runs the model only where that takes no longer than its other work on a request. */
    private static final long SHORT_NANOS = 1_000_000;

    private final String model;
    private final String version;
    private final LoadedModel loaded;
    private final Runs runs;
    private final InferenceListener listener;

    /** Whether the model has answered a request since it was loaded. */
    private volatile boolean hasAnswered;

    /** How long a run takes, a moving average; several workers may write it at once, and one of them is lost then. */
    private volatile long usualNanos;

    BatchRun(String model, String version, LoadedModel loaded, Runs runs, InferenceListener listener) {
        this.model = model;
        this.version = version;
        this.loaded = loaded;
        this.runs = runs;
        this.listener = listener;
    }

    /** Whether recent runs were short enough for a caller's thread. */
    boolean isShort() {
        return hasAnswered && usualNanos < SHORT_NANOS;
    }

    /**
     * Answers the requests of the batch; never throws.
     *
     * @param alive told each time that a piece of an answer comes which somebody waits for
     */
    void run(EndableRun run, List<PendingRequest> batch, Runnable alive) {
        if (batch.size() > 1 && !loaded.joining().isJoined()) {
            // An answer must not wait for the runs after it, or be lost where one of them does not end.
            runEach(run, batch, alive);
            return;
        }
        Optional<Throwable> failure = attempt(run, batch, alive);
        if (failure.isEmpty()) {
            return;
        }
        if (batch.size() == 1) {
            fail(batch.get(0), failure.get());
            return;
        }
        log.debug(
                "A batch of model {} version {} failed; its requests are run one by one",
                model,
                version,
                failure.get());
        if (runEach(run, batch, alive)) {
            loaded.failedOnlyTogether(OneLine.of(failure.get()));
        }
    }

    /**
     * Failures are given last: only when all have run is it known whose fault they are.
     *
     * @return whether all have succeeded
     */
    private boolean runEach(EndableRun run, List<PendingRequest> batch, Runnable alive) {
        List<Runnable> failures = new ArrayList<>();
        int left = 0;
        for (PendingRequest request : batch) {
            if (request.answer().isDone()) {
                left++;
                continue;
            }
            attempt(run, List.of(request), alive).ifPresent(failure -> failures.add(() -> fail(request, failure)));
        }
        failures.forEach(Runnable::run);
        return failures.isEmpty() && left == 0 && !run.isEnding();
    }

    /** Answers all requests; or none, and says why, unless the run was told to end. */
    private Optional<Throwable> attempt(EndableRun run, List<PendingRequest> batch, Runnable alive) {
        long started = System.nanoTime();
        List<List<Tensor>> outputs;
        try {
            outputs = predict(run, batch, alive);
        } catch (Throwable e) {
            if (run.isEnding()) {
                log.debug("Model {} version {}: a run has ended as it was told to", model, version, e);
                return Optional.empty();
            }
            // Whatever it is, the requests get an answer and the worker lives on: nobody would start another one.
            if (batch.size() == 1) {
                tellListener(batch, started, true);
            }
            return Optional.of(e);
        }
        hasAnswered = true;
        tellListener(batch, started, false);
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).answer().complete(outputs.get(i));
        }
        return Optional.empty();
    }

    private void fail(PendingRequest request, Throwable failure) {
        if (request.answer().isDone()) {
            return;
        }
        if (failure instanceof InvalidInputException) {
            request.answer().completeExceptionally(failure);
            return;
        }
        String reason = OneLine.of(failure);
        String message = ServingException.nameOf(model, version) + " failed to predict: " + reason;
        if (failure instanceof InferenceException && hasAnswered) {
            request.answer().completeExceptionally(new InvalidInputException(message, failure));
            return;
        }
        log.warn("Model {} version {} failed to predict: {}", model, version, reason);
        log.debug("Model {} version {} failed to predict", model, version, failure);
        request.answer().completeExceptionally(new ServingException(Kind.INTERNAL, message, failure));
    }

    private List<List<Tensor>> predict(EndableRun run, List<PendingRequest> batch, Runnable alive) {
        List<List<Tensor>> inputs = new ArrayList<>(batch.size());
        for (int i = 0; i < batch.size(); i++) {
            inputs.add(batch.get(i).inputs());
        }
        List<List<Tensor>> outputs = noted(run, inputs, new PiecesOf(batch, alive));
        if (outputs.size() != batch.size()) {
            throw new IllegalStateException(
                    "the model gave " + outputs.size() + " answers to " + batch.size() + " requests");
        }
        return outputs;
    }

    /** The pieces of a batch's answers on their way to those who wait. */
    private record PiecesOf(List<PendingRequest> batch, Runnable alive) implements Pieces {

        @Override
        public boolean areTaken(int request) {
            return batch.get(request).pieces().isPresent();
        }

        @Override
        public void add(int request, List<Tensor> piece) {
            PendingRequest asked = batch.get(request);
            if (!asked.answer().isDone()) {
                alive.run();
                try {
                    asked.pieces().ifPresent(taker -> taker.accept(piece));
                } catch (RuntimeException e) {
                    // The others of the batch have done nothing.
                    asked.answer().completeExceptionally(e);
                }
            }
        }
    }

    /** Noted in the crash record, in case the process ends meanwhile. */
    private List<List<Tensor>> noted(EndableRun run, List<List<Tensor>> inputs, Pieces pieces) {
        Runs.Run noted = runs.begin();
        boolean well = false;
        try {
            List<List<Tensor>> outputs = run.predict(inputs, pieces);
            well = true;
            return outputs;
        } finally {
            noted.ended(well);
        }
    }

    /** Before the answers, so that whoever has an answer finds it counted. */
    private void tellListener(List<PendingRequest> batch, long started, boolean failed) {
        long inference = System.nanoTime() - started;
        long usual = usualNanos;
        usualNanos = usual + (inference - usual) / 8;
        try {
            listener.ran(model, version, batch.size(), inference);
            for (int i = 0; i < batch.size(); i++) {
                long queued = started - batch.get(i).arrivedNanos();
                listener.predicted(model, version, queued, inference);
                if (failed) {
                    listener.failed(model, version, queued, inference);
                }
            }
        } catch (RuntimeException | Error e) {
            log.warn("A prediction of model {} version {} was not counted: {}", model, version, OneLine.of(e));
        }
    }
}
