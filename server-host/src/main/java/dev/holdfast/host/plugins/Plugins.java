package dev.holdfast.host.plugins;

import dev.holdfast.host.plugins.torchserve.TorchServeFactory;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugins of a host, loaded each into a class loader of its own, and the choice of the serializer that it works with.
 *
 * <pre>
 *   load ──▶ loaded() · rejected() ──▶ choose ──▶ open ──▶ close
 * </pre>
 *
 * <p>A broken plugin never stops a host by itself: it is {@linkplain #rejected() rejected} with one WARN line, and is told
 * again where the choice fails. Nothing is written to the plugins directory.
 *
 * <p>Deliberately not here: changing plugins while the host runs, and protection from malicious plugins. A plugin is code with
 * the host's rights. Its calls of {@code System.exit} and the like, which are mostly mistakes, are removed from its classes
 * ({@code ExitRewriter}); by reflection or native code it can still end the host, and {@link CallWatch} records which plugin
 * was running.
 */
public final class Plugins implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Plugins.class);

    private final PluginOptions options;
    private final PluginIsolation isolation;
    private final PluginLoading loading;
    private final List<GuardedSerializer> opened = new CopyOnWriteArrayList<>();

    private Plugins(PluginOptions options, PluginIsolation isolation, PluginLoading loading) {
        this.options = options;
        this.isolation = isolation;
        this.loading = loading;
    }

    /**
     * Loads all plugins of the paths.
     *
     * @throws IllegalArgumentException if a path does not exist or can hold no plugins, or the list of approved plugins
     *     cannot be used
     */
    public static Plugins load(PluginOptions options) {
        PluginIsolation isolation = new Pf4jIsolation();
        try {
            PluginLoading loading = new PluginLoading(options, isolation);
            if (!options.paths().isEmpty()) {
                log.info("Trying to load snapshot serializer via plugin....");
                log.info(
                        "Plugins are looked for in {}",
                        options.paths().stream().map(OneLine::of).collect(Collectors.joining(", ")));
                loading.run();
            }
            return new Plugins(options, isolation, loading);
        } catch (RuntimeException e) {
            isolation.close();
            throw e;
        }
    }

    /** The plugins that serve, in the order in which they were found. */
    public List<LoadedPlugin> loaded() {
        return List.copyOf(loading.loaded);
    }

    /** The drop-ins that do not serve, or not with all that they have. */
    public List<RejectedPlugin> rejected() {
        return List.copyOf(loading.rejected);
    }

    /** Every drop-in that was found, ordered by path. */
    public List<PluginStatus> all() {
        return loading.inventory.all();
    }

    /**
     * Chooses the serializer of a name, or the one serializer that a plugin brings, or the built-in one. A plugin that
     * brings a serializer of the built-in one's name takes its place, and is no choice of its own.
     *
     * @param name what the operator set, in any case; null if nothing
     * @param builtIn the host's own serializer
     * @throws SerializerChoiceException if there is none of that name, two plugins have that name, or there are several
     *     serializers and no name; the message lists what there is, and the rejected plugins
     */
    public SerializerChoice choose(@Nullable String name, SnapshotSerializerFactory builtIn) {
        String wanted = name == null ? theOne(builtIn.name()) : name.strip().toLowerCase(Locale.ROOT);
        String both = loading.ambiguous.get(wanted);
        if (both != null) {
            throw new SerializerChoiceException(
                    "Snapshot serializer " + wanted + " is brought by " + both
                            + "; none of them is used, remove all but one",
                    false);
        }
        PluginLoading.Brought brought = loading.serializers.get(wanted);
        if (brought == null) {
            if (wanted.equals(builtIn.name())) {
                return SerializerChoice.builtIn(builtIn);
            }
            throw new SerializerChoiceException(
                    "Snapshot serializer '" + OneLine.of(wanted) + "' is not here; " + available(builtIn)
                            + rejections(),
                    !loading.rejected.isEmpty());
        }
        logChosen(brought, builtIn.name());
        return SerializerChoice.ofPlugin(brought.found(), brought.plugin());
    }

    private String theOne(String builtIn) {
        Set<String> brought = new TreeSet<>(loading.serializers.keySet());
        brought.addAll(loading.ambiguous.keySet());
        brought.remove(builtIn);
        if (brought.size() > 1) {
            throw new SerializerChoiceException(
                    "The plugins bring " + brought.size() + " snapshot serializers; choose one with --snapshot-store: "
                            + String.join(", ", brought) + ", or " + builtIn + rejections(),
                    false);
        }
        return brought.isEmpty() ? builtIn : brought.iterator().next();
    }

    /** The names that {@link #choose} can find, of plugins and of the built-in serializer. */
    public Set<String> serializers(SnapshotSerializerFactory builtIn) {
        Set<String> names = new TreeSet<>(loading.serializers.keySet());
        names.addAll(loading.ambiguous.keySet());
        names.add(builtIn.name());
        return names;
    }

    private String available(SnapshotSerializerFactory builtIn) {
        return "there are: " + String.join(", ", serializers(builtIn))
                + (options.paths().isEmpty()
                        ? "; no plugin is installed: put it into the directory plugins of the distribution (those of Holdfast are in"
                                + " plugins-available), or name another directory with --plugins-path"
                        : "");
    }

    /** The rejected plugins, as the end of a message about what is not here; empty if there are none. */
    public String rejections() {
        return loading.rejected.isEmpty()
                ? ""
                : "; not loaded: "
                        + loading.rejected.stream()
                                .map(RejectedPlugin::toString)
                                .collect(Collectors.joining("; "));
    }

    private static void logChosen(PluginLoading.Brought brought, String builtIn) {
        String name = brought.found().name();
        LoadedPlugin plugin = brought.plugin();
        log.info("Snapshot serializer via plugin has been loaded successfully");
        log.info(
                "Serializer {} comes from plugin {} ({}, version {}, made for {})",
                name,
                plugin.name(),
                OneLine.of(plugin.path()),
                plugin.version().orElse("unknown"),
                brought.found().factory() instanceof TorchServeFactory
                        ? "TorchServe"
                        : "SDK " + plugin.sdkVersion().orElse("unknown"));
        if (name.equals(builtIn)) {
            log.info("Serializer {} of plugin {} takes the place of the built-in one", name, plugin.name());
        }
    }

    /**
     * Opens a serializer whose every call runs in the plugin's context, within the limit of {@link PluginOptions}, and
     * fails in no other way than the SPI says.
     *
     * @return a serializer that the caller closes; the threads that it uses are described in {@code PluginCalls}
     * @throws IllegalArgumentException if the configuration has an unknown key or a bad value
     * @throws IllegalStateException if the plugin cannot be opened as things are
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store cannot be opened
     */
    public SnapshotSerializer open(SerializerChoice choice, SerializerConfig config) {
        GuardedSerializer serializer = GuardedSerializer.open(choice.factory(), config, calls(choice));
        opened.add(serializer);
        return serializer;
    }

    private PluginCalls calls(SerializerChoice choice) {
        if (choice.plugin().isEmpty()) {
            return new PluginCalls(
                    "Serializer " + choice.name(),
                    new PluginContext(choice.name(), choice.loader(), Optional.empty()),
                    options.callLimit());
        }
        LoadedPlugin plugin = choice.plugin().get();
        String subject = choice.name() + " of plugin " + OneLine.of(DropIn.fileName(plugin.path()));
        return new PluginCalls(
                "Serializer " + subject,
                new PluginContext(plugin.name(), choice.loader(), Optional.of(plugin.path())),
                options.callLimit(),
                method -> options.calls().begins(method + " of serializer " + subject));
    }

    /**
     * The factory of a choice for whoever tests the serializer itself: its calls run in the plugin's context, and beyond
     * that nothing is put around them, neither a limit of time nor the checks of {@link #open}. What it opens, the caller
     * closes.
     */
    public SnapshotSerializerFactory unguarded(SerializerChoice choice) {
        return InPluginContext.of(choice.factory(), choice.plugin().map(LoadedPlugin::path));
    }

    /** Closes the serializers that are still open, and the class loaders. What fails is logged, and the rest closed. */
    @Override
    public void close() {
        for (GuardedSerializer serializer : opened) {
            try {
                serializer.close();
            } catch (RuntimeException e) {
                log.warn("{} could not be closed: {}", serializer, OneLine.of(e.toString()));
                log.debug("{} could not be closed", serializer, e);
            }
        }
        opened.clear();
        loading.serializers.clear();
        isolation.close();
    }
}
