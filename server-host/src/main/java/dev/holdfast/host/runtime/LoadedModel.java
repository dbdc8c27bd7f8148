package dev.holdfast.host.runtime;

import java.util.List;

/**
 * A model in memory, ready to predict. Several workers call it at once, or each a {@linkplain ProcessModel process of its own}.
 *
 * <p>A runtime of another kind (TorchScript, learning models) joins by another implementation; nothing else changes.
 */
public interface LoadedModel extends Predictor, AutoCloseable {

    ModelSignature signature();

    /**
     * Checks one request before it waits in a queue, so that a bad one fails alone and at once.
     *
     * @throws InvalidInputException if a name is unknown or missing, a type differs, or a shape does not fit; the message
     *     says what the model wants
     */
    void check(List<Tensor> inputs);

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

    /** How many bytes of weights it has in the memory of this process; 0 where it has none, or nothing is known. */
    default long weightBytes() {
        return 0;
    }

    /** Whether all that it has in memory is in its archive too, so that it may be closed while it has no workers. */
    default boolean mayRest() {
        return true;
    }

    /** Lets go of the memory; called after the last prediction has ended. */
    @Override
    void close();
}
