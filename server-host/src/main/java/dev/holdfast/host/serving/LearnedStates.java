package dev.holdfast.host.serving;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.StatefulModel.SaveRule;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateWriter;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.host.text.OneLine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the states of models that learn.
 *
 * <pre>
 *   so many updates, or so much time ─┐
 *   a request, an orderly stop ───────┴▶ capture ─▶ chunks ─▶ the version's state in the serving state ─▶ snapshot
 * </pre>
 *
 * <p>A state is stored before a snapshot refers to it, so a crash in between leaves chunks that nobody needs, and never a
 * snapshot that cannot be restored. The next state is stored by its differences from this one only when that snapshot is
 * durable: chunks that no snapshot refers to may be removed.
 *
 * <p>A store that fails costs nothing but time: the model is ahead of its stored state and is tried again.
 */
public final class LearnedStates implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LearnedStates.class);
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final long LOOK_MILLIS = 250;
    private static final int LARGEST_PARTS = 5;

    private final StoredStates stored;
    private final ModelServing serving;
    private final long warnBytes;
    private final Clock clock;
    private final ModelLocks saving = new ModelLocks();
    private final ScheduledExecutorService schedule;

    /**
     * @param serving the models, which {@code stored} brings their states back
     * @param warnBytes the size of a state from which the log names its largest parts
     */
    public LearnedStates(StoredStates stored, ModelServing serving, long warnBytes, Clock clock) {
        this.stored = stored;
        this.serving = serving;
        this.warnBytes = warnBytes;
        this.clock = clock;
        this.schedule = DaemonThreads.singleScheduled("learned-states");
    }

    /** Begins to store states when their models' rules say so. */
    public void start() {
        schedule.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        for (RunningVersion version : serving.stateful()) {
            try {
                if (isDue(version)) {
                    save(version);
                }
            } catch (RuntimeException | Error e) {
                // It would end the schedule.
                log.debug("The state of {} was not stored", version.model(), e);
            }
        }
    }

    private boolean isDue(RunningVersion version) {
        StatefulModel model = version.stateful().orElseThrow();
        LastStored known = stored.of(model);
        long ahead = model.updates() - known.updates;
        SaveRule rule = model.saveRule();
        return (ahead > 0 || known.isDoubted())
                && hasPassed(known.failedNanos, RETRY)
                && (ahead >= rule.updates() || hasPassed(OptionalLong.of(known.storedNanos), rule.time()));
    }

    private static boolean hasPassed(OptionalLong since, Duration time) {
        return since.isEmpty()
                || Duration.ofNanos(System.nanoTime() - since.getAsLong()).compareTo(time) >= 0;
    }

    /**
     * Stores what every model has learned until now, and waits until it is durable.
     *
     * @return why states could not be stored, a line for each; empty if all were
     */
    public List<String> saveAll() {
        List<String> failures = new ArrayList<>();
        for (RunningVersion version : serving.stateful()) {
            try {
                Durability durability = save(version);
                if (!durability.isKept()) {
                    failures.add("The state of " + name(version) + " is not durable: "
                            + String.join("; ", durability.notice()));
                }
            } catch (RuntimeException | Error e) {
                failures.add("The state of " + name(version) + " could not be stored: " + OneLine.of(e));
            }
        }
        return failures;
    }

    private static String name(RunningVersion version) {
        return "model " + version.model() + " version " + version.version();
    }

    /**
     * Stores what one version has learned until now, and waits until it is durable; does nothing if it has learned nothing
     * since it was stored last.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store of states failed
     */
    public Durability save(RunningVersion version) {
        return saving.with(version.model() + " " + version.version(), () -> {
            StatefulModel model = version.stateful().orElseThrow();
            LastStored known = stored.of(model);
            try {
                return save(version, model, known);
            } catch (RuntimeException | Error e) {
                failed(version, known, OneLine.of(e));
                throw e;
            }
        });
    }

    /**
     * Stores what one version has learned until now, and keeps it under an id.
     *
     * @throws ServingException if the version is not loaded or its model has no state, or the id breaks its rule, or the
     *     version was replaced meanwhile
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store of states failed; what was under the id stays
     */
    public RunningChange saveAs(RunningVersion version, String id) {
        ModelSave.checkId(id);
        return saving.with(version.model() + " " + version.version(), () -> {
            StatefulModel model = version.stateful()
                    .orElseThrow(() -> new ServingException(
                            Kind.BAD_REQUEST, "There is nothing to save: " + name(version) + " learns nothing."));
            LastStored known = stored.of(model);
            if (model.updates() != known.updates || version.state().learned().isEmpty()) {
                try {
                    store(version, model, known);
                } catch (RuntimeException | Error e) {
                    failed(version, known, OneLine.of(e));
                    throw e;
                }
            }
            // Of a version that was replaced meanwhile this is an older state, which is refused below.
            StateReference reference = version.state()
                    .learned()
                    .orElseThrow(() -> new ServingException(
                            Kind.UNAVAILABLE, name(version) + " was taken out of service while its state was saved."));
            Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
            return serving.keep(version, id, new ModelSave(version.version(), reference, now));
        });
    }

    private Durability save(RunningVersion version, StatefulModel model, LastStored known) {
        return model.updates() == known.updates && !known.isDoubted()
                ? Durability.NOT_KEPT
                : store(version, model, known);
    }

    private Durability store(RunningVersion version, StatefulModel model, LastStored known) {
        // Read before the capture: an update in between is stored, and counted as not stored, which is the safe way
        // round.
        long updates = model.updates();
        long begin = System.nanoTime();
        // A doubt that comes after this is not settled by this save.
        long doubts = known.doubts.get();
        known.inherited |= known.isDoubted();
        StateWriter.Result result;
        try (StateCapture capture = model.capture()) {
            warnOfSize(version, capture, known);
            boolean gone = known.inherited && !stored.store().hasAll(known.base);
            result = stored.store().writer().write(capture, gone ? StoredState.NONE : known.base);
        }
        StateReference reference = result.state().reference().orElseThrow();
        Optional<CompletableFuture<Durability>> change = serving.learned(version, reference, updates);
        if (change.isEmpty()) {
            return Durability.NOT_KEPT;
        }
        Durability durability = await(change.get());
        if (!durability.isKept()) {
            failed(version, known, String.join("; ", durability.notice()));
            return durability;
        }
        known.base = result.state();
        known.settled = doubts;
        known.inherited = !durability.isStored();
        known.updates = updates;
        known.storedNanos = System.nanoTime();
        known.failedNanos = OptionalLong.empty();
        if (known.failure.isPresent()) {
            known.failure = Optional.empty();
            log.info("The state of {} is stored again", name(version));
        }
        log.debug(
                "The state of {} was stored in {} ms: {} bytes, {} new chunks of {} bytes",
                name(version),
                Duration.ofNanos(known.storedNanos - begin).toMillis(),
                reference.bytes(),
                result.newChunks(),
                result.newBytes());
        return durability;
    }

    private static Durability await(CompletableFuture<Durability> change) {
        try {
            return change.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException own ? own : e;
        }
    }

    private void failed(RunningVersion version, LastStored known, String why) {
        known.failedNanos = OptionalLong.of(System.nanoTime());
        String failure = "The state of " + name(version) + " could not be stored, and is tried again every "
                + RETRY.toSeconds() + " s: " + why;
        if (known.failure.isEmpty()) {
            log.error(failure);
        }
        known.failure = Optional.of(failure);
    }

    /** Why what models have learned would not survive a restart, a line for each model. */
    public List<String> notices() {
        return serving.stateful().stream()
                .flatMap(version -> stored.of(version.stateful().orElseThrow()).failure.stream())
                .toList();
    }

    private void warnOfSize(RunningVersion version, StateCapture capture, LastStored known) {
        long bytes = capture.parts().stream().mapToLong(StatePart::size).sum();
        if (bytes < warnBytes || known.warned) {
            return;
        }
        known.warned = true;
        log.warn(
                "The state of {} has {} bytes; its largest parts are {}",
                name(version),
                bytes,
                capture.parts().stream()
                        .sorted(Comparator.comparingLong(StatePart::size).reversed())
                        .limit(LARGEST_PARTS)
                        .map(part -> part.name() + " (" + part.size() + ")")
                        .collect(Collectors.joining(", ")));
    }

    /** Ends the schedule; a save that is under way ends first, or is left behind after a while. */
    @Override
    public void close() {
        schedule.shutdown();
        try {
            if (!schedule.awaitTermination(10, TimeUnit.SECONDS)) {
                schedule.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            schedule.shutdownNow();
        }
    }
}
