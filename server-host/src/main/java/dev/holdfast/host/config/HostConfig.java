package dev.holdfast.host.config;

import dev.holdfast.host.text.OneLine;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The effective configuration of a host; checked when it is made, immutable.
 *
 * <p>Getters are named after their keys; {@code docs/operators-manual.md} lists them all.
 */
public final class HostConfig {

    /** Options for the host's JVM, for the launcher. */
    public static final String VMARGS = "vmargs";

    private static final Logger log = LoggerFactory.getLogger(HostConfig.class);
    private static final int MOST_DAYS = 36_500;
    private static final Duration LOOK_OF_A_FOLLOWER = Duration.ofSeconds(1);
    /** What is longer has no end: a hundred years. */
    private static final long MOST_MILLIS = MOST_DAYS * 86_400_000L;

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\$([^$]+)\\$\\$");

    private final Map<String, String> written;
    private final Map<String, String> resolved;
    private final Map<String, String> origins;
    private final Map<String, String> environment;

    /**
     * @param written the values as they stand in their layers
     * @param resolved the values that hold
     * @param origins where the values that hold come from, for messages
     */
    HostConfig(
            Map<String, String> written,
            Map<String, String> resolved,
            Map<String, String> origins,
            Map<String, String> environment) {
        this.written = new TreeMap<>(written);
        this.resolved = new TreeMap<>(resolved);
        this.origins = new TreeMap<>(origins);
        this.environment = environment;
        checkAll();
    }

    /** Every getter once, so that a bad value stops the start and not a request an hour later. */
    private void checkAll() {
        inferenceAddress();
        managementAddress();
        metricsAddress();
        rpcPort();
        rpcTimeout();
        rpcThreads();
        rpcDirectory();
        rpcModelFile();
        grpcInference();
        grpcManagement();
        tls();
        modelStore();
        defaultWorkersPerModel();
        defaultResponseTimeout();
        defaultStartupTimeout();
        unregisterModelTimeout();
        jobQueueSize();
        maxStuckWorkers();
        stopTimeout();
        nativeThreads();
        workerProcesses();
        maxRequestSize();
        maxResponseSize();
        maxConnections();
        maxConnectionsPerAddress();
        requestHeadTimeout();
        requestBodyTimeout();
        requestLeastRate();
        responseBodyTimeout();
        tokenExpiration();
        tokenFailureStatus();
        metricsMode();
        jsonLogs();
        metricTimeInterval();
        strictRestore();
        acceptsArchiveChanges();
        snapshotTimeout();
        snapshotKeep();
        snapshotKeepFor();
        number(ConfigKey.SNAPSHOT_KEEP_DAILY, 0, MOST_DAYS);
        stateWarnBytes();
        adoptsStoreAfterConflict();
        snapshotLook();
        spoolMaxSize();
        durableInStoreOnly();
        blacklistEnvVars();
        for (ConfigKey key : ConfigKey.values()) {
            if (key.otherwise().equals("true") || key.otherwise().equals("false")) {
                bool(key);
            }
        }
        word(ConfigKey.SNAPSHOT_GROUP, 64);
        if (hostName().isPresent()) {
            // Hosts know their own snapshots by it, so two that differ must not become one.
            word(ConfigKey.HOST_NAME, 255);
        }
    }

    public ListenAddress inferenceAddress() {
        return address(ConfigKey.INFERENCE_ADDRESS, 80, 443);
    }

    public ListenAddress managementAddress() {
        return address(ConfigKey.MANAGEMENT_ADDRESS, 8081, 8444);
    }

    public ListenAddress metricsAddress() {
        return address(ConfigKey.METRICS_ADDRESS, 8082, 8445);
    }

    /** The address of MessagePack-RPC, without its port. */
    public String rpcAddress() {
        return get(ConfigKey.RPC_ADDRESS);
    }

    /** The port of MessagePack-RPC, 0 for one that the system chooses; empty where there is no such door. */
    public OptionalInt rpcPort() {
        return get(ConfigKey.RPC_PORT).isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of(number(ConfigKey.RPC_PORT, 0, 65_535));
    }

