package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingException.Kind;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The model versions that run now, found without a lock. Only the {@link Reconciler} changes them.
 *
 * <p>A model here is an immutable map of its versions and the name of its default, replaced as one, so that a reader never
 * sees a default that is gone.
 */
final class RunningModels {

    private record Running(
            Map<String, RunningVersion> versions, @Nullable String defaultVersion) {}

    private final ConcurrentMap<String, Running> models = new ConcurrentHashMap<>();

    /**
     * The version that answers a request.
     *
     * @param version empty for the default
     * @throws ServingException if there is no such model or version
     */
    RunningVersion find(String model, Optional<String> version) {
        Running running = models.get(model);
        if (running == null) {
            throw new ServingException(Kind.MODEL_NOT_FOUND, "Model not found: " + model);
        }
        String wanted = version.orElse(running.defaultVersion);
        RunningVersion found = wanted == null ? null : running.versions.get(wanted);
        if (found == null) {
            throw new ServingException(
                    Kind.VERSION_NOT_FOUND, "Model version: " + wanted + " does not exist for model: " + model);
        }
        return found;
    }

    Optional<RunningVersion> get(String model, String version) {
        return Optional.ofNullable(models.get(model)).map(running -> running.versions.get(version));
    }

    boolean isDefault(RunningVersion version) {
        Running running = models.get(version.model());
        return running != null && version.version().equals(running.defaultVersion);
    }

    Collection<RunningVersion> versions(String model) {
        Running running = models.get(model);
        return running == null ? java.util.List.of() : running.versions.values();
    }

    /** What runs as a serving state, without the versions that failed to load. */
    ServingState observed() {
        Map<String, ModelState> observed = new TreeMap<>();
        models.forEach((name, running) -> {
            SortedMap<String, VersionState> loaded = new TreeMap<>(ModelState.VERSION_ORDER);
            running.versions.values().stream()
                    .filter(RunningVersion::isLoaded)
                    .forEach(version -> loaded.put(version.version(), version.state()));
            if (!loaded.isEmpty()) {
                String defaultVersion = running.defaultVersion;
                observed.put(
                        name,
                        new ModelState(
                                loaded,
                                defaultVersion != null && loaded.containsKey(defaultVersion)
                                        ? defaultVersion
                                        : loaded.firstKey()));
            }
        });
        return ServingState.of(observed);
    }

    void put(RunningVersion version) {
        models.compute(version.model(), (name, running) -> {
            Map<String, RunningVersion> versions = new TreeMap<>(ModelState.VERSION_ORDER);
            if (running != null) {
                versions.putAll(running.versions);
            }
            versions.put(version.version(), version);
            return new Running(versions, running == null ? null : running.defaultVersion);
        });
    }

    void setDefault(String model, String version) {
        models.computeIfPresent(model, (name, running) -> new Running(running.versions, version));
    }

    void remove(RunningVersion version) {
        models.computeIfPresent(version.model(), (name, running) -> {
            Map<String, RunningVersion> versions = new TreeMap<>(ModelState.VERSION_ORDER);
            versions.putAll(running.versions);
            versions.remove(version.version(), version);
            return versions.isEmpty() ? null : new Running(versions, running.defaultVersion);
        });
    }
}
