package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.StatefulModel.SaveRule;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StateWriter;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.host.text.OneLine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What stores the states of models that learn, and brings them back.
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
public final class LearnedStates implements ModelStates, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LearnedStates.class);
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final long LOOK_MILLIS = 250;
    private static final int LARGEST_PARTS = 5;

    private final Supplier<StateStore> store;
    private final long warnBytes;
    private final Clock clock;
    private final ModelLocks saving = new ModelLocks();
    private final Map<StatefulModel, Kept> kept = Collections.synchronizedMap(new WeakHashMap<>());
    private final ScheduledExecutorService schedule;

    /** What is known of a model's stored state. */
    private static final class Kept {

        private volatile StoredState base = StoredState.NONE;
        /** Whether no snapshot of the store that this host knows of is sure to hold the base. */
        private volatile boolean inherited;

        private volatile long updates;
        /** How often the store was to be asked for the base, and to get what it lacks, though nothing was learned since. */
        private final AtomicLong doubts = new AtomicLong();
        /** How many of the doubts are settled by a state that was stored. */
        private volatile long settled;

        /** When it was stored last, and when storing it failed last, by a clock that nobody sets. */
        private volatile long storedNanos = System.nanoTime();

        private volatile OptionalLong failedNanos = OptionalLong.empty();
        /** Why what was learned is not stored; empty while it is, or is not due. */
        private volatile Optional<String> failure = Optional.empty();

        private volatile boolean warned;

        boolean isDoubted() {
            return doubts.get() != settled && base.reference().isPresent();
        }
    }

    /**
     * @param store opens where states are; asked again after it could not be opened
     * @param warnBytes the size of a state from which the log names its largest parts
     */
    public LearnedStates(Supplier<StateStore> store, long warnBytes, Clock clock) {
        this.store = store;
        this.warnBytes = warnBytes;
        this.clock = clock;
        this.schedule = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "learned-states");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public void restore(StatefulModel model, StateReference state) {
        StateReader.Found found = store.get().reader().find(state);
        found.format().requireFits(model.stateFormat());
        model.restore(found);
        Kept known = new Kept();
        known.base = found.asBase();
        known.inherited = true;
        known.updates = model.updates();
        kept.put(model, known);
    }

    /** Begins to store states when their models' rules say so. */
    public void start(ModelServing serving) {
        schedule.scheduleWithFixedDelay(() -> look(serving), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look(ModelServing serving) {
        for (RunningVersion version : serving.stateful()) {
            try {
                if (isDue(version)) {
                    save(serving, version);
                }
            } catch (RuntimeException | Error e) {
                // It would end the schedule.
                log.debug("The state of {} was not stored", version.model(), e);
            }
        }
    }

    private boolean isDue(RunningVersion version) {
        StatefulModel model = version.stateful().orElseThrow();
        Kept known = kept(model);
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

    private Kept kept(StatefulModel model) {
        return kept.computeIfAbsent(model, ignored -> new Kept());
    }

    /**
     * Stores what every model has learned until now, and waits until it is durable.
     *
     * @return why states could not be stored, a line for each; empty if all were
     */
    public List<String> saveAll(ModelServing serving) {
        List<String> failures = new ArrayList<>();
        for (RunningVersion version : serving.stateful()) {
            try {
                Durability durability = save(serving, version);
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
    public Durability save(ModelServing serving, RunningVersion version) {
        return saving.with(version.model() + " " + version.version(), () -> {
            StatefulModel model = version.stateful().orElseThrow();
            Kept known = kept(model);
            try {
                return save(serving, version, model, known);
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
    public ModelServing.Change saveAs(ModelServing serving, RunningVersion version, String id) {
        ModelSave.checkId(id);
        return saving.with(version.model() + " " + version.version(), () -> {
            StatefulModel model = version.stateful()
                    .orElseThrow(() -> new ServingException(
                            Kind.BAD_REQUEST, "There is nothing to save: " + name(version) + " learns nothing."));
            Kept known = kept(model);
            if (model.updates() != known.updates || version.state().learned().isEmpty()) {
                try {
                    store(serving, version, model, known);
                } catch (RuntimeException | Error e) {
                    failed(version, known, OneLine.of(e));
                    throw e;
                }
            }
            // Of a version that was replaced meanwhile this is an older state, which is refused below.
            StateReference stored = version.state()
                    .learned()
                    .orElseThrow(() -> new ServingException(
                            Kind.UNAVAILABLE, name(version) + " was taken out of service while its state was saved."));
            Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
            return serving.keep(version, id, new ModelSave(version.version(), stored, now));
        });
    }

    private Durability save(ModelServing serving, RunningVersion version, StatefulModel model, Kept known) {
        return model.updates() == known.updates && !known.isDoubted()
                ? Durability.NOT_KEPT
                : store(serving, version, model, known);
    }

    private Durability store(ModelServing serving, RunningVersion version, StatefulModel model, Kept known) {
        // Before the capture: what comes between the two is stored and counted as not stored, the safe way round.
        long updates = model.updates();
        long begin = System.nanoTime();
        // A doubt that comes after this is not settled by what was asked before it.
        long doubts = known.doubts.get();
        known.inherited |= known.isDoubted();
        StateWriter.Result result;
        try (StateCapture capture = model.capture()) {
            warnOfSize(version, capture, known);
            boolean gone = known.inherited && !store.get().hasAll(known.base);
            result = store.get().writer().write(capture, gone ? StoredState.NONE : known.base);
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
        // The store may have it or not when it comes to the next one.
        known.inherited = durability.kind() != Durability.Kind.STORED;
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

    private void failed(RunningVersion version, Kept known, String why) {
        known.failedNanos = OptionalLong.of(System.nanoTime());
        String failure = "The state of " + name(version) + " could not be stored, and is tried again every "
                + RETRY.toSeconds() + " s: " + why;
        if (known.failure.isEmpty()) {
            log.error(failure);
        }
        known.failure = Optional.of(failure);
    }

    /** The store may lack what it once had, as after a time in which other hosts cleared it away: it is asked, and gets it. */
    public void doubtAll() {
        synchronized (kept) {
            kept.values().forEach(known -> known.doubts.incrementAndGet());
        }
    }

    /** What has been learned and would not survive a restart, against the operator's will: why, a line for each model. */
    public List<String> notices(ModelServing serving) {
        return serving.stateful().stream()
                .flatMap(version -> kept(version.stateful().orElseThrow()).failure.stream())
                .toList();
    }

    private void warnOfSize(RunningVersion version, StateCapture capture, Kept known) {
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
