package dev.holdfast.testkit;

import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.lang.reflect.Constructor;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.management.InstanceNotFoundException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * What became of a plugin's classes after it was loaded by a class loader of its own, used and let go of, as a host has it.
 *
 * @param unloaded whether they are gone
 * @param holders what holds them that the plugin could have ended; empty if that is something else, or nothing
 */
record Unloading(boolean unloaded, List<String> holders) {

    /** One suffices, once the threads have ended that hold the classes too. */
    private static final int COLLECTIONS = 40;

    /** How the factory is asked for a serializer. */
    interface Opening {
        SnapshotSerializer of(SnapshotSerializerFactory factory);
    }

    /** What is done with it. */
    interface Use {
        void of(SnapshotSerializer serializer);
    }

    /**
     * Uses a serializer of a class, loaded anew, and closes it.
     *
     * @throws ReflectiveOperationException if the class cannot be loaded or constructed this way
     */
    static Unloading after(Class<? extends SnapshotSerializerFactory> type, Opening opening, Use use) throws Exception {
        WeakReference<Loader> loader = use(type.getName(), loader(type.getClassLoader()), opening, use);
        for (int i = 0; i < COLLECTIONS && loader.get() != null; i++) {
            System.gc();
            LockSupport.parkNanos(50_000_000);
        }
        Loader held = loader.get();
        return held == null ? new Unloading(true, List.of()) : new Unloading(false, holders(held));
    }

    /** On a thread that ends, so that what it holds goes with it. */
    private static WeakReference<Loader> use(String type, Loader loader, Opening opening, Use use) throws Exception {
        Callable<WeakReference<Loader>> work = () -> {
            try (loader) {
                SnapshotSerializerFactory factory = (SnapshotSerializerFactory)
                        loader.loadClass(type).getConstructor().newInstance();
                try (SnapshotSerializer serializer = opening.of(factory)) {
                    use.of(serializer);
                }
            }
            return new WeakReference<>(loader);
        };
        FutureTask<WeakReference<Loader>> task = new FutureTask<>(work);
        Thread thread = new Thread(null, task, "contract-unloading", 0, false);
        thread.setContextClassLoader(loader);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        } finally {
            thread.join();
        }
    }

    private static List<String> holders(Loader held) throws IOException, ReflectiveOperationException {
        List<String> holders = new ArrayList<>();
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getContextClassLoader() == held
                        || thread.getClass().getClassLoader() == held)
                .forEach(thread -> holders.add("thread " + thread.getName()));
        System.getProperties().forEach((key, value) -> {
            if (value.getClass().getClassLoader() == held) {
                holders.add("system property " + key);
            }
        });
        held.drivers().forEach(driver -> holders.add("driver " + driver + " of DriverManager"));
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        for (ObjectName name : beans.queryNames(null, null)) {
            try {
                if (beans.getClassLoaderFor(name) == held) {
                    holders.add("management bean " + name);
                }
            } catch (InstanceNotFoundException e) {
                // Gone since.
            }
        }
        return holders;
    }

    /** With the jars of the plugin's own loader, where it has one, else with the class path. */
    private static Loader loader(ClassLoader of) {
        // It looks for drivers once in a process, by the class loader of who asks first; that must not be one that goes
        // away,
        // or nobody else would have any.
        DriverManager.drivers();
        if (of instanceof URLClassLoader own && of != ClassLoader.getSystemClassLoader()) {
            return new Loader(own.getURLs(), own.getParent());
        }
        URL[] classPath = Arrays.stream(System.getProperty("java.class.path")
                        .split(Pattern.quote(System.getProperty("path.separator"))))
                .filter(entry -> !entry.isEmpty())
                .map(Unloading::url)
                .toArray(URL[]::new);
        return new Loader(classPath, new Shared(of));
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalStateException(entry + " of the class path has no URL", e);
        }
    }

    /** The plugin's own. */
    private static final class Loader extends URLClassLoader {

        Loader(URL[] jars, ClassLoader parent) {
            super(jars, parent);
        }

        List<String> drivers() throws IOException, ReflectiveOperationException {
            String name = OwnDrivers.class.getName();
            byte[] bytes;
            try (InputStream stream =
                    OwnDrivers.class.getResourceAsStream(OwnDrivers.class.getSimpleName() + ".class")) {
                bytes = Objects.requireNonNull(stream, name).readAllBytes();
            }
            Constructor<?> constructor =
                    defineClass(name, bytes, 0, bytes.length).getDeclaredConstructor();
            constructor.setAccessible(true);
            List<String> drivers = new ArrayList<>();
            ((List<?>) ((Supplier<?>) constructor.newInstance()).get()).forEach(one -> drivers.add((String) one));
            return drivers;
        }
    }

    /** What a host shares with its plugins, and nothing else of the class path. */
    private static final class Shared extends ClassLoader {

        private static final List<String> SHARED = List.of("dev.holdfast.sdk.", "org.slf4j.");

        private final ClassLoader all;

        Shared(ClassLoader all) {
            super(ClassLoader.getPlatformClassLoader());
            this.all = all;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            return SHARED.stream().anyMatch(name::startsWith) ? all.loadClass(name) : super.loadClass(name, resolve);
        }
    }
}
