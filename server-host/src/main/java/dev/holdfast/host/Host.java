package dev.holdfast.host;

import dev.holdfast.host.api.Operations;
import dev.holdfast.host.archive.StoresByKind;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.crash.CallRecord;
import dev.holdfast.host.crash.CrashRecord;
import dev.holdfast.host.grpc.GrpcApis;
import dev.holdfast.host.grpc.GrpcHost;
import dev.holdfast.host.http.HttpApis;
import dev.holdfast.host.http.InferenceCounters;
import dev.holdfast.host.keeper.ChangeQueue;
import dev.holdfast.host.keeper.NoSnapshots;
import dev.holdfast.host.keeper.SnapshotKeeper;
import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.keeper.StoreAttachment;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.metrics.HostMeasures;
import dev.holdfast.host.metrics.RestoreMeasures;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.retention.HousekeepingRound;
import dev.holdfast.host.runtime.BuiltInRuntime;
import dev.holdfast.host.runtime.ModelRuntime;
import dev.holdfast.host.runtime.Runtimes;
import dev.holdfast.host.runtime.classifier.OnlineClassifierRuntime;
import dev.holdfast.host.runtime.forest.RandomCutForestRuntime;
import dev.holdfast.host.runtime.onnx.OnnxProcessRuntime;
import dev.holdfast.host.runtime.onnx.OnnxRuntime;
import dev.holdfast.host.runtime.onnx.OnnxSessionRuntime;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.runtime.python.OnnxOfBaseHandler;
import dev.holdfast.host.runtime.python.PythonRuntime;
import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.CurrentState;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.MemoryAdmission;
import dev.holdfast.host.serving.MemoryLeft;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.Safeguards;
import dev.holdfast.host.serving.ServingDefaults;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.serving.SharedArchives;
import dev.holdfast.host.serving.StoredStates;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.workflow.WorkflowRuntime;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running host, and the place where its rooms are wired together.
 *
 * <pre>
 *   configuration ─▶ plugins ─▶ store ─▶ restore ─▶ models ─▶ HTTP, gRPC ─▶ startup snapshot ─▶ ready
 * </pre>
 *
 * <p>A start that fails lets go of all that it took, and writes no snapshot.
 */
