package dev.holdfast.host.plugins;

import dev.holdfast.host.plugins.torchserve.TorchServeFactory;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The serializer that a host works with, not yet opened: {@link Plugins#open} does that. */
public final class SerializerChoice {

    private final String name;
    private final SnapshotSerializerFactory factory;
    private final ClassLoader loader;
    private final @Nullable LoadedPlugin plugin;

    private SerializerChoice(FoundFactory found, @Nullable LoadedPlugin plugin) {
        this.name = found.name();
        this.factory = found.factory();
        this.loader = found.loader();
        this.plugin = plugin;
    }

    static SerializerChoice builtIn(SnapshotSerializerFactory factory) {
        return new SerializerChoice(
                new FoundFactory(factory.name(), factory, factory.getClass().getClassLoader()), null);
    }

    static SerializerChoice ofPlugin(FoundFactory found, LoadedPlugin plugin) {
        return new SerializerChoice(found, plugin);
    }

    /** The serializer's name as its factory says it, whichever case the operator wrote. */
    public String name() {
        return name;
    }

    /** The plugin that brings it; empty for the one that is built in. */
    public Optional<LoadedPlugin> plugin() {
        return Optional.ofNullable(plugin);
    }

    /**
     * Whether its plugin is made for TorchServe; such a plugin may lose a snapshot without reporting it.
     */
    public boolean isMadeForTorchServe() {
        return factory instanceof TorchServeFactory;
    }

    /** The class of its factory. */
    public Class<? extends SnapshotSerializerFactory> factoryType() {
        return factory.getClass();
    }

    SnapshotSerializerFactory factory() {
        return factory;
    }

    /** The class loader of the serializer's code. */
    ClassLoader loader() {
        return loader;
    }

    @Override
    public String toString() {
        return "serializer " + name + (plugin == null ? ", built in" : " of plugin " + OneLine.of(plugin.path()));
    }
}
