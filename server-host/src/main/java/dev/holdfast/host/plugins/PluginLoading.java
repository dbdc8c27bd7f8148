package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reading of the plugins paths, from the drop-ins to the serializers' names. A drop-in that fails costs one line of
 * the log and no other drop-in.
 */
final class PluginLoading {

    /** A serializer, and the plugin that it comes from. */
    record Brought(FoundFactory found, LoadedPlugin plugin) {}

    private static final Logger log = LoggerFactory.getLogger(PluginLoading.class);

    private final PluginOptions options;
    private final PluginIsolation isolation;
    private final @Nullable Sha256List approved;

    final List<LoadedPlugin> loaded = new ArrayList<>();
    final List<RejectedPlugin> rejected = new ArrayList<>();
    final Map<String, Brought> serializers = new LinkedHashMap<>();
    /** Names that two plugins have, each with a text that names the plugins. */
    final Map<String, String> ambiguous = new LinkedHashMap<>();

    final PluginInventory inventory = new PluginInventory();

    PluginLoading(PluginOptions options, PluginIsolation isolation) {
        this.options = options;
        this.isolation = isolation;
        this.approved = options.sha256List().map(Sha256List::read).orElse(null);
    }

    /**
     * Loads everything.
     *
     * @throws IllegalArgumentException if a plugins path cannot be used
     */
    void run() {
        Set<Path> seen = new HashSet<>();
        for (Path path : options.paths()) {
            DropInFinder finder = DropInFinder.in(path);
            if (finder.found().isEmpty() && finder.rejected().isEmpty()) {
                log.info("There are no plugins in {}", OneLine.of(path));
            }
            finder.rejected().forEach(plugin -> reject(plugin.path(), plugin.reason(), null));
            finder.oddities()
                    .forEach(oddity -> log.warn("{} is passed over: {}", OneLine.of(oddity.path()), oddity.reason()));
            finder.others().forEach(other -> log.info("{} is passed over: it is no jar", OneLine.of(other)));
            // A drop-in that two paths or links lead to is one plugin.
            load(finder.found().stream()
                    .filter(dropIn -> seen.add(realPath(dropIn.path())))
                    .toList());
        }
    }

