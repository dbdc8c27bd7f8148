package dev.holdfast.host.runtime;

import java.util.List;

/** What answers batches of requests: a model that all workers share, or the process of one worker. */
public interface Predictor {

    /**
     * Predicts on a batch of requests that the model's check accepted, together where their shapes allow it. It answers all
     * of them or none: whoever wants the good ones of a batch that failed calls again, with one request at a time.
     *
     * @return for each request, in the same order, its outputs
     * @throws InvalidInputException if the model refuses the input of one of them
     * @throws InferenceException if the engine failed on these inputs, for a reason that may lie in them
     * @throws IllegalStateException if the model is closed, or broken so that no request can be answered
     */
    List<List<Tensor>> predict(List<List<Tensor>> batch);

    /**
     * The same, and gives what comes before the end of an answer at once; what is returned for that request is then only the
     * rest of its answer.
     */
    default List<List<Tensor>> predict(List<List<Tensor>> batch, Pieces pieces) {
        return predict(batch);
    }

    /** Takes the answers of a batch that come in pieces; called by the predicting thread. */
    interface Pieces {

        /** Nobody takes pieces. */
        Pieces NONE = new Pieces() {
            @Override
            public boolean areTaken(int request) {
                return false;
            }

            @Override
            public void add(int request, List<Tensor> piece) {
                throw new IllegalStateException("Nobody takes pieces");
            }
        };

        /** Whether who asks takes pieces; else the whole answer is wanted. */
        boolean areTaken(int request);

        /** A piece has come, and is not the last one. Never waits for who asks. */
        void add(int request, List<Tensor> piece);
    }

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
}