    /** After which time without a call its connections are closed; none for never. */
    public Duration rpcTimeout() {
        return Duration.ofSeconds(number(ConfigKey.RPC_TIMEOUT, 0, 604_800));
    }

    public int rpcThreads() {
        return number(ConfigKey.RPC_THREADS, 1, 1024);
    }

    /** Where clients save and load models; empty for the place that the host chooses. */
    public Optional<Path> rpcDirectory() {
        return path(ConfigKey.RPC_DATADIR);
    }

    /** What the only classifier takes at a start at which it has learned nothing. */
    public Optional<Path> rpcModelFile() {
        return path(ConfigKey.RPC_MODEL_FILE);
    }

    /** Where inference over gRPC is answered. */
    public GrpcConfig grpcInference() {
        return grpc(
                ConfigKey.GRPC_INFERENCE_ADDRESS,
                ConfigKey.GRPC_INFERENCE_PORT,
                ConfigKey.GRPC_INFERENCE_MAX_CONNECTION_AGE_MS,
                ConfigKey.GRPC_INFERENCE_MAX_CONNECTION_AGE_GRACE_MS,
                inferenceAddress());
    }

    /** Where management over gRPC is answered. */
    public GrpcConfig grpcManagement() {
        return grpc(
                ConfigKey.GRPC_MANAGEMENT_ADDRESS,
                ConfigKey.GRPC_MANAGEMENT_PORT,
                ConfigKey.GRPC_MANAGEMENT_MAX_CONNECTION_AGE_MS,
                ConfigKey.GRPC_MANAGEMENT_MAX_CONNECTION_AGE_GRACE_MS,
                managementAddress());
    }

    /** Where the port of HTTP is any that is free, as for several hosts on one machine, that of gRPC is too. */
    private GrpcConfig grpc(ConfigKey address, ConfigKey port, ConfigKey age, ConfigKey grace, ListenAddress http) {
        String host = get(address).replaceAll("^\\[|\\]$", "");
        if (!host.matches("[A-Za-z0-9._:%-]+")) {
            throw bad(address, get(address), "a host without a port, such as 127.0.0.1; the port is " + port.key());
        }
        boolean anyPort = !isSet(port) && http.port() == 0;
        return new GrpcConfig(
                port.key(),
                new ListenAddress(bool(ConfigKey.ENABLE_GRPC_SSL), host, anyPort ? 0 : number(port, 0, 65_535)),
                isSet(port),
                millis(age),
                millis(grace));
    }

    private Optional<Duration> millis(ConfigKey key) {
        String value = get(key);
        try {
            long millis = Long.parseLong(value);
            if (millis >= 1) {
                return millis > MOST_MILLIS ? Optional.empty() : Optional.of(Duration.ofMillis(millis));
            }
        } catch (NumberFormatException e) {
            // The message below says all that the exception knows.
        }
        throw bad(key, value, "a whole number of milliseconds from 1 on");
    }

    /** What addresses of the form {@code https://host:port} show of themselves, and ask of callers. */
    public TlsConfig tls() {
        TlsConfig tls = new TlsConfig(
                path(ConfigKey.KEYSTORE),
                get(ConfigKey.KEYSTORE_PASS),
                get(ConfigKey.KEYSTORE_TYPE),
                path(ConfigKey.CERTIFICATE_FILE),
                path(ConfigKey.PRIVATE_KEY_FILE),
                path(ConfigKey.CLIENT_CA_FILE));
        if (tls.certificateFile().isPresent() != tls.privateKeyFile().isPresent()) {
            throw new ConfigException("certificate_file and private_key_file belong together; set both, or keystore");
        }
        if (tls.keystore().isPresent() && tls.certificateFile().isPresent()) {
            throw new ConfigException(named(ConfigKey.KEYSTORE) + " and " + named(ConfigKey.CERTIFICATE_FILE)
                    + " are two sources of one certificate; set one of them");
        }
        return tls;
    }

    /** The directory of archives; empty if none is configured, which stops a start. */
    public Optional<Path> modelStore() {
        return path(ConfigKey.MODEL_STORE);
    }

    /** Models to load at the first start, as {@code [name=]archive}; {@code all} (in any case) alone for all. */
    public List<String> loadModels() {
        return list(ConfigKey.LOAD_MODELS, "[,\\s]+");
    }

