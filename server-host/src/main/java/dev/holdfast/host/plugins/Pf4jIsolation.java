package dev.holdfast.host.plugins;

import dev.holdfast.host.plugins.exit.ExitRefusingLoader;
import dev.holdfast.host.text.OneLine;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pf4j.AbstractPluginManager;
import org.pf4j.DefaultExtensionFactory;
import org.pf4j.DefaultExtensionFinder;
import org.pf4j.DefaultPluginDescriptor;
import org.pf4j.DefaultPluginFactory;
import org.pf4j.DefaultVersionManager;
import org.pf4j.ExtensionFactory;
import org.pf4j.ExtensionFinder;
import org.pf4j.Plugin;
import org.pf4j.PluginClassLoader;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginDescriptorFinder;
import org.pf4j.PluginFactory;
import org.pf4j.PluginLoader;
import org.pf4j.PluginRepository;
import org.pf4j.PluginRuntimeException;
import org.pf4j.PluginStatusProvider;
import org.pf4j.RuntimeMode;
import org.pf4j.VersionManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Isolation by PF4J, of which the host uses the class loader, the plugin's state and unloading, and no more.
 *
 * <p>Not its extension finder: one class for a newer Java in one jar makes it lose the plugins of all. Not its manifest
 * descriptors: a jar without a manifest ends the loading of all. Not its own repository and status provider: they unpack
 * archives and write {@code disabled.txt} into the plugins directory. Plugins are never started, so that
 * {@code stopPlugins()}, which leaves some of them running, is never needed.
 */
final class Pf4jIsolation implements PluginIsolation {

    private static final Logger log = LoggerFactory.getLogger(Pf4jIsolation.class);

    private final Manager manager = new Manager();

    @Override
    public ClassLoader isolate(DropIn dropIn, PluginForm form) throws RejectedException {
        try {
            return manager.load(new Isolated(dropIn, form));
        } catch (PluginRuntimeException | IllegalArgumentException e) {
            throw new RejectedException("its class loader cannot be made: " + e, e);
        }
    }

    @Override
    public void release(DropIn dropIn) {
        release(Manager.id(dropIn.path()));
    }

    private void release(String id) {
        try {
            manager.unload(id);
        } catch (RuntimeException e) {
            log.warn("Plugin {} cannot be unloaded: {}", OneLine.of(id), OneLine.of(e.toString()));
            log.debug("Plugin {} cannot be unloaded", OneLine.of(id), e);
        }
    }

    @Override
    public void close() {
        manager.ids().forEach(this::release);
    }

    private record Isolated(DropIn dropIn, PluginForm form) {}

    /**
     * PF4J's manager, driven one drop-in at a time. The constructor of its superclass calls the {@code create} methods
     * before the fields here are set, so what they return looks at the fields only later.
     */
    private static final class Manager extends AbstractPluginManager {

        private final Map<Path, Isolated> dropIns = new HashMap<>();
        private final Map<PluginForm, ClassLoader> parents = new EnumMap<>(PluginForm.class);

        static String id(Path path) {
            return path.toString();
        }

        ClassLoader load(Isolated isolated) {
            dropIns.put(isolated.dropIn().path(), isolated);
            return getPluginClassLoader(loadPlugin(isolated.dropIn().path()));
        }

        void unload(String id) {
            if (getPlugin(id) != null) {
                dropIns.remove(getPlugin(id).getPluginPath());
                unloadPlugin(id);
            }
        }

        List<String> ids() {
            return List.copyOf(plugins.keySet());
        }

        private ClassLoader classLoader(Isolated isolated, PluginDescriptor descriptor) {
            ClassLoader parent = parents.computeIfAbsent(isolated.form(), ParentFilter::new);
            PluginClassLoader loader = new ExitRefusingLoader(this, descriptor, parent);
            for (Path jar : isolated.dropIn().jars()) {
                try {
                    // In the URL of a jar's entry, "!/" ends the jar's own path.
                    loader.addURL(URI.create(jar.toUri().toString().replace("!", "%21"))
                            .toURL());
                } catch (MalformedURLException e) {
                    throw new PluginRuntimeException(e, "The path {} cannot be written as a URL", jar);
                }
            }
            return loader;
        }

        private Isolated isolated(Path path) {
            Isolated isolated = dropIns.get(path);
            if (isolated == null) {
                throw new PluginRuntimeException("{} was not given to load", path);
            }
            return isolated;
        }

        @Override
        protected PluginDescriptorFinder createPluginDescriptorFinder() {
            return new PluginDescriptorFinder() {
                @Override
                public boolean isApplicable(Path path) {
                    return true;
                }

                @Override
                public PluginDescriptor find(Path path) {
                    return new DefaultPluginDescriptor(
                            id(path), DropIn.nameOf(path), Plugin.class.getName(), "0.0.0", "", "", "");
                }
            };
        }

        @Override
        protected PluginLoader createPluginLoader() {
            return new PluginLoader() {
                @Override
                public boolean isApplicable(Path path) {
                    return true;
                }

                @Override
                public ClassLoader loadPlugin(Path path, PluginDescriptor descriptor) {
                    return classLoader(isolated(path), descriptor);
                }
            };
        }

        /** No roots: {@code pf4j.pluginsDir} must not bring plugins in from outside. */
        @Override
        protected List<Path> createPluginsRoot() {
            return List.of();
        }

        /** {@code pf4j.mode} must not change anything either. */
        @Override
        public RuntimeMode getRuntimeMode() {
            return RuntimeMode.DEPLOYMENT;
        }

        @Override
        protected PluginRepository createPluginRepository() {
            return new PluginRepository() {
                @Override
                public List<Path> getPluginPaths() {
                    return List.of();
                }

                @Override
                public boolean deletePluginPath(Path path) {
                    return false;
                }
            };
        }

        @Override
        protected PluginStatusProvider createPluginStatusProvider() {
            return new PluginStatusProvider() {
                @Override
                public boolean isPluginDisabled(String id) {
                    return false;
                }

                @Override
                public void disablePlugin(String id) {
                    // Nothing disables a plugin but taking its file away.
                }

                @Override
                public void enablePlugin(String id) {
                    // Every plugin is enabled.
                }
            };
        }

        @Override
        protected PluginFactory createPluginFactory() {
            return new DefaultPluginFactory();
        }

        @Override
        protected ExtensionFactory createExtensionFactory() {
            return new DefaultExtensionFactory();
        }

        @Override
        protected ExtensionFinder createExtensionFinder() {
            return new DefaultExtensionFinder(this);
        }

        @Override
        protected VersionManager createVersionManager() {
            return new DefaultVersionManager();
        }
    }
}
