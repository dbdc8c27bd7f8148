package dev.holdfast.host.plugins;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.common.OwnSerializers;
import dev.holdfast.host.common.UnsafePlaceException;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

    /** A drop-in whose factories were constructed; which of them serve is known when all drop-ins have been read. */
    private record Candidate(OpenedDropIn opened, FactoryFinder.Findings findings, Optional<String> warning) {

        Path path() {
            return opened.dropIn().path();
        }
    }

    private static final Logger log = LoggerFactory.getLogger(PluginLoading.class);

    private final PluginOptions options;
    private final PluginIsolation isolation;
    private final @Nullable Sha256List approved;

    final List<LoadedPlugin> loaded = new ArrayList<>();
    final List<RejectedPlugin> rejected = new ArrayList<>();
    final Map<String, Brought> serializers = new LinkedHashMap<>();
    /** Names that several plugins have, so that none of them serves; each with a text that names the plugins. */
    final Map<String, String> ambiguous = new LinkedHashMap<>();

    final PluginInventory inventory = new PluginInventory();

    private final List<Candidate> candidates = new ArrayList<>();

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
        findNamesOfSeveral();
        candidates.forEach(this::register);
        // What serves is known now; nothing else may hold on to the class loaders.
        candidates.clear();
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
                requireOwn(dropIn);
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

    /** What everyone may write would run with the rights of the host. */
    private static void requireOwn(DropIn dropIn) throws RejectedException {
        Set<Path> places = new LinkedHashSet<>();
        for (Path path : dropIn.jars()) {
            // That of the plugins path, or of the plugin.
            Stream.of(path.toAbsolutePath().getParent(), path)
                    .filter(Objects::nonNull)
                    .forEach(places::add);
        }
        if (dropIn.isDirectory()) {
            Stream.of(dropIn.path().toAbsolutePath().getParent())
                    .filter(Objects::nonNull)
                    .forEach(places::add);
        }
        for (Path place : places) {
            try {
                OwnFiles.requireOwn(place, "install the plugin where only its owner may write");
            } catch (UnsafePlaceException e) {
                throw new RejectedException(String.valueOf(e.getMessage()), e);
            } catch (IOException e) {
                // Opening it tells what is wrong.
            }
        }
    }

    private void load(OpenedDropIn opened) throws RejectedException {
        DropIn dropIn = opened.dropIn();
        Optional<String> warning = opened.checkSdk(options.sdkVersion());
        ClassLoader loader = isolation.isolate(dropIn, opened.form());
        FactoryFinder.Findings findings = new FactoryFinder(opened, loader, options.javaFeature(), options.calls())
                .find(options.initialisationLimit());
        if (findings.factories().isEmpty()) {
            throw nothingOf(opened, findings);
        }
        candidates.add(new Candidate(opened, findings, warning));
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

    /** Nobody can tell which of two the operator means, and the order of files decides nothing, so neither serves. */
    private void findNamesOfSeveral() {
        Map<String, List<Path>> byName = new TreeMap<>();
        for (Candidate candidate : candidates) {
            for (FoundFactory found : candidate.findings().factories()) {
                byName.computeIfAbsent(found.name(), any -> new ArrayList<>()).add(candidate.path());
            }
        }
        byName.values().removeIf(paths -> paths.size() < 2);
        byName.forEach((name, paths) -> {
            Set<Path> plugins = new TreeSet<>(paths);
            String all = plugins.stream().map(OneLine::of).collect(Collectors.joining(" and "))
                    + (plugins.size() == 1 ? " twice" : "");
            ambiguous.put(name, all);
            String told = name + " is brought by " + all + "; none of them is used, remove all but one";
            log.error("Serializer {}", told);
            for (Path path : plugins) {
                rejected.add(new RejectedPlugin(path, "its serializer " + told));
                inventory.refused(path, "its serializer " + told);
            }
        });
    }

    private void register(Candidate candidate) {
        OpenedDropIn opened = candidate.opened();
        DropIn dropIn = opened.dropIn();
        List<FoundFactory> serving = candidate.findings().factories().stream()
                .filter(found -> !ambiguous.containsKey(found.name()))
                .toList();
        if (serving.isEmpty()) {
            isolation.release(dropIn);
        } else {
            LoadedPlugin plugin = new LoadedPlugin(
                    dropIn.path(),
                    serving.stream().map(FoundFactory::name).toList(),
                    opened.version(),
                    opened.sdkVersion());
            serving.forEach(found -> serializers.put(found.name(), new Brought(found, plugin)));
            loaded.add(plugin);
            inventory.loaded(plugin);
            log.debug("Plugin {} brings {}", OneLine.of(dropIn.path()), String.join(", ", plugin.serializers()));
        }
        reportProblems(dropIn, candidate.findings());
        if (serving.stream().anyMatch(found -> found.name().equals(OwnSerializers.BUILT_IN))) {
            inventory.remark(
                    dropIn.path(),
                    "its serializer " + OwnSerializers.BUILT_IN + " takes the place of the built-in one");
        }
        candidate.warning().ifPresent(text -> {
            inventory.remark(dropIn.path(), text);
            log.warn("Plugin {} is loaded, but {}", OneLine.of(dropIn.path()), text);
        });
        warnOfSharedDirectory(opened);
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