    /** TorchServe's JSON of settings for models that {@link #loadModels} names; empty if none. */
    public String models() {
        return get(ConfigKey.MODELS);
    }

    public int defaultWorkersPerModel() {
        return number(ConfigKey.DEFAULT_WORKERS_PER_MODEL, 0, 1024);
    }

    public Duration defaultResponseTimeout() {
        return Duration.ofSeconds(number(ConfigKey.DEFAULT_RESPONSE_TIMEOUT, 1, 604_800));
    }

    public Duration defaultStartupTimeout() {
        return Duration.ofSeconds(number(ConfigKey.DEFAULT_STARTUP_TIMEOUT, 1, 604_800));
    }

    public Duration unregisterModelTimeout() {
        return Duration.ofSeconds(number(ConfigKey.UNREGISTER_MODEL_TIMEOUT, 1, 604_800));
    }

    public int jobQueueSize() {
        return number(ConfigKey.JOB_QUEUE_SIZE, 1, 10_000_000);
    }

    /** How long an orderly stop by a signal may take. */
    public Duration stopTimeout() {
        return Duration.ofSeconds(number(ConfigKey.STOP_TIMEOUT, 1, 604_800));
    }

    /** A model version with more stuck runs than this takes no more requests. */
    public int maxStuckWorkers() {
        return number(ConfigKey.MAX_STUCK_WORKERS, 0, 10_000);
    }

    /** How many threads of the engine work on one run of a model that does not say it itself. */
    public int nativeThreads() {
        return number(ConfigKey.NATIVE_THREADS, 1, 1_024);
    }

    /** Whether ONNX models run in processes of their workers, where their manifests do not say it. */
    public boolean workerProcesses() {
        return bool(ConfigKey.WORKER_PROCESSES);
    }

    /** In bytes. */
    public int maxRequestSize() {
        return number(ConfigKey.MAX_REQUEST_SIZE, 1, Integer.MAX_VALUE - 16);
    }

    /** In bytes. */
    public int maxResponseSize() {
        return number(ConfigKey.MAX_RESPONSE_SIZE, 1, Integer.MAX_VALUE - 16);
    }

    /** How many connections a listener has at once; 0 for any number. */
    public int maxConnections() {
        return number(ConfigKey.MAX_CONNECTIONS, 0, 1_000_000);
    }

    /** How many connections of a listener may come from one address; 0 for any number. */
    public int maxConnectionsPerAddress() {
        return number(ConfigKey.MAX_CONNECTIONS_PER_ADDRESS, 0, 1_000_000);
    }

    /** How long the head of a request may take, from its first byte on. */
    public Duration requestHeadTimeout() {
        return Duration.ofSeconds(number(ConfigKey.REQUEST_HEAD_TIMEOUT, 1, 86_400));
    }

    /** How long the body of a request may take. */
    public Duration requestBodyTimeout() {
        return Duration.ofSeconds(number(ConfigKey.REQUEST_BODY_TIMEOUT, 1, 604_800));
    }

    /** How many bytes of a body must come a second; 0 for any rate. */
    public int requestLeastRate() {
        return number(ConfigKey.REQUEST_LEAST_RATE, 0, 1_000_000_000);
    }

    /** How long a caller may take to read an answer. */
    public Duration responseBodyTimeout() {
        return Duration.ofSeconds(number(ConfigKey.RESPONSE_BODY_TIMEOUT, 1, 604_800));
    }

    public Optional<String> corsAllowedOrigin() {
        return text(ConfigKey.CORS_ALLOWED_ORIGIN);
    }

    public Optional<String> corsAllowedMethods() {
        return text(ConfigKey.CORS_ALLOWED_METHODS);
    }

    public Optional<String> corsAllowedHeaders() {
        return text(ConfigKey.CORS_ALLOWED_HEADERS);
    }

    /** Names by which this host may be called while tokens are off; {@code *} for any. */
    public List<String> allowedHosts() {
        return list(ConfigKey.ALLOWED_HOSTS, ",");
    }

    public boolean enableMetricsApi() {
        return bool(ConfigKey.ENABLE_METRICS_API);
    }

