package dev.holdfast.host.runtime;

import java.util.List;

/** A model that is taught by requests of their own, beside those that ask it for a prediction. */
public interface LearningModel extends StatefulModel {

    /** What an example consists of: by default what a request for a prediction does. */
    default ModelSignature trainingSignature() {
        return signature();
    }

    /**
     * Checks an example before the model learns from it.
     *
     * @throws InvalidInputException if a name is unknown or missing, a type differs, or a shape does not fit; the message
     *     says what the model wants
     */
    void checkTraining(List<Tensor> inputs);

    /**
     * Learns from what {@link #checkTraining} accepted: row by row, in order, all of them or, after an exception, none.
     *
     * @return how many rows it learned from
     * @throws InferenceException if the engine failed
     */
    long train(List<Tensor> inputs);
}
