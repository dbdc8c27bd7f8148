package dev.holdfast.host.keeper;

import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import java.util.List;
import java.util.Map;

/** What a host serves, as its keeper sees it. */
public interface ServingSource {

    /** The serving state now. */
    ServingState state();

    /**
     * Goes over to another serving state.
     *
     * @return the model versions that could not be loaded, as {@code model version: reason}; they are in the serving state,
     *     and tried again
     */
    List<String> goOver(ServingState target);

    /**
     * Lets model versions answer with what another host's have learned. One that has learned something itself that is in no state
     * yet, or cannot take it up, stays as it is in the serving state.
     */
    void takeUp(Map<ServingComparison.Key, StateReference> learned);

    /** The model versions that could not be loaded, as {@link #goOver} gives them. */
    List<String> failures();

    /** The host writes to its store again, which may have lost learned states meanwhile: they are to be checked. */
    void attachedAgain();

    /** Other notices for an operator; quick. */
    List<String> notices();
}