    /** {@code prometheus}, {@code log} or {@code legacy}. */
    public String metricsMode() {
        String value = get(ConfigKey.METRICS_MODE).toLowerCase(Locale.ROOT);
        if (!List.of("prometheus", "log", "legacy").contains(value)) {
            throw bad(ConfigKey.METRICS_MODE, value, "prometheus, log or legacy");
        }
        return value;
    }

    /** Whether each log line is one JSON object. */
    public boolean jsonLogs() {
        String value = get(ConfigKey.LOG_FORMAT).toLowerCase(Locale.ROOT);
        if (!List.of("text", "json").contains(value)) {
            throw bad(ConfigKey.LOG_FORMAT, value, "text or json");
        }
        return value.equals("json");
    }

    /** The file that declares the metrics of handlers. */
    public Optional<Path> metricsConfig() {
        return path(ConfigKey.METRICS_CONFIG);
    }

    public boolean modelMetricsAutoDetect() {
        return bool(ConfigKey.MODEL_METRICS_AUTO_DETECT);
    }

    public boolean systemMetrics() {
        return !bool(ConfigKey.DISABLE_SYSTEM_METRICS);
    }

    public Duration metricTimeInterval() {
        return Duration.ofSeconds(number(ConfigKey.METRIC_TIME_INTERVAL, 1, 86_400));
    }

    public boolean accessLog() {
        return bool(ConfigKey.ACCESS_LOG);
    }

    public boolean openInferenceProtocol() {
        return bool(ConfigKey.TS_OPEN_INFERENCE_PROTOCOL);
    }

    public boolean enableModelApi() {
        return bool(ConfigKey.ENABLE_MODEL_API);
    }

    public boolean tokenAuthorization() {
        return !bool(ConfigKey.DISABLE_TOKEN_AUTHORIZATION);
    }

    /** TorchServe allows fractions of a minute. */
    public Duration tokenExpiration() {
        String value = get(ConfigKey.TOKEN_EXPIRATION_MIN);
        try {
            double minutes = Double.parseDouble(value);
            if (minutes > 0 && minutes <= 5_256_000) {
                return Duration.ofMillis(Math.round(minutes * 60_000));
            }
        } catch (NumberFormatException e) {
            // The message below says all that the exception knows.
        }
        throw bad(ConfigKey.TOKEN_EXPIRATION_MIN, value, "a number of minutes above 0, up to 5256000");
    }

    /** 401 (and 403 where that says more), or 400 for clients that know TorchServe's answer. */
    public int tokenFailureStatus() {
        String value = get(ConfigKey.TOKEN_FAILURE_STATUS);
        if (!value.equals("400") && !value.equals("401")) {
            throw bad(ConfigKey.TOKEN_FAILURE_STATUS, value, "401 or 400");
        }
        return Integer.parseInt(value);
    }

    /** Regular expressions; a URL that matches one of them may be fetched. */
    public List<String> allowedUrls() {
        return list(ConfigKey.ALLOWED_URLS, ",");
    }

    public boolean allowPrivateUrls() {
        return bool(ConfigKey.ALLOW_PRIVATE_URLS);
    }

    /** Directories with plugins; none by default. */
    public List<Path> pluginsPath() {
        return list(ConfigKey.PLUGINS_PATH, "[" + java.io.File.pathSeparator + ",]").stream()
                .map(entry -> toPath(ConfigKey.PLUGINS_PATH, entry.replaceFirst("/\\*$", "")))
                .toList();
    }

    public Optional<Path> pluginsSha256() {
        return path(ConfigKey.PLUGINS_SHA256);
    }

    public Optional<String> snapshotStore() {
        return text(ConfigKey.SNAPSHOT_STORE);
    }

    public boolean snapshotStoreRequired() {
        return bool(ConfigKey.SNAPSHOT_STORE_REQUIRED);
    }

    public String snapshotGroup() {
        return get(ConfigKey.SNAPSHOT_GROUP);
    }

    /** How long one call of a serializer may take, whatever the serializer says itself. */
    public Duration snapshotTimeout() {
        return Duration.ofSeconds(number(ConfigKey.SNAPSHOT_TIMEOUT, 1, 86_400));
    }

