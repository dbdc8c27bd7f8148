package dev.holdfast.host.api;

import dev.holdfast.host.runtime.ModelSignature;

/**
 * The version of a model that a request is for.
 *
 * @param signature what goes in and comes out; of a request that teaches, what the model learns from
 */
public record InferenceModel(String name, String version, ModelSignature signature) {}
