package dev.holdfast.host.serving;

/** Who wants to know of predictions; called on worker threads, so quick and without throwing. */
public interface InferenceListener {

    InferenceListener NONE = (model, version, queueNanos, inferenceNanos) -> {};

    /**
     * A request was answered, well or badly.
     *
     * @param queueNanos from its arrival to its batch
     * @param inferenceNanos of its batch in the model
     */
    void predicted(String model, String version, long queueNanos, long inferenceNanos);
}
