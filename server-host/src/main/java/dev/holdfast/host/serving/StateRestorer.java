package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.state.StateReference;

/** Where the learned states of models are kept, as those who load models see it. */
public interface StateRestorer {

    /**
     * Brings a stored state into a model that was just loaded and answers nobody yet.
     *
     * @throws dev.holdfast.host.state.StateException if the state is damaged, or not one for this model
     * @throws dev.holdfast.sdk.StoreUnavailableException if the store does not answer
     */
    void restore(StatefulModel model, StateReference state);
}
