package dev.holdfast.host.plugins;

import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.net.URL;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parent of every plugin's class loader: what a plugin sees of the host.
 *
 * <pre>
 *   plugin's loader ──▶ this ──┬──▶ the host: dev.holdfast.sdk, org.slf4j, org.pf4j
 *                              └──▶ the JDK's platform loader: all else
 * </pre>
 *
 * <p>The host's own libraries stay hidden, so a plugin brings whichever versions it likes, and loading parent first is
 * right: a copy of the SDK or of slf4j in a plugin is passed over, for its classes would not be those of the host.
 */
final class ParentFilter extends ClassLoader {

    /** PF4J's loader asks its parent for its own package, whatever we say. */
    private static final List<String> VISIBLE = List.of("dev.holdfast.sdk.", "org.slf4j.", "org.pf4j.");

    static {
        registerAsParallelCapable();
    }

    private final ClassLoader host;

    ParentFilter() {
        super("holdfast-plugin-parent", ClassLoader.getPlatformClassLoader());
        host = SnapshotSerializerFactory.class.getClassLoader();
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

    private static boolean isVisible(String name) {
        return VISIBLE.stream().anyMatch(name::startsWith);
    }
}