    /** How often an attached host looks at what its store has; each second, if it follows and nothing else is said. */
    public Duration snapshotLook() {
        int seconds = number(ConfigKey.SNAPSHOT_LOOK, 1, 86_400);
        return snapshotFollow() && !isSet(ConfigKey.SNAPSHOT_LOOK) ? LOOK_OF_A_FOLLOWER : Duration.ofSeconds(seconds);
    }

    /** Whether this host goes over by itself to what another one of its group has saved. */
    public boolean snapshotFollow() {
        return bool(ConfigKey.SNAPSHOT_FOLLOW);
    }

    /** For how long a host that follows may be behind and is still ready; one that does not follow is not ready at once. */
    public Duration followMaxLag() {
        Duration most = Duration.ofSeconds(number(ConfigKey.FOLLOW_MAX_LAG, 0, 86_400));
        return snapshotFollow() ? most : Duration.ZERO;
    }

    /** How many bytes the journal on this host's disk may take. */
    public long spoolMaxSize() {
        return number(ConfigKey.SPOOL_MAX_SIZE, 1, 1_000_000) * 1024L * 1024;
    }

    /** How many of the newest snapshots stay; 0 for no such rule, also where the operator set only the number of days. */
    public int snapshotKeep() {
        int keep = number(ConfigKey.SNAPSHOT_KEEP, 0, 1_000_000);
        return !isSet(ConfigKey.SNAPSHOT_KEEP) && isSet(ConfigKey.SNAPSHOT_KEEP_DAYS) ? 0 : keep;
    }

    /** For how long snapshots stay; zero for no such rule. */
    public Duration snapshotKeepFor() {
        return Duration.ofDays(number(ConfigKey.SNAPSHOT_KEEP_DAYS, 0, MOST_DAYS));
    }

    /** For how many days the last snapshot of each day stays. Zero where the operator set a number or an age. */
    public int snapshotKeepDaily() {
        boolean otherAsked = isSet(ConfigKey.SNAPSHOT_KEEP) || isSet(ConfigKey.SNAPSHOT_KEEP_DAYS);
        return otherAsked && !isSet(ConfigKey.SNAPSHOT_KEEP_DAILY)
                ? 0
                : number(ConfigKey.SNAPSHOT_KEEP_DAILY, 0, MOST_DAYS);
    }

    /** Whether the operator set a rule for which snapshots stay, rather than leaving it to the default. */
    public boolean snapshotKeepIsAsked() {
        return isSet(ConfigKey.SNAPSHOT_KEEP)
                || isSet(ConfigKey.SNAPSHOT_KEEP_DAYS)
                || isSet(ConfigKey.SNAPSHOT_KEEP_DAILY);
    }

    /** What chunks of model state are packed with: a codec, or a codec and its level. */
    public String stateCodec() {
        return get(ConfigKey.STATE_CODEC);
    }

    /** Whether copies of what models have learned stay on this host's disk, where the store is elsewhere. */
    public boolean stateCopies() {
        return bool(ConfigKey.STATE_COPIES);
    }

    /** From this many bytes on, the log names the largest parts of a model's state. */
    public long stateWarnBytes() {
        return number(ConfigKey.STATE_WARN_SIZE, 1, 1_000_000) * 1024L * 1024;
    }

    /** Whether a change is durable only when the store has it, because this host's disk does not last. */
    public boolean durableInStoreOnly() {
        String value = get(ConfigKey.DURABLE_IN);
        if (!value.equals("store") && !value.equals("either")) {
            throw bad(ConfigKey.DURABLE_IN, value, "store or either");
        }
        return value.equals("store");
    }

    /** Whether, after a conflict, this host undoes its own change and takes over the snapshot that another host saved first. */
    public boolean adoptsStoreAfterConflict() {
        String value = get(ConfigKey.SNAPSHOT_CONFLICT);
        if (!value.equals("wait") && !value.equals("take-store")) {
            throw bad(ConfigKey.SNAPSHOT_CONFLICT, value, "wait or take-store");
        }
        return value.equals("take-store");
    }

    public boolean strictRestore() {
        String value = get(ConfigKey.RESTORE);
        if (!value.equals("strict") && !value.equals("fallback")) {
            throw bad(ConfigKey.RESTORE, value, "strict or fallback");
        }
        return value.equals("strict");
    }

