package dev.holdfast.host.http;

import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.snapshot.Snapshots;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The HTTP side of a running host: inference, management and metrics, each on its address, or together where they have
 * the same one. All addresses are taken before the first one answers; if one cannot be had, none is kept.
 */
public final class HttpApis implements AutoCloseable {

    /** What a management answer waits for a snapshot beyond the time that the store has. */
    private static final Duration BEYOND_STORE = Duration.ofSeconds(5);

    private static final int THREADS = 256;

    /** Fewer than there are threads, so that health, lists and errors are answered while models are slow. */
    private static final int PREDICTIONS = 224;

    private final Map<ConfigKey, ListenAddress> addresses = new LinkedHashMap<>();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** One of the three APIs. */
    private record Api(ConfigKey key, ListenAddress wanted, List<Route> routes) {}

    private HttpApis() {}

    /**
     * Starts to listen and answer.
     *
     * @param keyFileDirectory where {@code key_file.json} is put
     * @param version the host's, for documents
     * @throws dev.holdfast.host.config.ConfigException if an address cannot be listened on, or the tokens cannot be
     *     written; nothing listens then
     */
    public static HttpApis start(
            HostConfig config,
            ModelServing serving,
            Snapshots snapshots,
            Metrics metrics,
            Path keyFileDirectory,
            Clock clock,
            String version) {
        HttpApis apis = new HttpApis();
        try {
            apis.open(config, serving, snapshots, metrics, keyFileDirectory, clock, version);
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

    private void open(
            HostConfig config,
            ModelServing serving,
            Snapshots snapshots,
            Metrics metrics,
            Path keyFileDirectory,
            Clock clock,
            String version) {
        metrics.watch(serving, snapshots);
        ChangeAnswers changes =
                new ChangeAnswers(snapshots, config.snapshotTimeout().plus(BEYOND_STORE));
        Optional<TokenAuthorization> authorization = config.tokenAuthorization()
                ? Optional.of(authorization(config, keyFileDirectory, clock))
                : Optional.empty();

        Map<ListenAddress, List<Api>> listeners = new LinkedHashMap<>();
        List<Api> alone = new ArrayList<>();
        for (Api api : List.of(
                new Api(
                        ConfigKey.MANAGEMENT_ADDRESS,
                        config.managementAddress(),
                        management(config, serving, snapshots, changes, authorization)),
                new Api(
                        ConfigKey.INFERENCE_ADDRESS,
                        config.inferenceAddress(),
                        inference(config, serving, snapshots, version)),
                new Api(ConfigKey.METRICS_ADDRESS, config.metricsAddress(), new MetricsApi(metrics).routes()))) {
            addresses.put(api.key(), api.wanted());
            if (api.key() == ConfigKey.METRICS_ADDRESS && !config.enableMetricsApi()) {
                continue;
            }
            // Port 0 asks for a port of its own.
            if (api.wanted().port() == 0) {
                alone.add(api);
            } else {
                listeners
                        .computeIfAbsent(api.wanted(), address -> new ArrayList<>())
                        .add(api);
            }
        }
        List<List<Api>> groups = new ArrayList<>(listeners.values());
        alone.forEach(api -> groups.add(List.of(api)));
        Map<BoundSocket, List<Api>> bound = bind(groups);
        bound.forEach((socket, group) -> listen(
                socket,
                group,
                new Pipeline(
                        group.stream().allMatch(api -> api.key() == ConfigKey.METRICS_ADDRESS)
                                ? Optional.empty()
                                : authorization,
                        cors(config),
                        metrics::answered,
                        changes::announce),
                version));
    }

    private TokenAuthorization authorization(HostConfig config, Path directory, Clock clock) {
        Tokens tokens = new Tokens(config.tokenExpiration(), clock, new SecureRandom());
        TokenFile file = new TokenFile(directory);
        opened.push(file);
        file.write(tokens);
        return new TokenAuthorization(tokens, file, config.tokenFailureStatus());
    }

    private static List<Route> management(
            HostConfig config,
            ModelServing serving,
            Snapshots snapshots,
            ChangeAnswers changes,
            Optional<TokenAuthorization> authorization) {
        List<Route> routes = new ArrayList<>();
        routes.addAll(new ManagementApi(serving, snapshots, changes, config.enableModelApi(), config.maxRequestSize())
                .routes());
        routes.addAll(new SnapshotApi(snapshots, changes).routes());
        authorization.ifPresent(guard -> routes.addAll(guard.routes()));
        return routes;
    }

    private static List<Route> inference(HostConfig config, ModelServing serving, Snapshots snapshots, String version) {
        Predictions predictions = new Predictions(PREDICTIONS);
        TensorWriter writer = new TensorWriter(config.maxResponseSize());
        List<Route> routes = new ArrayList<>();
        if (config.openInferenceProtocol()) {
            routes.addAll(
                    new OpenInferenceApi(serving, predictions, writer, config.maxRequestSize(), version).routes());
        }
        routes.addAll(new InferenceApi(
                        serving, snapshots, predictions, writer, config.maxRequestSize(), config.maxResponseSize())
                .routes());
        return routes;
    }

    private Map<BoundSocket, List<Api>> bind(List<List<Api>> groups) {
        Map<BoundSocket, List<Api>> bound = new LinkedHashMap<>();
        for (List<Api> group : groups) {
            Api first = group.get(0);
            BoundSocket socket = BoundSocket.bind(first.key().key(), first.wanted());
            opened.push(socket);
            bound.put(socket, group);
        }
        return bound;
    }

    private void listen(BoundSocket socket, List<Api> group, Pipeline pipeline, String version) {
        List<Route> routes = new ArrayList<>();
        group.forEach(api -> routes.addAll(api.routes()));
        routes.addAll(new Documentation(version, routes).routes());
        String name = "http-" + group.get(0).key().key().replace("_address", "");
        opened.push(Listener.start(name, socket, THREADS, routes, pipeline));
        group.forEach(api -> addresses.put(api.key(), socket.address()));
    }

    private static Map<String, String> cors(HostConfig config) {
        Map<String, String> headers = new LinkedHashMap<>();
        config.corsAllowedOrigin().ifPresent(value -> headers.put("Access-Control-Allow-Origin", value));
        config.corsAllowedMethods().ifPresent(value -> headers.put("Access-Control-Allow-Methods", value));
        config.corsAllowedHeaders().ifPresent(value -> headers.put("Access-Control-Allow-Headers", value));
        return headers;
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

    private ListenAddress address(ConfigKey key) {
        return Optional.ofNullable(addresses.get(key)).orElseThrow();
    }

    /** Takes no more requests, lets the running ones end for a bounded time, and removes the tokens. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (RuntimeException e) {
                first = first == null ? e : suppress(first, e);
            } catch (Exception e) {
                RuntimeException wrapped = new IllegalStateException("A listener did not stop", e);
                first = first == null ? wrapped : suppress(first, wrapped);
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static RuntimeException suppress(RuntimeException first, RuntimeException next) {
        first.addSuppressed(next);
        return first;
    }
}
