package dev.holdfast.host.plugins;

import dev.holdfast.host.plugins.exit.RefusedExit;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.net.URL;
import java.util.Enumeration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The parent of every plugin's class loader: what a plugin sees of the host.
 *
 * <pre>
 *   plugin's loader ──▶ this ──┬──▶ the host: dev.holdfast.sdk, org.slf4j, org.pf4j, what refuses exit
 *                              │        for a plugin of TorchServe's form alone: its SDK, Gson
 *                              └──▶ the JDK's platform loader: all else
 * </pre>
 *
 * <p>The host's own libraries stay hidden, so a plugin brings whichever versions it likes, and loading parent first is
 * right: a copy of the SDK or of slf4j in a plugin is passed over, for its classes would not be those of the host.
 */
final class ParentFilter extends ClassLoader {

    /** PF4J's loader asks its parent for its own package, whatever we say. */
    private static final List<String> VISIBLE =
            List.of("dev.holdfast.sdk.", "org.slf4j.", "org.pf4j.", RefusedExit.class.getName());

    /** Gson, because its types are in the signatures of TorchServe's. */
    private static final List<String> VISIBLE_TO_TORCHSERVE =
            List.of("org.pytorch.serve.servingsdk.", "com.google.gson.");

    static {
        registerAsParallelCapable();
    }

    private final ClassLoader host;
    private final List<String> visible;

    ParentFilter(PluginForm form) {
        super("holdfast-plugin-parent", ClassLoader.getPlatformClassLoader());
        host = SnapshotSerializerFactory.class.getClassLoader();
        visible = switch (form) {
            case HOLDFAST -> VISIBLE;
            case TORCHSERVE ->
                Stream.of(VISIBLE, VISIBLE_TO_TORCHSERVE).flatMap(List::stream).toList();
        };
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        return isVisible(name) ? host.loadClass(name) : super.loadClass(name, resolve);
    }

    @Override
    public @Nullable URL getResource(String name) {
        return isVisible(name.replace('/', '.')) ? host.getResource(name) : super.getResource(name);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        return isVisible(name.replace('/', '.')) ? host.getResources(name) : super.getResources(name);
    }

    private boolean isVisible(String name) {
        return visible.stream().anyMatch(name::startsWith);
    }
}