    private static Path realPath(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            // A link into nowhere, which opening it will tell.
            return path;
        }
    }

    private void load(List<DropIn> found) {
        List<OpenedDropIn> opened = new ArrayList<>();
        for (DropIn dropIn : found) {
            try {
                OpenedDropIn whole = OpenedDropIn.open(dropIn, approved);
                inventory.opened(whole);
                opened.add(whole);
            } catch (RejectedException e) {
                reject(dropIn.path(), e.reason(), e);
            }
        }
        for (OpenedDropIn dropIn : opened) {
            try {
                dropIn.requireServiceFile(opened);
                load(dropIn);
            } catch (RejectedException e) {
                isolation.release(dropIn.dropIn());
                reject(dropIn.dropIn().path(), e.reason(), e);
            }
        }
    }

    private void load(OpenedDropIn opened) throws RejectedException {
        DropIn dropIn = opened.dropIn();
        Optional<String> warning = opened.checkSdk(options.sdkVersion());
        ClassLoader loader = isolation.isolate(dropIn, opened.form());
        FactoryFinder.Findings findings =
                new FactoryFinder(opened, loader, options.javaFeature()).find(options.initialisationLimit());
        if (findings.factories().isEmpty()) {
            throw nothingOf(opened, findings);
        }
        register(opened, findings.factories());
        reportProblems(dropIn, findings);
        warning.ifPresent(text -> {
            inventory.remark(dropIn.path(), text);
            log.warn("Plugin {} is loaded, but {}", OneLine.of(dropIn.path()), text);
        });
        warnOfSharedDirectory(opened);
    }

    private static RejectedException nothingOf(OpenedDropIn opened, FactoryFinder.Findings findings) {
        return findings.problems().isEmpty()
                ? new RejectedException("its service file " + opened.serviceFile() + " names no class")
                : new RejectedException(
                        reasons(findings), findings.problems().get(0).failure());
    }

    private static String reasons(FactoryFinder.Findings findings) {
        return findings.problems().stream()
                .map(FactoryFinder.Problem::reason)
                .distinct()
                .collect(Collectors.joining("; "));
    }

    private void register(OpenedDropIn opened, List<FoundFactory> factories) {
        DropIn dropIn = opened.dropIn();
        Map<String, FoundFactory> fresh = new LinkedHashMap<>();
        for (FoundFactory found : factories) {
            Brought first = serializers.get(found.name());
            if (first != null) {
                refuseSecond(found.name(), first.plugin().path(), dropIn.path());
            } else if (fresh.putIfAbsent(found.name(), found) != null) {
                refuseSecond(found.name(), dropIn.path(), dropIn.path());
            }
        }
        if (fresh.isEmpty()) {
            isolation.release(dropIn);
            return;
        }
        LoadedPlugin plugin =
                new LoadedPlugin(dropIn.path(), List.copyOf(fresh.keySet()), opened.version(), opened.sdkVersion());
        fresh.forEach((name, found) -> serializers.put(name, new Brought(found, plugin)));
        loaded.add(plugin);
        inventory.loaded(plugin);
        log.debug("Plugin {} brings {}", OneLine.of(dropIn.path()), String.join(", ", plugin.serializers()));
    }

    private void refuseSecond(String name, Path first, Path second) {
        String both = OneLine.of(first) + " and " + OneLine.of(second);
        ambiguous.merge(name, both, (before, now) -> before + " and " + OneLine.of(second));
        String reason =
                OneLine.of("its serializer " + name + " is already brought by " + first + "; remove one of them");
        rejected.add(new RejectedPlugin(second, reason));
        inventory.refused(second, reason);
        log.error("Serializer {} is brought by both {}; the first is kept, remove one of them", name, both);
    }

    private void reportProblems(DropIn dropIn, FactoryFinder.Findings findings) {
        if (findings.problems().isEmpty()) {
            return;
        }
        rejected.add(new RejectedPlugin(dropIn.path(), "in part: " + reasons(findings)));
        inventory.refused(dropIn.path(), reasons(findings));
        log.warn("Plugin {} is loaded in part: {}", OneLine.of(dropIn.path()), reasons(findings));
        findings.problems()
                .forEach(problem ->
                        log.debug("Plugin {} is loaded in part", OneLine.of(dropIn.path()), problem.failure()));
    }

    /** Two plugins in one directory work, but share their libraries; mostly the plugins path is one level too high. */
    private void warnOfSharedDirectory(OpenedDropIn opened) {
        List<String> plugins = opened.jars().stream()
                .filter(PluginJar::brings)
                .map(jar -> DropIn.fileName(jar.path()))
                .toList();
        if (plugins.size() > 1) {
            inventory.remark(
                    opened.dropIn().path(),
                    OneLine.of("its plugins " + String.join(", ", plugins)
                            + " share one class loader; if --plugins-path is one level too high, give it "
                            + opened.dropIn().path()));
            log.warn(
                    "Plugin {} holds {} plugins ({}), which share one class loader; if --plugins-path is one level too"
                            + " high, give it {}",
                    OneLine.of(opened.dropIn().path()),
                    plugins.size(),
                    OneLine.of(String.join(", ", plugins)),
                    OneLine.of(opened.dropIn().path()));
        }
    }

    private void reject(Path path, String reason, @Nullable Exception failure) {
        rejected.add(new RejectedPlugin(path, reason));
        inventory.refused(path, reason);
        log.warn("Plugin {} is not loaded: {}", OneLine.of(path), reason);
        if (failure != null) {
            log.debug("Plugin {} is not loaded", OneLine.of(path), failure);
        }
    }
}
