package dev.holdfast.host.rpc;

import dev.holdfast.host.api.EngineOperations.Found;

/**
 * The model that a call is about.
 *
 * @param record what was done with it through this door
 * @param files where it is saved
 */
record CalledModel<M>(Found<M> found, ModelRecord record, ModelDirectory files) {

    M asked() {
        return found.asked();
    }
}
