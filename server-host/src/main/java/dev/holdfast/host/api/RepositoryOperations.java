package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.Registration;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The models of the store as the Open Inference Protocol sees them: what there is, loading and unloading it. A change returns when it
 * is durable. Safe for use by several threads.
 *
 * <p>A model that is unloaded stays registered, without workers, and with what it has learned.
 */
public final class RepositoryOperations {

    private final ModelServing serving;
    private final ModelOperations models;

    RepositoryOperations(ModelServing serving, ModelOperations models) {
        this.serving = serving;
        this.models = models;
    }

    /** How a version is, or an archive that none is served from. */
    public enum State {
        READY,
        LOADING,
        UNAVAILABLE
    }

    /**
     * A version of a model, or an archive of the store that none is served from.
     *
     * @param version empty for such an archive
     * @param reason why it is not ready; empty where it is
     */
    public record Entry(String name, String version, State state, String reason) {}

    /** All versions of all models, by their names, and then the archives of the store that none is served from. */
    public List<Entry> index(boolean readyAlone) {
        List<Entry> entries = new ArrayList<>();
        Set<String> used = new HashSet<>();
        for (VersionStatus status : models.statuses()) {
            used.add(status.state().archive());
            entries.add(entry(status));
        }
        for (String archive : serving.storedArchives()) {
            if (!used.contains(archive)) {
                entries.add(new Entry(stem(archive), "", State.UNAVAILABLE, "not loaded"));
            }
        }
        return readyAlone
                ? entries.stream().filter(entry -> entry.state() == State.READY).toList()
                : entries;
    }

    private Entry entry(VersionStatus status) {
        State state = models.isReady(status) ? State.READY : status.isLoading() ? State.LOADING : State.UNAVAILABLE;
        String reason = state == State.READY
                ? ""
                : status.failure()
                        .or(status::blocked)
                        .orElse(status.state().maxWorkers() == 0 ? "unloaded" : "has no worker that is ready");
        return new Entry(status.model(), status.version(), state, reason);
    }

    /** The name of an archive's file without its ending. */
    private static String stem(String archive) {
        return archive.replaceFirst("\\.(mar|war|onnx|zip|tgz|tar\\.gz)$", "");
    }

    /**
     * Loads a model: one that is registered gets the workers again that it had, also where it could not be loaded; for another one
     * the archive of that name is registered, with one worker.
     *
     * @throws ApiFailure of kind MODEL_NOT_FOUND if neither is there
     */
    public ChangeResult load(String model) {
        if (serving.state().model(model).isEmpty()) {
            return models.register(registration(model), true);
        }
        Optional<ChangeResult> last = Optional.empty();
        for (VersionStatus status : models.statuses(model)) {
            if (status.failure().isPresent()) {
                models.retry(model, Optional.of(status.version()));
            }
            ServedVersion.Workers workers = status.state().workersWhenLoaded();
            last = Optional.of(models.scale(model, Optional.of(status.version()), workers.min(), workers.max(), true));
        }
        return last.orElseThrow(() -> notFound(model)).saying("Model \"" + model + "\" loaded");
    }

    private Registration registration(String model) {
        String archive = serving.storedArchives().stream()
                .filter(file -> file.equals(model) || stem(file).equals(model))
                .findFirst()
                .orElseThrow(() -> notFound(model));
        return new Registration(
                archive,
                Optional.of(model),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.of(1),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static ApiFailure notFound(String model) {
        return new ApiFailure(
                Kind.MODEL_NOT_FOUND,
                "Model not found: " + OneLine.name(model)
                        + ". It is not registered, and the model store has no archive of that name.");
    }

    /**
     * Unloads all versions of a model: none of them has workers, and requests for them are refused.
     *
     * @throws ApiFailure of kind MODEL_NOT_FOUND if it is not registered
     */
    public ChangeResult unload(String model) {
        Optional<ChangeResult> last = Optional.empty();
        for (VersionStatus status : models.statuses(model)) {
            last = Optional.of(models.scale(model, Optional.of(status.version()), 0, 0, true));
        }
        return last.orElseThrow(() -> notFound(model)).saying("Model \"" + model + "\" unloaded");
    }
}
