package dev.holdfast.host.config;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The configuration keys that this host acts on, with their defaults and rules. Names, meaning and defaults are TorchServe's where
 * it has the key; a default that differs says why beside it.
 */
public enum ConfigKey {
    INFERENCE_ADDRESS("http://127.0.0.1:8080", ConfigRule.ADDRESS, Kept.YES),
    MANAGEMENT_ADDRESS("http://127.0.0.1:8081", ConfigRule.ADDRESS, Kept.YES),
    METRICS_ADDRESS("http://127.0.0.1:8082", ConfigRule.ADDRESS, Kept.YES),
    /** The door of MessagePack-RPC, which is closed without a port; it asks for no tokens. */
    RPC_ADDRESS("127.0.0.1", ConfigRule.ANY, Kept.NO),
    RPC_PORT("", ConfigRule.NO_PORT_OR_PORT, Kept.NO),
    /** After how many seconds without a call a connection is closed; 0 for never. */
    RPC_TIMEOUT("10", ConfigRule.number(0, 604_800), Kept.NO),
    RPC_THREADS("2", ConfigRule.number(1, 1024), Kept.NO),
    /** Where clients save and load models, in the files of the original. */
    RPC_DATADIR("", ConfigRule.PATH, Kept.NO),
    /** What the only classifier takes at a start at which it has learned nothing. */
    RPC_MODEL_FILE("", ConfigRule.PATH, Kept.NO),
    /** Where gRPC is answered: a host alone, for the port has a key of its own. */
    GRPC_INFERENCE_ADDRESS("127.0.0.1", ConfigRule.HOST, Kept.NO),
    GRPC_MANAGEMENT_ADDRESS("127.0.0.1", ConfigRule.HOST, Kept.NO),
    GRPC_INFERENCE_PORT("7070", ConfigRule.PORT, Kept.NO),
    GRPC_MANAGEMENT_PORT("7071", ConfigRule.PORT, Kept.NO),
    /** After how many milliseconds a connection takes no more calls, and how many those that run have then. */
    GRPC_INFERENCE_MAX_CONNECTION_AGE_MS(Long.toString(Long.MAX_VALUE), ConfigRule.MILLIS, Kept.NO),
    GRPC_INFERENCE_MAX_CONNECTION_AGE_GRACE_MS(Long.toString(Long.MAX_VALUE), ConfigRule.MILLIS, Kept.NO),
    GRPC_MANAGEMENT_MAX_CONNECTION_AGE_MS(Long.toString(Long.MAX_VALUE), ConfigRule.MILLIS, Kept.NO),
    GRPC_MANAGEMENT_MAX_CONNECTION_AGE_GRACE_MS(Long.toString(Long.MAX_VALUE), ConfigRule.MILLIS, Kept.NO),
    /** Whether gRPC is with TLS. */
    ENABLE_GRPC_SSL("false", ConfigRule.TRUTH, Kept.NO),
    /** The file with the certificate and the key of https addresses, and how it is opened. */
    KEYSTORE("", ConfigRule.PATH, Kept.NO),
    KEYSTORE_PASS("changeit", ConfigRule.ANY, Kept.NO),
    KEYSTORE_TYPE("PKCS12", ConfigRule.ANY, Kept.NO),
    /** The same as two files in PEM. */
    CERTIFICATE_FILE("", ConfigRule.PATH, Kept.NO),
    PRIVATE_KEY_FILE("", ConfigRule.PATH, Kept.NO),
    /** Certificates in PEM, one of which must have signed that of a caller; empty lets callers without one in. */
    CLIENT_CA_FILE("", ConfigRule.PATH, Kept.NO),
    MODEL_STORE("", ConfigRule.PATH, Kept.YES),
    /** Whether archives are in the snapshot store, too, from where a host fetches those that its model store lacks. */
    MODEL_STORE_SHARED("false", ConfigRule.TRUTH, Kept.NO),
    /** Where archives of workflows are; those of their models are in the model store. Empty for the model store. */
    WORKFLOW_STORE("", ConfigRule.PATH, Kept.YES),
    LOAD_MODELS("", ConfigRule.ANY, Kept.YES),
    MODELS("", ConfigRule.ANY, Kept.YES),
    MODEL_SNAPSHOT("", ConfigRule.ANY, Kept.NO),
    DEFAULT_WORKERS_PER_MODEL("0", ConfigRule.number(0, 1024), Kept.YES),
    DEFAULT_RESPONSE_TIMEOUT("120", ConfigRule.seconds(), Kept.YES),
    DEFAULT_STARTUP_TIMEOUT("120", ConfigRule.seconds(), Kept.YES),
    UNREGISTER_MODEL_TIMEOUT("120", ConfigRule.seconds(), Kept.YES),
    JOB_QUEUE_SIZE("100", ConfigRule.number(1, 10_000_000), Kept.YES),
    /** A model version with more stuck runs than this takes no more requests. */
    MAX_STUCK_WORKERS("2", ConfigRule.number(0, 10_000), Kept.YES),
    /** How many threads of the engine work on one run of a model that does not say it itself. */
    NATIVE_THREADS("1", ConfigRule.number(1, 1_024), Kept.YES),
    /** Whether ONNX models run in processes of their workers, where their manifests do not say it. */
    WORKER_PROCESSES("false", ConfigRule.TRUTH, Kept.YES),
    MAX_REQUEST_SIZE("6553500", ConfigRule.number(1, Integer.MAX_VALUE - 16), Kept.YES),
    MAX_RESPONSE_SIZE("6553500", ConfigRule.number(1, Integer.MAX_VALUE - 16), Kept.YES),
    /** How many connections a listener has at once; 0 for any number. */
    MAX_CONNECTIONS("2048", ConfigRule.number(0, 1_000_000), Kept.YES),
    /** How many of them may come from one address; 0 for any number. */
    MAX_CONNECTIONS_PER_ADDRESS("1024", ConfigRule.number(0, 1_000_000), Kept.YES),
    /** How many seconds the head of a request may take, from its first byte on. */
    REQUEST_HEAD_TIMEOUT("10", ConfigRule.number(1, 86_400), Kept.YES),
    /** How many seconds the body of a request may take. */
    REQUEST_BODY_TIMEOUT("300", ConfigRule.seconds(), Kept.YES),
    /** How many bytes of a body must come a second after its first seconds; 0 for any rate. */
    REQUEST_LEAST_RATE("1024", ConfigRule.number(0, 1_000_000_000), Kept.YES),
    /** How many seconds a caller may take to read an answer. */
    RESPONSE_BODY_TIMEOUT("300", ConfigRule.seconds(), Kept.YES),
    CORS_ALLOWED_ORIGIN("", ConfigRule.ANY, Kept.YES),
    CORS_ALLOWED_METHODS("", ConfigRule.ANY, Kept.YES),
    CORS_ALLOWED_HEADERS("", ConfigRule.ANY, Kept.YES),
    /** Whether JSON and text are decoded before a Python handler gets them. */
    DECODE_INPUT_REQUEST("true", ConfigRule.TRUTH, Kept.YES),
    /** The Python handler of archives that name none. */
    DEFAULT_SERVICE_HANDLER("", ConfigRule.ANY, Kept.YES),
    /** Whether the Python packages that an archive names are installed for its workers. */
    INSTALL_PY_DEP_PER_MODEL("false", ConfigRule.TRUTH, Kept.YES),
    /** What image handlers in Python are told about huge images. */
    LIMIT_MAX_IMAGE_PIXELS("true", ConfigRule.TRUTH, Kept.YES),
    /** What stands around requests of Python handlers whose archives do not say it: body, json, kserve or kservev2. */
    SERVICE_ENVELOPE("", ConfigRule.ANY, Kept.YES),
    /** A regular expression of environment variables that workers of Python handlers do not get. */
    BLACKLIST_ENV_VARS("", ConfigRule.REGEX, Kept.YES),
    /** The Python that runs handlers: a fact of the machine. */
    PYTHON("", ConfigRule.ANY, Kept.NO),
    /** Whether handlers in Python are run, which are code with this host's rights. */
    PYTHON_HANDLERS("true", ConfigRule.TRUTH, Kept.NO),
    ENABLE_METRICS_API("true", ConfigRule.TRUTH, Kept.YES),
    /** Where metrics with TorchServe's names go; its own default is log, which leaves a scrape without them. */
    METRICS_MODE("prometheus", ConfigRule.words("prometheus", "log", "legacy"), Kept.YES),
    /** A YAML file that declares the metrics of handlers: a path of the machine. */
    METRICS_CONFIG("", ConfigRule.PATH, Kept.NO),
    /** Whether metrics of handlers are shown that are not declared. */
    MODEL_METRICS_AUTO_DETECT("false", ConfigRule.TRUTH, Kept.YES),
    /** Whether processor, memory and disk are left out of the metrics. */
    DISABLE_SYSTEM_METRICS("false", ConfigRule.TRUTH, Kept.YES),
    /** How often, in seconds, these are written to ts_metrics.log. */
    METRIC_TIME_INTERVAL("60", ConfigRule.number(1, 86_400), Kept.YES),
    /** Whether every request is a line of access_log.log; off by default, for it costs each of them. */
    ACCESS_LOG("false", ConfigRule.TRUTH, Kept.YES),
    /** How log lines look: text, or json for one object a line. */
    LOG_FORMAT("text", ConfigRule.words("text", "json"), Kept.NO),
    /** Whether a version that is not loaded makes the whole host unready. */
    STRICT_READINESS("false", ConfigRule.TRUTH, Kept.YES),
    TS_OPEN_INFERENCE_PROTOCOL("true", ConfigRule.TRUTH, Kept.YES),
    /** By which names, beside its own, a host without tokens may be called; several with commas between, or * for any. */
    ALLOWED_HOSTS("", ConfigRule.ANY, Kept.NO),
    TOKEN_EXPIRATION_MIN("60", ConfigRule.MINUTES, Kept.YES),
    /** 401 and 403 tell what is wrong; 400 is what TorchServe answered. */
    TOKEN_FAILURE_STATUS("401", ConfigRule.words("401", "400"), Kept.YES),
    /** Nothing but the model store by default; TorchServe's default let anybody make the host fetch anything. */
    ALLOWED_URLS("", ConfigRule.ANY, Kept.NO),
    /** Whether an allowed URL may lead to a loopback, link-local or private address. */
    ALLOW_PRIVATE_URLS("false", ConfigRule.TRUTH, Kept.NO),
    /** In seconds, for a stop by a signal; {@code --stop} says its own. */
    STOP_TIMEOUT("60", ConfigRule.seconds(), Kept.NO),
    USE_ENV_ALLOWED_URLS("false", ConfigRule.TRUTH, Kept.NO),
    ENABLE_ENVVARS_CONFIG("false", ConfigRule.TRUTH, Kept.NO),
    /** On by default, because every management call needs the token and takes models from the model store only. */
    ENABLE_MODEL_API("true", ConfigRule.TRUTH, Kept.NO),
    DISABLE_TOKEN_AUTHORIZATION("false", ConfigRule.TRUTH, Kept.NO),
    PLUGINS_PATH("", ConfigRule.PATHS, Kept.NO),
    PLUGINS_SHA256("", ConfigRule.PATH, Kept.NO),
    SNAPSHOT_STORE("", ConfigRule.ANY, Kept.NO),
    SNAPSHOT_STORE_REQUIRED("false", ConfigRule.TRUTH, Kept.NO),
    SNAPSHOT_GROUP("default", ConfigRule.name(64), Kept.NO),
    SNAPSHOT_TIMEOUT("60", ConfigRule.number(1, 86_400), Kept.NO),
    /** How many of the newest snapshots stay; 0 for all. Does not hold where only snapshot_keep_days is set. */
    SNAPSHOT_KEEP("1000", ConfigRule.number(0, 1_000_000), Kept.NO),
    /** For how many days snapshots stay; 0 for no such rule. */
    SNAPSHOT_KEEP_DAYS("0", ConfigRule.number(0, ConfigRule.MOST_DAYS), Kept.NO),
    /**
     * For how many days the last snapshot of each day stays; 0 for none, which is also the default where one of the two above
     * is set.
     */
    SNAPSHOT_KEEP_DAILY("30", ConfigRule.number(0, ConfigRule.MOST_DAYS), Kept.NO),
    /** What chunks of model state are packed with: a codec, or a codec and its level. */
    STATE_CODEC("none", ConfigRule.ANY, Kept.NO),
    /** Whether this host's disk keeps copies of the chunks that its models need. */
    STATE_COPIES("true", ConfigRule.TRUTH, Kept.NO),
    /** From this size in MiB on, the log names the largest parts of a model's state. */
    STATE_WARN_SIZE("256", ConfigRule.number(1, 1_000_000), Kept.NO),
    /** How often, in seconds, an attached host looks at what its store has. */
    SNAPSHOT_LOOK("10", ConfigRule.number(1, 86_400), Kept.NO),
    /** Whether a host goes over by itself to what another one of its group has saved. */
    SNAPSHOT_FOLLOW("false", ConfigRule.TRUTH, Kept.NO),
    /** For how many seconds a host that follows may be behind and is still ready. */
    FOLLOW_MAX_LAG("10", ConfigRule.number(0, 86_400), Kept.NO),
    /** How many MiB the journal on this host's disk may take while the store is away. */
    SPOOL_MAX_SIZE("1024", ConfigRule.number(1, 1_000_000), Kept.NO),
    /** Whether the journal on this host's disk is enough for a change to be durable, or only the store is. */
    DURABLE_IN("either", ConfigRule.words("store", "either"), Kept.NO),
    SNAPSHOT_CONFLICT("take-store", ConfigRule.words("wait", "take-store"), Kept.NO),
    RESTORE("fallback", ConfigRule.words("strict", "fallback"), Kept.NO),
    /** Whether the configuration in another host's snapshot may open this host more than its own configuration does. */
    ACCEPT_ADDRESSES("false", ConfigRule.TRUTH, Kept.NO),
    /** What becomes of a model whose archive is not the one that was registered: fail, or accept. */
    ARCHIVE_CHANGES("fail", ConfigRule.words("fail", "accept"), Kept.NO),
    /** Whether a model is refused for which there is no memory. */
    MEMORY_ADMISSION("true", ConfigRule.TRUTH, Kept.NO),
    HOST_NAME("", ConfigRule.name(255).orEmpty(), Kept.NO);

