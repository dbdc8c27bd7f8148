package dev.holdfast.host;

import dev.holdfast.host.archive.ArchiveLimits;
import dev.holdfast.host.archive.DirectoryModelStore;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.http.HttpApis;
import dev.holdfast.host.http.Metrics;
import dev.holdfast.host.keeper.ChangeQueue;
import dev.holdfast.host.keeper.NoSnapshots;
import dev.holdfast.host.keeper.SnapshotKeeper;
import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.keeper.Standing;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.retention.HousekeepingRound;
import dev.holdfast.host.runtime.BuiltInRuntime;
import dev.holdfast.host.runtime.OnnxRuntime;
import dev.holdfast.host.runtime.OnnxSessionRuntime;
import dev.holdfast.host.runtime.RandomCutForestRuntime;
import dev.holdfast.host.runtime.Runtimes;
import dev.holdfast.host.serving.CurrentState;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.ServingDefaults;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running host, and the place where its rooms are wired together.
 *
 * <pre>
 *   configuration ─▶ plugins ─▶ store ─▶ restore ─▶ models ─▶ HTTP ─▶ startup snapshot ─▶ ready
 * </pre>
 *
 * <p>A start that fails lets go of all that it took, and writes no snapshot.
 */
public final class Host implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Host.class);
    private static final long RETRY_FAILED_MODELS_SECONDS = 30;
    /** Within the minute that an orderly stop has, whatever the store does: what was acknowledged is durable already. */
    private static final Duration LAST_SNAPSHOT = Duration.ofSeconds(30);

    private static final Duration HOUSEKEEPING = Duration.ofHours(1);
    private static final Duration TIDYING = Duration.ofMinutes(10);

    private final Closer closer;
    private final HttpApis http;
    private final Snapshots snapshots;
    private final @Nullable SnapshotKeeper keeper;
    private final Supplier<List<String>> saveStates;
    private final Path keyFile;
    private final String summary;
    private boolean stopped;

    private Host(
            Closer closer,
            HttpApis http,
            Snapshots snapshots,
            @Nullable SnapshotKeeper keeper,
            Supplier<List<String>> saveStates,
            Path keyFile,
            String summary) {
        this.closer = closer;
        this.http = http;
        this.snapshots = snapshots;
        this.keeper = keeper;
        this.saveStates = saveStates;
        this.keyFile = keyFile;
        this.summary = summary;
    }

    /**
     * Begins to load, on a thread of its own, what a start will need: to be called as early as the process knows that it
     * will be a host. Most of a start is the loading of classes, and on two processors half of it comes for free.
     */
    public static void warmUp() {
        Thread thread = new Thread(
                () -> {
                    try {
                        HttpApis.warmUp();
                        SnapshotText.warmUp();
                    } catch (RuntimeException | LinkageError e) {
                        log.debug("Classes could not be loaded ahead; the start will meet the reason", e);
                    }
                },
                "warm-up");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Starts a host; it is ready when this returns. The caller sees to it that the log location has one host at a time.
     *
     * @throws ConfigException if it cannot start as it was told; the message is one line for the operator
     */
    public static Host start(StartOptions options) {
        Closer closer = new Closer();
        try {
            return start(options, closer, Clock.systemUTC());
        } catch (RuntimeException | Error e) {
            try {
                closer.close();
            } catch (RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private static Host start(StartOptions options, Closer closer, Clock clock) {
        StartState begin = StartState.of(options, closer);
        HostConfig config = begin.config();
        config.logUnknownKeys();

        CurrentState current = new CurrentState();
        ChangeQueue changes =
                new ChangeQueue(begin.persistence().map(Persistence::storeName).orElse("none"));
        DirectoryModelStore store = closer.add(modelStore(options, config));
        Metrics metrics = new Metrics(HostName.of(config));
        OnnxRuntime onnx = new OnnxRuntime(config.nativeThreads());
        Runtimes runtimes = new Runtimes(List.of(
                onnx,
                new OnnxSessionRuntime(onnx, System::nanoTime),
                new RandomCutForestRuntime(),
                new BuiltInRuntime()));
        LearnedStates learned = new LearnedStates(() -> states(begin), config.stateWarnBytes(), clock);
        NoSnapshots off = new NoSnapshots(config.snapshotGroup());
        ModelServing serving = closer.add(new ModelServing(
                current,
                begin.persistence().isPresent() ? changes : off,
                store,
                runtimes::load,
                learned,
                servingDefaults(config),
                metrics,
                clock));
        List<String> failures =
                serving.reconcile(begin.restored().orElseGet(() -> new InitialModels(config, store).state()), true);
        if (!failures.isEmpty() && config.strictRestore()) {
            throw new ConfigException(
                    "--restore strict: " + (failures.size() == 1 ? "a model" : failures.size() + " models")
                            + " could not be loaded: " + String.join("; ", failures));
        }

        @Nullable
        SnapshotKeeper keeper = begin.persistence()
                .map(some -> closer.add(keeper(some, begin, changes, serving, learned, config, clock)))
                .orElse(null);
        // Stopped before the keeper is: what it is about to store still finds one.
        closer.add(learned);
        Snapshots snapshots = keeper == null ? off : keeper;
        HttpApis http = closer.add(HttpApis.start(
                config,
                serving,
                learned,
                snapshots,
                metrics,
                begin.persistence().map(Persistence::plugins).orElse(List.of()),
                options.logLocation(),
                clock,
                HostVersion.get()));
        if (keeper != null) {
            keeper.start();
            noteStartup(
                    await(keeper, SnapshotKind.STARTUP, config.snapshotTimeout().multipliedBy(2)));
            learned.start(serving);
            closer.add(housekeeping(begin.persistence().orElseThrow(), keeper, clock));
        }
        closer.add(retrying(serving));
        String summary = summary(begin, current.get(), failures, snapshots.status());
        summary.lines().forEach(line -> log.info("{}", line));
        return new Host(
                closer,
                http,
                snapshots,
                keeper,
                () -> learned.saveAll(serving),
                options.logLocation().resolve("key_file.json"),
                summary);
    }

    private static SnapshotKeeper keeper(
            Persistence persistence,
            StartState begin,
            ChangeQueue changes,
            ModelServing serving,
            LearnedStates learned,
            HostConfig config,
            Clock clock) {
        StartPoint start = begin.start();
        if (start.base().isEmpty() && begin.restored().isEmpty()) {
            // What the configuration names is served without anybody having asked for a change.
            start = start.serving(serving.state());
        }
        Standing standing = new Standing(persistence.keeperOptions(), start);
        persistence.putChunksWhile(standing);
        return persistence.keeper(
                start, changes, standing, new ServedModels(serving, learned), config::toSnapshot, clock);
    }

    private static StateStore states(StartState begin) {
        return begin.persistence()
                .map(Persistence::states)
                .orElseThrow(() -> new StoreUnavailableException(
                        "Snapshots are switched off, and with them the learned states of models"));
    }

    private static DirectoryModelStore modelStore(StartOptions options, HostConfig config) {
        Path directory =
                config.modelStore().orElseThrow(() -> new ConfigException("Missing mandatory parameter --model-store"));
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(config.named(ConfigKey.MODEL_STORE)
                    + " is not a directory; make it, or name another one with --model-store");
        }
        DirectoryModelStore store = new DirectoryModelStore(
                directory,
                options.logLocation().resolve("work"),
                UrlPolicy.of(String.join(",", config.allowedUrls()), config.allowPrivateUrls()),
                ArchiveLimits.defaults());
        store.clean();
        return store;
    }

    private static ServingDefaults servingDefaults(HostConfig config) {
        return new ServingDefaults(
                config.defaultWorkersPerModel(),
                config.jobQueueSize(),
                config.defaultResponseTimeout(),
                config.defaultStartupTimeout(),
                config.unregisterModelTimeout(),
                Runtime.getRuntime().availableProcessors());
    }

    private static AutoCloseable retrying(ModelServing serving) {
        ScheduledExecutorService retries = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "failed-models");
            thread.setDaemon(true);
            return thread;
        });
        retries.scheduleWithFixedDelay(
                () -> retry(serving), RETRY_FAILED_MODELS_SECONDS, RETRY_FAILED_MODELS_SECONDS, TimeUnit.SECONDS);
        return retries::shutdownNow;
    }

    /** The first round soon, so that a host that is restarted often comes to it too. */
    private static AutoCloseable housekeeping(Persistence persistence, SnapshotKeeper keeper, Clock clock) {
        ScheduledExecutorService rounds = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "housekeeping");
            thread.setDaemon(true);
            return thread;
        });
        HousekeepingRound tidying = new HousekeepingRound(() -> persistence.tidying(clock));
        rounds.scheduleWithFixedDelay(tidying, 30, TIDYING.toSeconds(), TimeUnit.SECONDS);
        HousekeepingRound round =
                new HousekeepingRound(() -> persistence.housekeeping(keeper::pinned, keeper::trimmed, clock));
        rounds.scheduleWithFixedDelay(
                () -> {
                    if (keeper.status().mode() == StoreStatus.Mode.ATTACHED) {
                        round.run();
                    }
                },
                60,
                HOUSEKEEPING.toSeconds(),
                TimeUnit.SECONDS);
        return rounds::shutdownNow;
    }

    private static void retry(ModelServing serving) {
        try {
            serving.retryFailed();
        } catch (RuntimeException | Error e) {
            // It would end the schedule.
            log.error("Failed models could not be tried again: {}", e.toString());
            log.debug("Failed models could not be tried again", e);
        }
    }

    private static void noteStartup(Durability durability) {
        if (durability.kind() == Durability.Kind.LOST_ON_RESTART) {
            log.error("The startup snapshot is not durable: {}", String.join("; ", durability.notice()));
        }
    }

    private static Durability await(SnapshotKeeper keeper, SnapshotKind kind, Duration limit) {
        try {
            return keeper.take(kind).get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return new Durability(
                    Durability.Kind.LOST_ON_RESTART,
                    Optional.empty(),
                    List.of("the " + kind.word() + " snapshot was not saved in time"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of("interrupted"));
        }
    }

    private static String summary(StartState begin, ServingState state, List<String> failures, StoreStatus status) {
        List<String> lines = new ArrayList<>();
        lines.add(begin.source() + ": " + state.versionCount() + " model version"
                + (state.versionCount() == 1 ? "" : "s")
                + (failures.isEmpty() ? "" : ", " + failures.size() + " of them failed to load"));
        failures.forEach(failure -> lines.add("Failed: " + failure));
        lines.addAll(begin.notes());
        lines.add(
                status.mode() == StoreStatus.Mode.OFF
                        ? "Snapshots are switched off"
                        : "Snapshots go to store " + status.store() + ", group " + status.group()
                                + (status.mode() == StoreStatus.Mode.ATTACHED ? "" : " (" + status.mode() + ")"));
        Stream.concat(begin.start().notices().stream(), status.notices().stream())
                .distinct()
                .forEach(lines::add);
        return String.join("\n", lines);
    }

    public ListenAddress inferenceAddress() {
        return http.inference();
    }

    public ListenAddress managementAddress() {
        return http.management();
    }

    public ListenAddress metricsAddress() {
        return http.metricsAddress();
    }

    /** The file with the tokens; there is none while token authorisation is switched off. */
    public Path keyFile() {
        return keyFile;
    }

    /** What was restored and from where, and where snapshots go: one or more lines for the operator. */
    public String summary() {
        return summary;
    }

    /** How the host stands with its snapshot store. */
    public StoreStatus storeStatus() {
        return snapshots.status();
    }

    /** The orderly stop: no more calls, a last snapshot, the running requests end. Doing it a second time does nothing. */
    public synchronized void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        try {
            http.close();
        } finally {
            takeLastSnapshot();
        }
        log.info("Stopped");
    }

    private void takeLastSnapshot() {
        try {
            if (keeper != null) {
                saveStates.get().forEach(failure -> log.error("{}", failure));
                Durability durability = await(keeper, SnapshotKind.SHUTDOWN, LAST_SNAPSHOT);
                if (durability.kind() == Durability.Kind.LOST_ON_RESTART) {
                    log.error("The shutdown snapshot is not durable: {}", String.join("; ", durability.notice()));
                }
            }
        } finally {
            closer.close();
        }
    }

    @Override
    public void close() {
        stop();
    }
}
