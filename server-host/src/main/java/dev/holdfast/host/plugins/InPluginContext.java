package dev.holdfast.host.plugins;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A proxy that runs each SPI call under the plugin's class loader, and wraps the serializers and chunk stores that it returns.
 *
 * <p>Unlike {@link GuardedSerializer} it changes nothing that a caller can see: the call runs on the caller's thread, for as
 * long as it likes, and fails as the plugin lets it fail.
 */
final class InPluginContext implements InvocationHandler {

    private final Object target;
    private final ClassLoader loader;
    /** One wrapper for each object, so that an object that is returned twice is the same one. */
    private final Map<Object, Object> given = new ConcurrentHashMap<>();

    private InPluginContext(Object target, ClassLoader loader) {
        this.target = target;
        this.loader = loader;
    }

    static SnapshotSerializerFactory of(SnapshotSerializerFactory factory) {
        ClassLoader loader = factory.getClass().getClassLoader();
        return around(SnapshotSerializerFactory.class, factory, loader);
    }

    private static <T> T around(Class<T> type, T target, ClassLoader loader) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, new InPluginContext(target, loader)));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return wrapped(method.invoke(target, arguments));
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private @Nullable Object wrapped(@Nullable Object result) {
        if (result instanceof SnapshotSerializer serializer) {
            return around(SnapshotSerializer.class, serializer, loader);
        }
        if (result instanceof Optional<?> optional && optional.orElse(null) instanceof ChunkStore chunks) {
            return Optional.of(given.computeIfAbsent(chunks, any -> around(ChunkStore.class, chunks, loader)));
        }
        return result;
    }
}
