package dev.holdfast.host.serving;

import dev.holdfast.host.common.DaemonThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads versions that are registered and not loaded: those that failed, and those that were to be loaded later. */
final class FailedModels {

    private static final Logger log = LoggerFactory.getLogger(FailedModels.class);

    private final ServingChanges changes;
    private final RunningModels running;
    private final UnusedArchives unused;

    /** Loads what was registered by calls that do not wait. */
    private final ExecutorService later;

    FailedModels(ServingChanges changes, RunningModels running, UnusedArchives unused, int loadThreads) {
        this.changes = changes;
        this.running = running;
        this.unused = unused;
        this.later = Executors.newFixedThreadPool(Math.max(1, loadThreads), DaemonThreads.named("later"));
    }

    /** The versions that could not be loaded, as {@code model version: reason}. */
    List<String> failures() {
        return described(running.failed());
    }

    static List<String> described(List<RunningVersion> failed) {
        return failed.stream()
                .map(version -> version.model() + " " + version.version() + ": "
                        + version.failure().orElse(""))
                .toList();
    }

    /** Loads a version soon, which is kept as failed if it cannot be loaded. */
    void loadSoon(RunningVersion waiting) {
        later.execute(() -> {
            try {
                retry(waiting, Occasion.OPERATORS_CALL);
            } catch (ServingException e) {
                log.debug("Model {} version {} could not be loaded", waiting.model(), waiting.version(), e);
            }
        });
    }

    /** Tries all versions that are held back in this way, one after the other. */
    void retryAll(Hold hold, Occasion occasion) {
        running.failed().stream().filter(failed -> failed.hold() == hold).forEach(failed -> {
            try {
                retry(failed, occasion);
            } catch (ServingException e) {
                log.debug("Model {} version {} could not be loaded again", failed.model(), failed.version(), e);
            }
        });
    }

    /** Does what {@link ModelServing#retry} says. */
    List<String> retry(String model, Optional<String> version) {
        running.find(model, version);
        List<String> loaded = new ArrayList<>();
        for (RunningVersion found : List.copyOf(running.versions(model))) {
            boolean wanted = version.isEmpty() || version.get().equals(found.version());
            if (wanted && found.failure().isPresent() && found.hold() != Hold.LOADING) {
                retry(found, Occasion.OPERATORS_CALL);
                loaded.add(found.version());
            } else if (wanted && found.lacksWorkers()) {
                changes.withModel(model, () -> {
                    found.bringBackWorkers();
                    return found;
                });
                found.awaitWorkers();
                loaded.add(found.version());
            }
        }
        return loaded;
    }

    private void retry(RunningVersion failed, Occasion occasion) {
        unused.openingBegins();
        try {
            changes.recover(failed, occasion);
        } finally {
            unused.openingEnds();
        }
    }

    /** Loads nothing any more. */
    void close() {
        later.shutdownNow();
    }
}
