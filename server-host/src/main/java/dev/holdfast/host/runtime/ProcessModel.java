package dev.holdfast.host.runtime;

import java.util.List;

/**
 * A model that no memory of the host holds: every worker has a process of its own, which loads the model and answers. What
 * is loaded here is only what all of them share.
 *
 * <p>To end a run costs its process, and another one has to be started. So a run is ended when it is late, and not when its
 * caller has gone.
 */
public interface ProcessModel extends LoadedModel {

    /** The process of one worker; nothing is started yet. */
    ModelProcess process(ProcessTerms terms);

    /** How many bytes of memory the process of one worker takes at least; 0 where nothing is known. */
    default long workerBytes() {
        return 0;
    }

    /**
     * Has every worker that is started from now on answer a request before it is ready.
     *
     * @param inputs as {@link #check} takes them
     * @return whether it does; a model of a handler, whose requests are no tensors, does not
     * @throws RuntimeException if the model does not answer it
     */
    default boolean warmUp(List<Tensor> inputs) {
        return false;
    }

    @Override
    default List<List<Tensor>> predict(List<List<Tensor>> batch) {
        throw new IllegalStateException("This model answers by the processes of its workers alone");
    }
}
