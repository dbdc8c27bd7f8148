package dev.holdfast.host.serving;

import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
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

    /** @param versions in the order of versions; of string keys, because finding by that order costs a request dear */
    private record Running(Map<String, RunningVersion> versions, String defaultVersion) {

        Running(Collection<RunningVersion> versions, String defaultVersion) {
            this(byName(versions), defaultVersion);
        }

        private static Map<String, RunningVersion> byName(Collection<RunningVersion> versions) {
            Map<String, RunningVersion> byName = new LinkedHashMap<>();
            versions.stream()
                    .sorted(Comparator.comparing(RunningVersion::version, ServedModel.VERSION_ORDER))
                    .forEach(version -> byName.put(version.version(), version));
            return Collections.unmodifiableMap(byName);
        }
    }

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
            throw new ServingException(Kind.MODEL_NOT_FOUND, "Model not found: " + OneLine.name(model));
        }
        String wanted = version.orElse(running.defaultVersion);
        RunningVersion found = running.versions.get(wanted);
        if (found == null) {
            throw new ServingException(
                    Kind.VERSION_NOT_FOUND,
                    "Model version: " + OneLine.name(wanted) + " does not exist for model: " + model);
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
        return running == null ? List.of() : running.versions.values();
    }

    /** All versions of all models. */
    List<RunningVersion> all() {
        return models.values().stream()
                .flatMap(running -> running.versions.values().stream())
                .toList();
    }

    /** The versions that are registered but could not be loaded. */
    List<RunningVersion> failed() {
        return all().stream().filter(version -> version.failure().isPresent()).toList();
    }

    /** What runs as a serving state, with the versions that failed to load. */
    ServingState observed() {
        Map<String, ServedModel> observed = new TreeMap<>();
        models.forEach((name, running) -> {
            SortedMap<String, ServedVersion> versions = new TreeMap<>(ServedModel.VERSION_ORDER);
            running.versions.forEach((version, found) -> versions.put(version, found.state()));
            observed.put(name, new ServedModel(versions, running.defaultVersion));
        });
        return ServingState.of(observed);
    }

    /** Adds a version or replaces it; the first of a model is its default from the start. */
    void put(RunningVersion version) {
        models.compute(version.model(), (name, running) -> {
            List<RunningVersion> versions = without(running, version.version());
            versions.add(version);
            return new Running(versions, running == null ? version.version() : running.defaultVersion);
        });
    }

    void setDefault(String model, String version) {
        models.computeIfPresent(model, (name, running) -> new Running(running.versions, version));
    }

    void remove(RunningVersion version) {
        models.computeIfPresent(version.model(), (name, running) -> {
            List<RunningVersion> versions = without(running, version.version());
            return versions.isEmpty() ? null : new Running(versions, running.defaultVersion);
        });
    }

    private static List<RunningVersion> without(@Nullable Running running, String version) {
        List<RunningVersion> others = new ArrayList<>(running == null ? List.of() : running.versions.values());
        others.removeIf(other -> other.version().equals(version));
        return others;
    }
}