public final class Host implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Host.class);
    private static final Duration RETRY = Duration.ofSeconds(30);
    private static final Duration CERTIFICATE_LOOK = Duration.ofSeconds(10);
    private static final long MOST_USED_TO_COLLECT = 1L << 30;
    private static final Duration FIRST_HOUSEKEEPING = Duration.ofSeconds(20);
    private static final Duration HOUSEKEEPING = Duration.ofHours(1);
    private static final Duration FIRST_TIDYING = Duration.ofSeconds(30);
    private static final Duration TIDYING = Duration.ofMinutes(10);

    private final HttpApis http;
    private final GrpcApis grpc;
    private final Snapshots snapshots;
    private final OrderlyStop orderlyStop;
    private final Duration stopTimeout;
    private final Path keyFile;
    private final Optional<ListenAddress> rpcAddress;
    private final boolean tokens;
    private final String summary;
    private boolean stopped;

    private Host(
            HttpApis http,
            GrpcApis grpc,
            Snapshots snapshots,
            OrderlyStop orderlyStop,
            Duration stopTimeout,
            Path keyFile,
            Optional<ListenAddress> rpcAddress,
            boolean tokens,
            String summary) {
        this.http = http;
        this.grpc = grpc;
        this.snapshots = snapshots;
        this.orderlyStop = orderlyStop;
        this.stopTimeout = stopTimeout;
        this.keyFile = keyFile;
        this.rpcAddress = rpcAddress;
        this.tokens = tokens;
        this.summary = summary;
    }

    /**
     * Begins to load, on a thread of its own, what a start will need: to be called as early as the process knows that it
     * will be a host. Most of a start is the loading of classes, and on two processors half of it comes for free.
     */
    public static void warmUp() {
        DaemonThreads.start("warm-up", () -> {
            try {
                HttpApis.warmUp();
                SnapshotText.warmUp();
            } catch (RuntimeException | LinkageError e) {
                log.debug("Classes could not be loaded ahead; the start will meet the reason", e);
            }
        });
    }

    /**
     * Whether the log of a start is to be JSON, found out before there is a log; false where the configuration is wrong, which
     * the start then tells.
     */
    public static boolean logsJson(StartOptions options) {
        try {
            return StartState.configuration(options).logs().jsonLogs();
        } catch (ConfigException e) {
            log.debug("The start will tell what is wrong with the configuration", e);
            return false;
        }
    }

    /**
     * Starts a host; it is ready when this returns. The caller sees to it that the log location has one host at a time.
     *
     * @throws ConfigException if it cannot start as it was told; the message is one line for the operator
     */
    public static Host start(StartOptions options) {
        Lifecycle lifecycle = new Lifecycle();
        try {
            return start(options, lifecycle, Clock.systemUTC());
        } catch (RuntimeException | Error e) {
            try {
                lifecycle.close();
            } catch (RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** The same, on a clock. */
    static Host start(StartOptions options, Lifecycle lifecycle, Clock clock) {
        CrashRecord.Here here = CrashRecord.Here.now();
        CallRecord calls = lifecycle.add(CallRecord.open(options.logLocation(), here, clock));
        StartState begin = StartState.of(options, lifecycle, calls::begins);
        HostConfig config = begin.config();
        config.logUnknownKeys();

        CrashRecord crashes = lifecycle.add(CrashRecord.open(options.logLocation(), here, clock));
        CurrentState current = new CurrentState();
        Measurements measurements = new Measurements(config, current, options.logLocation(), clock);
        InferenceCounters counters = measurements.counters();
        StoresByKind archives = lifecycle.add(archives(options, config));
        Optional<Keeping> keeping = begin.persistence().map(some -> Keeping.of(some, begin, lifecycle));
        NoSnapshots off = new NoSnapshots(config.snapshots().group());
        StoredStates stored = new StoredStates(
                () -> keeping.orElseThrow(Host::noStates).storage().states());
        OnnxRuntime onnx = new OnnxRuntime(config.models().nativeThreads());
        WorkerDirectory workers = lifecycle.add(workers(options));
        PythonRuntime python = ConfiguredPython.runtime(
                config, measurements.ofWorkers(config.logs().metricsConfig()), workers, temporary());
        ModelRuntime models = new OnnxProcessRuntime(
                onnx,
                config.models().workerProcesses(),
                workers,
                config.python().workerEnvironment(),
                options.logLocation());
        Runtimes runtimes = new Runtimes(List.of(
                models,
                new OnnxSessionRuntime(onnx, System::nanoTime),
                new RandomCutForestRuntime(),
                new OnlineClassifierRuntime(),
                new BuiltInRuntime(),
                new WorkflowRuntime(),
                python,
                new OnnxOfBaseHandler(models)));
        SharedArchives shared = shared(config, keeping, archives);
        ModelServing serving = lifecycle.add(new ModelServing(
                current,
                keeping.<ChangeLog>map(Keeping::changes).orElse(off),
                archives,
                shared,
                new WarmedModels(runtimes),
                safeguards(config, crashes, runtimes),
                stored,
                servingDefaults(config),
                counters,
                clock));
        HostMeasures measures =
                new HostMeasures(begin.persistence().map(Persistence::measures).orElseGet(StoreMeasures::new));
        long reconciling = System.nanoTime();
        serving.reconcile(begin.restored().orElseGet(() -> new InitialModels(config, archives).state()), true);
        if (config.snapshots().strictRestore()) {
            serving.loadSuspects();
        }
        List<String> failures = serving.failures();
        if (begin.restored().isPresent()) {
            measures.restores()
                    .restored(RestoreMeasures.When.START, failures.isEmpty(), System.nanoTime() - reconciling);
        }
        if (!failures.isEmpty() && config.snapshots().strictRestore()) {
            throw new ConfigException(
                    "--restore strict: " + (failures.size() == 1 ? "a model" : failures.size() + " models")
                            + " could not be loaded: " + String.join("; ", failures));
        }

        LearnedStates learned =
                new LearnedStates(stored, serving, config.snapshots().stateWarnBytes(), clock);
        @Nullable
        SnapshotKeeper keeper = keeping.map(it -> lifecycle.add(it.keeper(
                        startPoint(begin, serving), new HostServingSource(serving, stored, learned, shared), clock)))
                .orElse(null);
        // Closed before the keeper is: what it is about to store still finds one.
        lifecycle.add(learned);
        Snapshots snapshots = keeper == null ? off : keeper;
        Operations operations = Operations.of(
                serving,
                learned,
                snapshots,
                begin.persistence().map(Persistence::plugins).orElse(List.of()),
                HostVersion.get(),
                config.http().enableModelApi(),
                config.snapshots().timeout(),
                config.http().strictReadiness());
        GrpcApis grpc = lifecycle.add(GrpcApis.bind(config));
        HttpApis http = lifecycle.add(HttpApis.start(
                config, operations, counters, measures, measurements::write, options.logLocation(), clock));
        RpcSide rpc = lifecycle.add(new RpcSide(config, operations.engines(), measures.rpc(), options.logLocation()));
        grpc.serve(new GrpcHost(config, operations, http.entrance(), http.keys(), counters::answered, clock));
        Upkeep upkeep = lifecycle.add(new Upkeep());
        if (keeper != null) {
            lifecycle.atStart(keeper::start);
            lifecycle.atStart(() -> noteStartup(await(
                    keeper, SnapshotKind.STARTUP, config.snapshots().timeout().multipliedBy(2))));
            lifecycle.atStart(learned::start);
            lifecycle.atStart(() -> keepHouse(upkeep, keeping.orElseThrow(), keeper, clock));
            if (config.snapshots().sharesArchives()) {
                lifecycle.atStart(() -> upkeep.every(
                        "Archives could not be put into the snapshot store",
                        Duration.ZERO,
                        RETRY,
                        serving::shareArchives));
            }
        }
        lifecycle.atStart(() -> upkeep.every(
                "The machine could not be measured",
                Duration.ZERO,
                config.logs().metricTimeInterval(),
                measurements::logSystem));
        lifecycle.atStart(serving::loadSuspects);
        lifecycle.atStart(() -> crashes.serves((model, version) -> current.get()
                .model(model)
                .filter(some -> some.versions().containsKey(version))
                .isPresent()));
        lifecycle.atStart(() -> retryFailedModels(upkeep, serving));
        http.keys()
                .ifPresent(keys -> lifecycle.atStart(() -> upkeep.every(
                        "The files of the certificate could not be read again",
                        CERTIFICATE_LOOK,
                        CERTIFICATE_LOOK,
                        keys::look)));
        lifecycle.atStart(rpc::open);
        lifecycle.start();
        List<String> ends = Stream.concat(calls.notices().stream(), crashes.notices().stream())
                .toList();
        String summary = summary(begin, ends, current.get(), serving.failures(), snapshots.status());
        summary.lines().forEach(line -> log.info("{}", line));
        OrderlyStop orderlyStop = new OrderlyStop(
                http,
                serving,
                () -> {
                    // What is taught from here on would be lost.
                    rpc.close();
                    return keeper == null ? List.of() : learned.saveAll();
                },
                limit -> keeper == null ? Durability.NOT_KEPT : await(keeper, SnapshotKind.SHUTDOWN, limit),
                lifecycle::close);
        return new Host(
                http,
                grpc,
                snapshots,
                orderlyStop,
                config.stopTimeout(),
                options.logLocation().resolve("key_file.json"),
                rpc.address(),
                config.http().tokenAuthorization(),
                summary);
    }

    private static SharedArchives shared(HostConfig config, Optional<Keeping> keeping, StoresByKind archives) {
        if (!config.snapshots().sharesArchives()) {
            return SharedArchives.off();
        }
        if (keeping.isEmpty()) {
            log.warn("model_store_shared has no effect, for snapshots are switched off");
            return SharedArchives.off();
        }
        LearnedStorage storage = keeping.get().storage();
        if (storage.archives().isEmpty()) {
            log.warn(
                    "model_store_shared has no effect, for store {} keeps no chunks: give each host of the group the archives"
                            + " of all models",
                    keeping.get().persistence().storeName());
        }
        return SharedArchives.on(archives::files, storage::archives, storage::newest);
    }

    private static Safeguards safeguards(HostConfig config, CrashRecord crashes, Runtimes runtimes) {
        return new Safeguards(
                crashes,
                runtimes::isNative,
                config.models().acceptsArchiveChanges(),
                config.models().memoryAdmission()
                        ? new MemoryAdmission(runtimes::weightBytes, new MemoryLeft())
                        : MemoryAdmission.off());
    }

    /** What keeps the state of this host, where snapshots are not switched off. */
    private record Keeping(
            StartState begin,
            Persistence persistence,
            ChangeQueue changes,
            StoreAttachment standing,
            LearnedStorage storage) {

        static Keeping of(Persistence persistence, StartState begin, Lifecycle lifecycle) {
            StoreAttachment standing = new StoreAttachment(persistence.keeperOptions(), begin.start());
            LearnedStorage storage = lifecycle.add(persistence.learned(standing::isAttached));
            begin.learnedFrom()
                    .ifPresent(url -> storage.copyStates(url, begin.restored().orElseThrow(), persistence.others()));
            return new Keeping(
                    begin,
                    persistence,
                    new ChangeQueue(persistence.storeName(), Optional.of(standing)),
                    standing,
                    storage);
        }

        SnapshotKeeper keeper(StartPoint start, HostServingSource served, Clock clock) {
            return persistence.keeper(start, changes, standing, storage, served, begin.config()::toSnapshot, clock);
        }
    }

    /** What the configuration names is served without anybody having asked for a change. */
    private static StartPoint startPoint(StartState begin, ModelServing serving) {
        StartPoint start = begin.start();
        return start.base().isEmpty() && begin.restored().isEmpty() ? start.serving(serving.state()) : start;
    }

    private static StoreUnavailableException noStates() {
        return new StoreUnavailableException("Snapshots are switched off, and with them the learned states of models");
    }

    private static StoresByKind archives(StartOptions options, HostConfig config) {
        StoresByKind archives = ConfiguredArchives.open(
                config,
                options.logLocation().resolve("work"),
                UrlPolicy.of(
                        String.join(",", config.models().allowedUrls()),
                        config.models().allowPrivateUrls()));
        archives.clean();
        return archives;
    }

    private static Path temporary() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static WorkerDirectory workers(StartOptions options) {
        WorkerDirectory workers = new WorkerDirectory(options.logLocation(), temporary());
        workers.clean();
        return workers;
    }

    private static ServingDefaults servingDefaults(HostConfig config) {
        return new ServingDefaults(
                config.models().defaultWorkersPerModel(),
                config.models().jobQueueSize(),
                config.models().defaultResponseTimeout(),
                config.models().defaultStartupTimeout(),
                config.models().unregisterModelTimeout(),
                Runtime.getRuntime().availableProcessors(),
                config.models().maxStuckWorkers());
    }

    private static void retryFailedModels(Upkeep upkeep, ModelServing serving) {
        upkeep.every("Failed models could not be tried again", RETRY, RETRY, () -> {
            try {
                serving.retryFailed();
            } finally {
                giveHeapBack(serving);
            }
        });
    }

    /** The first round soon, so that a host that is restarted often comes to it too. */
    private static void keepHouse(Upkeep upkeep, Keeping keeping, SnapshotKeeper keeper, Clock clock) {
        // Both rounds clear away chunks: one after the other.
        Lock one = new ReentrantLock();
        HousekeepingRound tidying =
                new HousekeepingRound(() -> keeping.storage().tidying(clock));
        upkeep.every("The journal could not be tidied", FIRST_TIDYING, TIDYING, () -> locked(one, tidying));
        HousekeepingRound round = new HousekeepingRound(
                () -> keeping.persistence().housekeeping(keeping.storage(), keeper::pinned, keeper::trimmed, clock));
        upkeep.every("Old snapshots could not be cleared away", FIRST_HOUSEKEEPING, HOUSEKEEPING, () -> {
            if (keeper.status().mode() == StoreStatus.Mode.ATTACHED) {
                locked(one, round);
            }
        });
    }

    private static void locked(Lock lock, Runnable work) {
        lock.lock();
        try {
            work.run();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The collector that the launcher chooses gives memory back only when it collects everything, and an idle host has no
     * reason to. Where much is in use that would stop all requests for a second and more, and memory is needed anyway.
     */
    private static void giveHeapBack(ModelServing serving) {
        Runtime runtime = Runtime.getRuntime();
        long before = runtime.totalMemory();
        if (serving.hasUnloaded() && before - runtime.freeMemory() < MOST_USED_TO_COLLECT) {
            System.gc();
            log.debug("The heap had {} bytes and has {}, after models were unloaded", before, runtime.totalMemory());
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

    private static String summary(
            StartState begin, List<String> ends, ServingState state, List<String> failures, StoreStatus status) {
        List<String> lines = new ArrayList<>();
        lines.add(begin.source() + ": " + state.versionCount() + " model version"
                + (state.versionCount() == 1 ? "" : "s")
                + (failures.isEmpty() ? "" : ", " + failures.size() + " of them failed to load"));
        failures.forEach(failure -> lines.add("Failed: " + failure));
        lines.addAll(ends);
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

    /** Where clients call by MessagePack-RPC; empty if there is no such door. */
    public Optional<ListenAddress> rpcAddress() {
        return rpcAddress;
    }

    /** Empty where inference is not answered over gRPC. */
    public Optional<ListenAddress> grpcInferenceAddress() {
        return grpc.inference();
    }

    /** Empty where management is not answered over gRPC. */
    public Optional<ListenAddress> grpcManagementAddress() {
        return grpc.management();
    }

    /** The file with the tokens; there is none while token authorisation is switched off. */
    public Path keyFile() {
        return keyFile;
    }

    /** Whether calls need a token, so that {@link #keyFile} is there. */
    public boolean hasTokens() {
        return tokens;
    }

    /** What was restored and from where, and where snapshots go: one or more lines for the operator. */
    public String summary() {
        return summary;
    }

    /** How the host stands with its snapshot store. */
    public StoreStatus storeStatus() {
        return snapshots.status();
    }

    /** How long an orderly stop may take where who asks for it says nothing else. */
    public Duration stopTimeout() {
        return stopTimeout;
    }

    /** The orderly stop within {@link #stopTimeout}. */
    public void stop() {
        stop(stopTimeout);
    }

    /**
     * The orderly stop: no more calls, the running requests end, a last snapshot. Doing it a second time does nothing.
     *
     * @param budget how long all of it may take
     */
    public synchronized void stop(Duration budget) {
        if (!stopped) {
            stopped = true;
            orderlyStop.run(budget);
        }
    }

    /** The stop that is under way waits no longer for running requests; it stores all that it stores otherwise. */
    public void hurry() {
        orderlyStop.hurry();
    }

    @Override
    public void close() {
        stop();
    }
}