    /** Whether the configuration in another host's snapshot may open this host more than its own configuration does. */
    public boolean acceptsAddresses() {
        return bool(ConfigKey.ACCEPT_ADDRESSES);
    }

    /** Whether a model is loaded whose archive is not the one that was registered. */
    public boolean acceptsArchiveChanges() {
        String value = get(ConfigKey.ARCHIVE_CHANGES);
        if (!value.equals("fail") && !value.equals("accept")) {
            throw bad(ConfigKey.ARCHIVE_CHANGES, value, "fail or accept");
        }
        return value.equals("accept");
    }

    /** Whether a model is refused for which the machine has no memory left. */
    public boolean memoryAdmission() {
        return bool(ConfigKey.MEMORY_ADMISSION);
    }

    /** The Python that runs handlers, a name or a path; empty for the first that is fit. */
    public Optional<String> python() {
        return text(ConfigKey.PYTHON);
    }

    /** The Python handler of archives that name none. */
    public Optional<String> defaultServiceHandler() {
        return text(ConfigKey.DEFAULT_SERVICE_HANDLER);
    }

    public boolean pythonHandlers() {
        return bool(ConfigKey.PYTHON_HANDLERS);
    }

    /** Of Python handlers whose archives name none; empty for none. */
    public String serviceEnvelope() {
        return get(ConfigKey.SERVICE_ENVELOPE);
    }

    /** Whether the packages that an archive's requirementsFile names are installed for its workers. */
    public boolean installPyDepPerModel() {
        return bool(ConfigKey.INSTALL_PY_DEP_PER_MODEL);
    }

    public boolean decodeInputRequest() {
        return bool(ConfigKey.DECODE_INPUT_REQUEST);
    }

    public boolean limitMaxImagePixels() {
        return bool(ConfigKey.LIMIT_MAX_IMAGE_PIXELS);
    }

    /**
     * What workers of Python handlers find in their environment: that of this host, without what {@code blacklist_env_vars}
     * names, this host's own variables, and those that stand in the place of a secret in its configuration.
     */
    public Map<String, String> workerEnvironment() {
        Map<String, String> handed = new TreeMap<>(environment);
        handed.keySet().removeIf(name -> name.startsWith("HOLDFAST_") || name.startsWith("TS_"));
        written.forEach((key, value) -> {
            boolean secret = ConfigKey.isSecret(key) || key.startsWith("snapshot.");
            Matcher names = PLACEHOLDER.matcher(secret ? value : "");
            while (names.find()) {
                handed.remove(names.group(1));
            }
        });
        Pattern kept = blacklistEnvVars();
        handed.keySet().removeIf(name -> kept.matcher(name).matches());
        return handed;
    }

    private Pattern blacklistEnvVars() {
        String value = get(ConfigKey.BLACKLIST_ENV_VARS);
        try {
            return Pattern.compile(value);
        } catch (PatternSyntaxException e) {
            throw bad(ConfigKey.BLACKLIST_ENV_VARS, value, "a regular expression");
        }
    }

    public Optional<String> hostName() {
        return text(ConfigKey.HOST_NAME);
    }

