package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A proxy that runs each SPI call under the plugin's class loader, and wraps the serializers and chunk stores that it returns.
 *
 * <p>Unlike {@link GuardedSerializer} it changes nothing that a caller can see: the call runs on the caller's thread, for as
 * long as it likes, and fails as the plugin lets it fail. But of a class that the plugin lacks it says where to put it.
 */
final class InPluginContext implements InvocationHandler {

    private final Object target;
    private final ClassLoader loader;
    private final Optional<Path> plugin;
    /** One wrapper for each object, so that an object that is returned twice is the same one. */
    private final Map<Object, Object> given = new ConcurrentHashMap<>();

    private InPluginContext(Object target, ClassLoader loader, Optional<Path> plugin) {
        this.target = target;
        this.loader = loader;
        this.plugin = plugin;
    }

    /** @param plugin its jar or directory; empty for what is built in */
    static SnapshotSerializerFactory of(SnapshotSerializerFactory factory, Optional<Path> plugin) {
        ClassLoader loader = factory.getClass().getClassLoader();
        return around(SnapshotSerializerFactory.class, factory, loader, plugin);
    }

    private static <T> T around(Class<T> type, T target, ClassLoader loader, Optional<Path> plugin) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, new InPluginContext(target, loader, plugin)));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return wrapped(method.invoke(target, arguments));
        } catch (InvocationTargetException e) {
            Throwable failure = e.getCause() == null ? e : e.getCause();
            Optional<String> missing = plugin.flatMap(path -> MissingClass.reason(failure, DropIn.at(path)));
            if (missing.isPresent()) {
                throw new ConfigurationException(
                        "Plugin " + OneLine.of(DropIn.fileName(plugin.get())) + ": " + missing.get(), failure);
            }
            throw failure;
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private @Nullable Object wrapped(@Nullable Object result) {
        if (result instanceof SnapshotSerializer serializer) {
            return around(SnapshotSerializer.class, serializer, loader, plugin);
        }
        if (result instanceof Optional<?> optional && optional.orElse(null) instanceof ChunkStore chunks) {
            return Optional.of(given.computeIfAbsent(chunks, any -> around(ChunkStore.class, chunks, loader, plugin)));
        }
        return result;
    }
}
