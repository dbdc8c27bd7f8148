package dev.holdfast.host.grpc;

import dev.holdfast.host.api.FakeModels;
import dev.holdfast.host.api.FakeSnapshots;
import dev.holdfast.host.api.OperationsUnderTest;
import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.http.HttpApis;
import dev.holdfast.host.http.InferenceCounters;
import dev.holdfast.host.metrics.HostMeasures;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.serving.CurrentState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The gRPC side of a host over fake models and a fake store, and channels to it. */
final class GrpcUnderTest implements AutoCloseable {

    private final OperationsUnderTest host;
    final FakeModels models;
    final FakeSnapshots snapshots;
    final HttpApis http;
    final GrpcApis apis;
    final List<Integer> answered = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();

    /** Without tokens, unless the settings say otherwise. */
    GrpcUnderTest(Path directory, Map<String, String> settings) {
        HostConfig config = config(settings);
        CurrentState current = new CurrentState();
        InferenceCounters counters = new InferenceCounters("test-host", current);
        host = new OperationsUnderTest(
                current,
                counters,
                config.http().enableModelApi(),
                config.snapshots().timeout(),
                Clock.systemUTC());
        models = host.models;
        snapshots = host.snapshots;
        apis = GrpcApis.bind(config);
        http = HttpApis.start(
                config,
                host.operations,
                counters,
                new HostMeasures(new StoreMeasures()),
                text -> {},
                directory,
                Clock.systemUTC());
        apis.serve(new GrpcHost(config, host.operations, http.entrance(), http.keys(), this::note, Clock.systemUTC()));
    }

    private void note(int status) {
        synchronized (answered) {
            answered.add(status);
        }
    }

    List<Integer> answered() {
        synchronized (answered) {
            return List.copyOf(answered);
        }
    }

    static HostConfig config(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "inference_address", "http://127.0.0.1:0",
                "management_address", "http://127.0.0.1:0",
                "metrics_address", "http://127.0.0.1:0",
                "disable_token_authorization", "true"));
        all.putAll(settings);
        return ConfigLayers.of(Map.of()).givenFile(all).toConfig();
    }

    /** Serves a fake model under its own name. */
    GrpcUnderTest with(String archive) {
        host.with(archive);
        return this;
    }

    ManagedChannel inference() {
        return channel(apis.inference().orElseThrow());
    }

    ManagedChannel management() {
        return channel(apis.management().orElseThrow());
    }

    private ManagedChannel channel(ListenAddress address) {
        return open(Grpc.newChannelBuilder(address.authority(), InsecureChannelCredentials.create())
                .build());
    }

    /** Closed with the host. */
    ManagedChannel open(ManagedChannel channel) {
        channels.add(channel);
        return channel;
    }

    @Override
    public void close() {
        models.slow.countDown();
        channels.forEach(ManagedChannel::shutdownNow);
        apis.close();
        http.close();
        host.close();
    }
}
