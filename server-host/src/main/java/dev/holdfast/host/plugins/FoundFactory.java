package dev.holdfast.host.plugins;

import dev.holdfast.sdk.SnapshotSerializerFactory;

/**
 * A factory that could be constructed, and the name it gave.
 *
 * @param name checked against the rule of names
 * @param loader of the plugin that brings it
 */
record FoundFactory(String name, SnapshotSerializerFactory factory, ClassLoader loader) {}
