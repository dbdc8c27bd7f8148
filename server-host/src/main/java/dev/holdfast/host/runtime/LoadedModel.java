package dev.holdfast.host.runtime;

import java.util.List;

/**
 * A model in memory, ready to predict. Several workers call it at once.
 *
 * <p>A runtime of another kind (TorchScript, learning models) joins by another implementation; nothing else changes.
 */
public interface LoadedModel extends AutoCloseable {

    ModelSignature signature();

    /**
     * Checks one request before it waits in a queue, so that a bad one fails alone and at once.
     *
     * @throws InvalidInputException if a name is unknown or missing, a type differs, or a shape does not fit; the message
     *     says what the model wants
     */
    void check(List<Tensor> inputs);

    /**
     * Predicts on a batch of requests that {@link #check} accepted, together where their shapes allow it. It answers all
     * of them or none: whoever wants the good ones of a batch that failed calls again, with one request at a time.
     *
     * @return for each request, in the same order, its outputs
     * @throws InvalidInputException if the model refuses the input of one of them
     * @throws InferenceException if the engine failed on these inputs, for a reason that may lie in them
     * @throws IllegalStateException if the model is closed, or broken so that no request can be answered
     */
    List<List<Tensor>> predict(List<List<Tensor>> batch);

    /**
     * Tells a prediction of another thread to end, because nobody waits for it any more. That one then fails with whatever
     * exception comes of it, soon where the engine obeys; it may also come to its end as if nothing had been said, for a
     * single large operation of an engine can mostly not be stopped. Returns at once.
     *
     * <p>By default the thread is interrupted. Whoever calls engines that do not look at that flag tells them too; setting the
     * flag first, so that a run which is only about to begin finds it.
     *
     * @param predicting the thread, which is inside {@link #predict}
     */
    default void end(Thread predicting) {
        predicting.interrupt();
    }

    /**
     * Decides how requests that come at once are run; called once, before the first prediction. Until then each runs alone.
     */
    default void prepareBatches(BatchTerms terms) {}

    /** How requests that come at once are run. */
    default Joining joining() {
        return Joining.single("models of this kind answer each request on its own");
    }

    /**
     * Tells of a batch that failed though each of its requests then succeeded alone.
     *
     * @param why what the batch failed with
     */
    default void failedOnlyTogether(String why) {}

    /** Lets go of the memory; called after the last prediction has ended. */
    @Override
    void close();
}
