package dev.holdfast.host.serving;

import java.time.Duration;

/** Told of every prediction, and of every process of a worker that is up, on worker threads; must be quick and must not throw. */
public interface InferenceListener {

    InferenceListener NONE = (model, version, queueNanos, inferenceNanos) -> {};

    /**
     * A request was answered, well or badly.
     *
     * @param queueNanos from its arrival to its batch
     * @param inferenceNanos of its batch in the model
     */
    void predicted(String model, String version, long queueNanos, long inferenceNanos);

    /**
     * The process of a worker has started and loaded its model.
     *
     * @param took from the start to the loaded model
     */
    default void loaded(String model, String version, int worker, Duration took) {}

    /**
     * The model has run once.
     *
     * @param requests how many were in the batch
     */
    default void ran(String model, String version, int requests, long nanos) {}

    /**
     * A request that was taken is answered with a failure.
     *
     * @param queueNanos from its arrival to its batch, or to its failure
     * @param inferenceNanos of its batch in the model, of which {@link #predicted} was told too; 0 if it did not run
     */
    default void failed(String model, String version, long queueNanos, long inferenceNanos) {}

    /** What it was told of a version until now. */
    default InferenceStatistics statistics(String model, String version) {
        return InferenceStatistics.NONE;
    }
}