    /** The operator's {@code snapshot.<serializer>.<key>} properties, by {@code <key>}. */
    public Map<String, String> serializerProperties(String serializer) {
        String prefix = "snapshot." + serializer + ".";
        Map<String, String> own = new TreeMap<>();
        resolved.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                own.put(key.substring(prefix.length()), value);
            }
        });
        return own;
    }

    public Map<String, String> environment() {
        return environment;
    }

    /**
     * What a snapshot keeps of the configuration: as it was written, so that no value of a placeholder is kept, and
     * without secrets, switches that open the host, and facts of the machine.
     */
    public Map<String, String> toSnapshot() {
        Map<String, String> kept = new TreeMap<>(written);
        kept.entrySet().removeIf(entry -> !ConfigKey.isKept(entry.getKey()) || ConfigKey.hasSecret(entry.getValue()));
        return kept;
    }

    /** The keys of TorchServe that have no effect here. */
    public SortedSet<String> keysWithoutEffect() {
        return notActedOn(Torchserve::isWithoutEffect);
    }

    /** The keys that neither this host nor TorchServe has. */
    public SortedSet<String> unknownKeys() {
        return notActedOn(key -> !Torchserve.isWithoutEffect(key));
    }

    private SortedSet<String> notActedOn(Predicate<String> test) {
        TreeSet<String> found = new TreeSet<>(resolved.keySet());
        // What becomes of the options for the JVM, the launcher's concern, is said where they are read.
        found.removeIf(key -> ConfigKey.of(key).isPresent()
                || key.startsWith("snapshot.")
                || key.startsWith("holdfast.")
                || key.equals(VMARGS)
                || !test.test(key));
        return found;
    }

    /** Says in the log which keys have no effect here, so that a misspelt one is noticed. */
    public void logUnknownKeys() {
        SortedSet<String> unknown = unknownKeys();
        SortedSet<String> withoutEffect = keysWithoutEffect();
        if (!withoutEffect.isEmpty()) {
            log.info("Configuration keys of TorchServe without effect here: {}", String.join(", ", withoutEffect));
        }
        if (resolved.containsKey(ConfigKey.MODEL_SNAPSHOT.key())) {
            log.warn(
                    "{} of the {} is not used: it counts in a configuration file alone",
                    ConfigKey.MODEL_SNAPSHOT.key(),
                    origins.get(ConfigKey.MODEL_SNAPSHOT.key()));
        }
        if (!unknown.isEmpty()) {
            log.warn("Unknown configuration keys, not used and not kept in snapshots: {}", String.join(", ", unknown));
        }
    }

    /** The value that holds, as it is written; that of a known key has its default. */
    String text(String key) {
        return ConfigKey.of(key).map(this::get).orElse(resolved.getOrDefault(key, ""));
    }

    private boolean isSet(ConfigKey key) {
        return resolved.containsKey(key.key());
    }

    private String get(ConfigKey key) {
        return resolved.getOrDefault(key.key(), key.otherwise()).strip();
    }

    private Optional<String> text(ConfigKey key) {
        return Optional.of(get(key)).filter(value -> !value.isEmpty());
    }

    private List<String> list(ConfigKey key, String separator) {
        return Arrays.stream(get(key).split(separator))
                .map(String::strip)
                .filter(entry -> !entry.isEmpty())
                .toList();
    }

    private Optional<Path> path(ConfigKey key) {
        return text(key).map(value -> toPath(key, value));
    }

    private ListenAddress address(ConfigKey key, int otherwise, int otherwiseTls) {
        return ListenAddress.parse(key.key() + origin(key), get(key), otherwise, otherwiseTls);
    }

    /** A key as messages name it: with its value, and with the layer that says so. */
    public String named(ConfigKey key) {
        return key.key() + " " + OneLine.name(get(key)) + origin(key);
    }

    private String origin(ConfigKey key) {
        String origin = origins.get(key.key());
        return origin == null ? "" : " of the " + origin;
    }

    private Path toPath(ConfigKey key, String value) {
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw new ConfigException(
                    key.key() + origin(key) + " '" + OneLine.name(value) + "' is no path: " + e.getReason(), e);
        }
    }

    private int number(ConfigKey key, int least, int most) {
        String value = get(key);
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The message below says all that the exception knows.
        }
        throw bad(key, value, "a whole number from " + least + " to " + most);
    }

    private boolean bool(ConfigKey key) {
        String value = get(key);
        if (!value.equalsIgnoreCase("true") && !value.equalsIgnoreCase("false")) {
            throw bad(key, value, "true or false");
        }
        return Boolean.parseBoolean(value);
    }

    private void word(ConfigKey key, int longest) {
        String value = get(key);
        if (!value.matches("[A-Za-z0-9][A-Za-z0-9._-]{0," + (longest - 1) + "}")) {
            throw bad(key, value, "of the form [A-Za-z0-9][A-Za-z0-9._-]{0," + (longest - 1) + "}");
        }
    }

    private ConfigException bad(ConfigKey key, String value, String rule) {
        return new ConfigException(key.key() + origin(key) + " '" + OneLine.name(value) + "' must be " + rule);
    }
}
