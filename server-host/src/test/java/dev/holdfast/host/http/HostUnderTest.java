package dev.holdfast.host.http;

import dev.holdfast.host.api.FakeModels;
import dev.holdfast.host.api.FakeSnapshots;
import dev.holdfast.host.api.Operations;
import dev.holdfast.host.api.OperationsUnderTest;
import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.metrics.HostMeasures;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.serving.CurrentState;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.state.InMemoryChunks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** The HTTP side of a host over fake models and a fake store, and a caller of it. */
final class HostUnderTest implements AutoCloseable {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final OperationsUnderTest host;
    final FakeModels models;
    final FakeSnapshots snapshots;
    final InMemoryChunks chunks;
    final ModelServing serving;
    final Operations operations;
    final InferenceCounters counters;
    final StoreMeasures store = new StoreMeasures();
    final HostMeasures measures = new HostMeasures(store);
    final HttpApis apis;

    /** Without tokens, unless the settings say otherwise. */
    HostUnderTest(Path directory, Map<String, String> settings) {
        this(directory, settings, Clock.systemUTC());
    }

    HostUnderTest(Path directory, Map<String, String> settings, Clock clock) {
        HostConfig config = config(settings);
        CurrentState current = new CurrentState();
        counters = new InferenceCounters("test-host", current);
        host = new OperationsUnderTest(
                current,
                counters,
                config.http().enableModelApi(),
                config.snapshots().timeout(),
                clock);
        models = host.models;
        snapshots = host.snapshots;
        chunks = host.chunks;
        serving = host.serving;
        operations = host.operations;
        apis = HttpApis.start(config, operations, counters, measures, text -> {}, directory, clock);
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
    HostUnderTest with(String archive) {
        host.with(archive);
        return this;
    }

    HttpResponse<String> management(String method, String path, String... headers) {
        return call(apis.management(), method, path, "", headers);
    }

    HttpResponse<String> inference(String method, String path, String body, String... headers) {
        return call(apis.inference(), method, path, body, headers);
    }

    HttpResponse<String> metrics(String path) {
        return call(apis.metricsAddress(), "GET", path, "");
    }

    static HttpResponse<String> call(
            ListenAddress address, String method, String path, String body, String... headers) {
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address + path))
                    .timeout(Duration.ofSeconds(60))
                    .method(
                            method,
                            body.isEmpty()
                                    ? HttpRequest.BodyPublishers.noBody()
                                    : HttpRequest.BodyPublishers.ofString(body));
            if (headers.length > 0) {
                request.headers(headers);
            }
            return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sends bytes as they are, for what no proper client would send, and reads the answer to its end. */
    static String raw(ListenAddress address, String request) {
        try (Socket socket = new Socket(address.host(), address.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same for a request that may lack something: says that nothing more comes, so that every one is answered. */
    static String rawToTheEnd(ListenAddress address, String request) {
        try (Socket socket = new Socket(address.host(), address.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (SocketException e) {
            // Closed on what came after the end of a request that was refused.
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        models.slow.countDown();
        apis.close();
        host.close();
    }
}
