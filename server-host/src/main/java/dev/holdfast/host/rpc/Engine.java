package dev.holdfast.host.rpc;

import java.util.Map;
import java.util.function.Predicate;

/**
 * A kind of model that the door serves.
 *
 * @param type its name in model files, such as {@code classifier}
 * @param kind the class of such models
 * @param methods by the names by which clients call them
 * @param busy whether a call that changes the model would wait
 */
record Engine<M>(String type, Class<M> kind, Map<String, RpcMethod<M>> methods, Predicate<M> busy) {}
