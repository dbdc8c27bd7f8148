package dev.holdfast.host.http;

import dev.holdfast.host.api.Operations;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.metrics.HostMeasures;
import dev.holdfast.host.metrics.MetricText;
import dev.holdfast.host.metrics.MetricsMode;
import dev.holdfast.host.tls.LiveKeys;
import dev.holdfast.host.wire.AuditLog;
import dev.holdfast.host.wire.BoundSocket;
import dev.holdfast.host.wire.Entrance;
import dev.holdfast.host.wire.OpenRequests;
import dev.holdfast.host.wire.Refusals;
import dev.holdfast.host.wire.TokenFile;
import dev.holdfast.host.wire.Tokens;
import io.javalin.http.Context;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP side of a running host: inference, management and metrics, each on its address, or together where they have
 * the same one. All addresses are taken before the first one answers; if one cannot be had, none is kept.
 */
public final class HttpApis implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HttpApis.class);

    /** What is still under way when all that was waited for has ended, or the time for it is over. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(1);

    /** Those of each listener at the most; a prediction holds none while it waits. */
    private static final int THREADS = 128;

    private final Map<ConfigKey, ListenAddress> addresses = new EnumMap<>(ConfigKey.class);
    private final Map<BoundSocket, List<ConfigKey>> sockets = new LinkedHashMap<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final OpenRequests open = new OpenRequests();
    private final Predictions predictions;
    private final Refusals refusals;
    private final AuditLog audit;
    private final int tokenFailureStatus;
    private Optional<Tokens> tokens = Optional.empty();
    private Optional<LiveKeys> keys = Optional.empty();
    private Optional<TokenFile> tokenFile = Optional.empty();

    private HttpApis(HostConfig config, Predictions predictions, Refusals refusals, AuditLog audit) {
        this.predictions = predictions;
        this.refusals = refusals;
        this.audit = audit;
        this.tokenFailureStatus = config.http().tokenFailureStatus();
        // The management API comes first: where it shares an address, its paths go before the legacy ones of inference.
        addresses.put(ConfigKey.MANAGEMENT_ADDRESS, config.listen().managementAddress());
        addresses.put(ConfigKey.INFERENCE_ADDRESS, config.listen().inferenceAddress());
        addresses.put(ConfigKey.METRICS_ADDRESS, config.listen().metricsAddress());
    }

    /**
     * Starts to listen and answer.
     *
     * @param counters told of each prediction
     * @param measures what other rooms count; told of each restore
     * @param more writes what a scrape has beside what this room knows
     * @param keyFileDirectory where {@code key_file.json} and {@code audit.log} are put
     * @throws dev.holdfast.host.config.ConfigException if an address cannot be listened on, or the tokens cannot be
     *     written; nothing listens then
     */
    public static HttpApis start(
            HostConfig config,
            Operations operations,
            InferenceCounters counters,
            HostMeasures measures,
            Consumer<MetricText> more,
            Path keyFileDirectory,
            Clock clock) {
        HttpApis apis = new HttpApis(
                config, new Predictions(operations.inference()), new Refusals(clock), new AuditLog(keyFileDirectory));
        try {
            apis.bind(config.logs().enableMetricsApi());
            apis.keys = apis.keys(config, keyFileDirectory, clock);
            // After the ports: a second host by mistake must not replace the tokens of the first.
            Optional<TokenAuthorization> authorization = apis.authorization(config, keyFileDirectory, clock);
            Metrics metrics = new Metrics(
                    counters,
                    new HostSeries(operations, measures),
                    apis.refusals,
                    MetricsMode.valueOf(config.logs().metricsMode().toUpperCase(Locale.ROOT)),
                    more);
            ChangeAnswers changes = new ChangeAnswers(operations.host());
            apis.listen(
                    new ApiRoutes(
                            config, operations, metrics, changes, apis.predictions, authorization, measures.restores()),
                    new Pipeline(
                            authorization,
                            cors(config),
                            apis.open,
                            answered(counters, config.logs().accessLog()),
                            changes::announce,
                            operations.models()::callFrom,
                            new Preconditions(operations.models()::revision, operations.models()::expect),
                            new Audit(apis.audit, clock)),
                    limits(config),
                    apis.ownPages(config, counters.hostName()));
            return apis;
        } catch (RuntimeException | Error e) {
            try {
                apis.close();
            } catch (RuntimeException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    private static Consumer<Context> answered(InferenceCounters counters, boolean accessLog) {
        return context -> {
            counters.answered(context.statusCode());
            if (accessLog) {
                AccessLog.write(context);
            }
        };
    }

    /** Loads what a start will need, beside other work of the start; opens nothing, and may be left out. */
    public static void warmUp() {
        Listener.warmUp();
    }

    /** Takes the sockets; APIs of one address share one, but port 0 asks for a port of its own. */
    private void bind(boolean metricsApi) {
        Map<ListenAddress, List<ConfigKey>> shared = new LinkedHashMap<>();
        for (ConfigKey api :
                List.of(ConfigKey.MANAGEMENT_ADDRESS, ConfigKey.INFERENCE_ADDRESS, ConfigKey.METRICS_ADDRESS)) {
            ListenAddress wanted = address(api);
            if (api == ConfigKey.METRICS_ADDRESS && !metricsApi) {
                continue;
            }
            List<ConfigKey> sharing = shared.get(wanted);
            if (sharing != null && (wanted.port() != 0 || wanted.unix().isPresent())) {
                sharing.add(api);
                continue;
            }
            List<ConfigKey> first = new ArrayList<>(List.of(api));
            shared.put(wanted, first);
            sockets.put(BoundSocket.bind(api.key(), wanted), first);
        }
        sockets.forEach((socket, apis) -> apis.forEach(api -> addresses.put(api, socket.address())));
    }

    private Optional<LiveKeys> keys(HostConfig config, Path directory, Clock clock) {
        List<ListenAddress> all = new ArrayList<>(addresses.values());
        all.add(config.listen().grpcInference().address());
        all.add(config.listen().grpcManagement().address());
        if (all.stream().noneMatch(ListenAddress::tls)) {
            if (config.listen().tls().hasCertificate()) {
                log.warn("The certificate that is set has no effect: no address is of the form https://host:port, and"
                        + " enable_grpc_ssl is false");
            }
            return Optional.empty();
        }
        Set<String> names = new TreeSet<>();
        all.stream().filter(address -> !address.isEverywhere()).forEach(address -> names.add(address.host()));
        config.http().allowedHosts().stream().filter(name -> !name.equals("*")).forEach(names::add);
        return Optional.of(LiveKeys.open(config.listen().tls(), directory, names, clock));
    }

    private Optional<TokenAuthorization> authorization(HostConfig config, Path directory, Clock clock) {
        if (!config.http().tokenAuthorization()) {
            return Optional.empty();
        }
        Tokens fresh = new Tokens(config.http().tokenExpiration(), clock, new SecureRandom());
        TokenFile file = new TokenFile(directory);
        file.write(fresh.toMap());
        tokenFile = Optional.of(file);
        tokens = Optional.of(fresh);
        return Optional.of(new TokenAuthorization(fresh, file, config.http().tokenFailureStatus(), refusals));
    }

    /** Side by side, for the start of the servers is much of the host's; each has started, or failed, when this ends. */
    private void listen(
            ApiRoutes routes, Pipeline pipeline, CallerLimits limits, Supplier<Optional<OwnPages>> ownPages) {
        List<CompletableFuture<Void>> starting = new ArrayList<>();
        sockets.forEach((socket, apis) -> {
            String name = "http-" + apis.get(0).key().replace("_address", "");
            boolean metricsAlone = apis.equals(List.of(ConfigKey.METRICS_ADDRESS));
            Pipeline own = metricsAlone ? pipeline.withoutTokens() : pipeline;
            // Metrics change nothing, and who scrapes them calls hosts by many names.
            Optional<OwnPages> pages = metricsAlone ? Optional.empty() : ownPages.get();
            List<Route> answered = routes.of(apis);
            starting.add(CompletableFuture.runAsync(
                    () -> listeners.add(Listener.start(
                            name,
                            socket,
                            THREADS,
                            STOP_LIMIT,
                            limits,
                            answered,
                            own,
                            keys.filter(any -> socket.address().tls()),
                            pages)),
                    start -> new Thread(start, name + "-start").start()));
        });
        try {
            CompletableFuture.allOf(starting.toArray(CompletableFuture<?>[]::new))
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** One for each listener; none while callers show tokens, which no page from elsewhere has. */
    private Supplier<Optional<OwnPages>> ownPages(HostConfig config, String hostName) {
        if (config.http().tokenAuthorization()) {
            return Optional::empty;
        }
        Set<String> names = new HashSet<>();
        names.add(hostName.toLowerCase(Locale.ROOT));
        addresses.values().forEach(address -> names.add(address.host().toLowerCase(Locale.ROOT)));
        config.http().allowedHosts().forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
        return () -> Optional.of(new OwnPages(names, config.http().corsAllowedOrigin(), refusals));
    }

    private static CallerLimits limits(HostConfig config) {
        return new CallerLimits(
                config.http().maxConnections(),
                config.http().maxConnectionsPerAddress(),
                config.http().requestHeadTimeout(),
                config.http().requestBodyTimeout(),
                config.http().requestLeastRate(),
                config.http().maxRequestSize(),
                config.http().responseBodyTimeout());
    }

    private static Map<String, String> cors(HostConfig config) {
        Map<String, String> headers = new LinkedHashMap<>();
        config.http().corsAllowedOrigin().ifPresent(value -> headers.put("Access-Control-Allow-Origin", value));
        config.http().corsAllowedMethods().ifPresent(value -> headers.put("Access-Control-Allow-Methods", value));
        config.http().corsAllowedHeaders().ifPresent(value -> headers.put("Access-Control-Allow-Headers", value));
        return headers;
    }

    /** What callers of other wires come through too. */
    public Entrance entrance() {
        return new Entrance(open, tokens, tokenFailureStatus, refusals, audit);
    }

    /** The keys of the addresses with TLS, which somebody is to have looked at now and then; empty if there are none. */
    public Optional<LiveKeys> keys() {
        return keys;
    }

    /** Where inference is answered. */
    public ListenAddress inference() {
        return address(ConfigKey.INFERENCE_ADDRESS);
    }

    /** Where management is answered. */
    public ListenAddress management() {
        return address(ConfigKey.MANAGEMENT_ADDRESS);
    }

    /** Where metrics are answered; with {@code enable_metrics_api=false}, where they would be. */
    public ListenAddress metricsAddress() {
        return address(ConfigKey.METRICS_ADDRESS);
    }

    private ListenAddress address(ConfigKey api) {
        return Optional.ofNullable(addresses.get(api)).orElseThrow();
    }

    /**
     * Takes no more requests but those that ask how the host is: they are answered with 503, and callers are told to close
     * their connections.
     */
    public void refuse() {
        open.refuse();
    }

    /**
     * Waits until every request is answered to the last byte; to be called after {@link #refuse}.
     *
     * @return how many are not when the time is over, or somebody is in a {@linkplain #hurry hurry}
     */
    public int awaitAnswered(Duration limit) {
        return open.awaitNone(limit) ? 0 : open.count();
    }

    /** Whoever waits for requests to be answered waits no longer. */
    public void hurry() {
        open.hurry();
    }

    /** Listens no more, cuts off what is still under way after a second, and removes the tokens. */
    @Override
    public void close() {
        // Side by side, so that the time for all of them is that of one.
        CompletableFuture<?>[] stopping = listeners.stream()
                .map(listener ->
                        CompletableFuture.runAsync(listener::close, stop -> new Thread(stop, "http-stop").start()))
                .toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(stopping).join();
        } finally {
            predictions.close();
            refusals.close();
            sockets.keySet().forEach(BoundSocket::close);
            tokenFile.ifPresent(TokenFile::close);
        }
    }
}
