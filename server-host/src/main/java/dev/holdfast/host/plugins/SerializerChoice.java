package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The serializer that a host works with, not yet opened: {@link Plugins#open} does that. */
public final class SerializerChoice {

    private final String name;
    private final SnapshotSerializerFactory factory;
    private final @Nullable LoadedPlugin plugin;

    private SerializerChoice(String name, SnapshotSerializerFactory factory, @Nullable LoadedPlugin plugin) {
        this.name = name;
        this.factory = factory;
        this.plugin = plugin;
    }

    static SerializerChoice builtIn(SnapshotSerializerFactory factory) {
        return new SerializerChoice(factory.name(), factory, null);
    }

    static SerializerChoice ofPlugin(FoundFactory found, LoadedPlugin plugin) {
        return new SerializerChoice(found.name(), found.factory(), plugin);
    }

    /** The serializer's name as its factory says it, whichever case the operator wrote. */
    public String name() {
        return name;
    }

    /** The plugin that brings it; empty for the one that is built in. */
    public Optional<LoadedPlugin> plugin() {
        return Optional.ofNullable(plugin);
    }

    /** The class of its factory. */
    public Class<? extends SnapshotSerializerFactory> factoryType() {
        return factory.getClass();
    }

    SnapshotSerializerFactory factory() {
        return factory;
    }

    @Override
    public String toString() {
        return "serializer " + name + (plugin == null ? ", built in" : " of plugin " + OneLine.of(plugin.path()));
    }
}