    private enum Kept {
        YES,
        NO
    }

    private static final Pattern SECRET_VALUE = Pattern.compile(
            "://[^/\\s:@]*:[^/\\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY|[?&]X-Amz-(Signature|Security-Token)=");
    private static final Map<String, ConfigKey> BY_NAME =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(ConfigKey::key, Function.identity()));

    private final String otherwise;
    /** Its predicate has no state, which the compiler cannot know. */
    @SuppressWarnings("ImmutableEnumChecker")
    private final ConfigRule rule;

    private final Kept kept;

    ConfigKey(String otherwise, ConfigRule rule, Kept kept) {
        this.otherwise = otherwise;
        this.rule = rule;
        this.kept = kept;
    }

    /** The name in files, such as {@code job_queue_size}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    String otherwise() {
        return otherwise;
    }

    ConfigRule rule() {
        return rule;
    }

    static Optional<ConfigKey> of(String key) {
        return Optional.ofNullable(BY_NAME.get(key));
    }

    /**
     * Whether a snapshot keeps a key. It keeps how models are served. It keeps no switch that opens the host, because an
     * operator who leaves the switch away must not find it still on; nothing that says where the snapshots are;
     * nothing that is a fact of the machine; and no key that nobody knows, whose value may be a secret.
     */
    static boolean isKept(String key) {
        if (key.startsWith("snapshot.")
                || key.startsWith("holdfast.")
                || Torchserve.isMachineFact(key)
                || isSecret(key)) {
            return false;
        }
        return of(key).map(known -> known.kept == Kept.YES).orElse(Torchserve.isWithoutEffect(key));
    }

    /** Whether neither this host nor TorchServe has such a key. */
    static boolean isUnknown(String key) {
        return of(key).isEmpty()
                && !key.startsWith("snapshot.")
                && !key.startsWith("holdfast.")
                && !Torchserve.isWithoutEffect(key);
    }

    /** Whether a key's value must never be shown or kept, whoever invented the key. */
    public static boolean isSecret(String key) {
        if (of(key).isPresent()) {
            return key.equals(KEYSTORE_PASS.key());
        }
        String lower = key.toLowerCase(Locale.ROOT);
        return lower.contains("pass")
                || lower.contains("pwd")
                || lower.contains("secret")
                || lower.contains("credential")
                || lower.contains("token")
                || lower.contains("auth")
                || lower.matches("(.*[._-])?key")
                || lower.contains("apikey")
                || key.endsWith("Key")
                || lower.contains("access_key")
                || lower.contains("accesskey");
    }

    /** Whether a value is or contains a secret, whatever its key: a URL with a user's password, a private key. */
    public static boolean hasSecret(String value) {
        return SECRET_VALUE.matcher(value).find();
    }
}
