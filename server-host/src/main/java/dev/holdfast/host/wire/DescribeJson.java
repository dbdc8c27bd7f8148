package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.api.HostOperations.Health;
import dev.holdfast.host.api.ModelOperations;
import dev.holdfast.host.api.ModelOperations.Described;
import dev.holdfast.host.api.ModelOperations.ListedModel;
import dev.holdfast.host.api.ModelOperations.ModelPage;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.serving.InferenceStatistics;
import dev.holdfast.host.serving.InferenceStatistics.Times;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.serving.VersionStatus.WorkerStatus;
import dev.holdfast.host.text.Shortened;
import java.io.IOException;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the host and its models are, in JSON. A model version as {@code GET /models/{name}} describes it: the fields of TorchServe in its order, those that only make
 * sense there with the values of a model that does not use them, then the fields of this host.
 */
public final class DescribeJson {

    private static final Logger log = LoggerFactory.getLogger(DescribeJson.class);
    private static final ObjectMapper OBJECTS = new ObjectMapper();
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};
    private static final DateTimeFormatter MILLIS =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

    private DescribeJson() {}

    /** A page of the list of models. */
    public static Map<String, Object> of(ModelPage page) {
        Map<String, Object> json = new LinkedHashMap<>();
        page.next().ifPresent(next -> json.put("nextPageToken", Integer.toString(next)));
        json.put("models", page.models().stream().map(DescribeJson::listed).toList());
        return json;
    }

    private static Map<String, Object> listed(ListedModel model) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("modelName", model.name());
        model.url().ifPresent(url -> json.put("modelUrl", url));
        return json;
    }

    /** Whether the host is healthy, as {@code GET /ping} says it. */
    public static Map<String, Object> of(Health health) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("status", health.healthy() ? "Healthy" : "Unhealthy");
        if (health.mode() == StoreStatus.Mode.DETACHED || health.mode() == StoreStatus.Mode.SPOOLING) {
            json.put("snapshots", health.mode().name());
        }
        if (!health.notices().isEmpty()) {
            json.put("notice", Shortened.forBody(String.join(" ", health.notices())));
        }
        return json;
    }

    /** Versions of a model. */
    public static List<Map<String, Object>> of(Described described) {
        return described.versions().stream()
                .map(version -> of(version, described.lastSnapshot()))
                .toList();
    }

    /** One version, with what its handler says of itself. */
    public static List<Map<String, Object>> customized(Described described, byte[] told) {
        Map<String, Object> json = of(described.versions().get(0), described.lastSnapshot());
        Object metadata = Map.of();
        try {
            metadata = OBJECTS.readValue(told, OBJECT);
        } catch (IOException e) {
            log.warn(
                    "Model {} says of itself what is no JSON object, and left out of its description: {}",
                    described.versions().get(0).model(),
                    Json.reason(e));
        }
        json.put("customizedMetadata", metadata);
        return List.of(json);
    }

    public static Map<String, Object> of(VersionStatus status, Optional<String> snapshot) {
        ServedVersion state = status.state();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("modelName", status.model());
        json.put("modelVersion", status.version());
        json.put("modelUrl", state.url().orElse(state.archive()));
        json.put("runtime", engine(status).orElse(state.runtimeType()));
        json.put("minWorkers", state.minWorkers());
        json.put("maxWorkers", state.maxWorkers());
        json.put("batchSize", state.batchSize());
        json.put("maxBatchDelay", state.maxBatchDelay().toMillis());
        json.put("responseTimeout", state.responseTimeout().toSeconds());
        json.put("startupTimeout", state.startupTimeout().toSeconds());
        json.put("maxRetryTimeoutInSec", status.retryTimeout().toSeconds());
        json.put(
                "clientTimeoutInMills",
                status.clientTimeout().map(Duration::toMillis).orElse(0L));
        json.put("parallelType", "");
        json.put("parallelLevel", 0);
        json.put("deviceType", "cpu");
        json.put("continuousBatching", false);
        json.put("useJobTicket", false);
        json.put("useVenv", false);
        json.put("stateful", false);
        json.put("sequenceMaxIdleMSec", 0);
        json.put("sequenceTimeoutMSec", 0);
        json.put("maxNumSequence", 0);
        json.put("maxSequenceJobQueueSize", 0);
        json.put("loadedAtStartup", status.loadedAtStartup());
        json.put("workers", status.workers().stream().map(DescribeJson::worker).toList());
        json.put("jobQueueStatus", queue(status));
        putOwn(json, status);
        snapshot.ifPresent(name -> json.put("snapshot", name));
        return json;
    }

    /** What runs the model; for the built-in handlers, which stand in for those of TorchServe, what TorchServe would say. */
    private static Optional<String> engine(VersionStatus status) {
        boolean standsIn = status.signature()
                .filter(signature -> signature.raw() || signature.isOfHandler())
                .isPresent();
        return standsIn ? Optional.empty() : status.runtime();
    }

    private static Map<String, Object> worker(WorkerStatus worker) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", Integer.toString(worker.id()));
        json.put("startTime", MILLIS.format(worker.startTime()));
        json.put("status", status(worker));
        json.put(
                "memoryUsage",
                worker.process().map(own -> own.status().memoryBytes()).orElse(0L));
        json.put(
                "pid",
                worker.process()
                        .map(own -> own.status().pid())
                        .orElseGet(() -> ProcessHandle.current().pid()));
        json.put("gpu", false);
        json.put("gpuUsage", "N/A");
        worker.process().ifPresent(own -> {
            own.failure().ifPresent(why -> json.put("failure", why));
            json.putAll(own.status().facts());
        });
        worker.stuckSince().ifPresent(since -> json.put("stuckSince", MILLIS.format(since)));
        return json;
    }

    private static String status(WorkerStatus worker) {
        if (worker.stuckSince().isPresent()) {
            return "STUCK";
        }
        return worker.unloading()
                ? "UNLOADING"
                : worker.process().map(VersionStatus.WorkerProcess::state).orElse("READY");
    }

    private static Map<String, Object> queue(VersionStatus status) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("remainingCapacity", status.remainingCapacity());
        json.put("pendingRequests", status.pendingRequests());
        return json;
    }

    private static void putOwn(Map<String, Object> json, VersionStatus status) {
        json.put("status", status(status));
        status.failure()
                .or(status::blocked)
                .ifPresent(why -> json.put(status.isLoading() ? "loading" : "failure", Shortened.forBody(why)));
        json.put("defaultVersion", status.isDefault());
        // What TorchServe says as 'runtime', and snapshots keep.
        json.put("runtimeType", status.state().runtimeType());
        status.signature().map(ModelSignature::platform).ifPresent(platform -> json.put("platform", platform));
        status.signature().map(ModelSignature::inputs).ifPresent(inputs -> json.put("inputs", specs(inputs)));
        status.signature().map(ModelSignature::outputs).ifPresent(outputs -> json.put("outputs", specs(outputs)));
        status.signature()
                .map(ModelSignature::leftOut)
                .filter(leftOut -> !leftOut.isEmpty())
                .ifPresent(leftOut -> json.put("outputsLeftOut", leftOut));
        if (!status.labels().isEmpty()) {
            json.put("labels", status.labels());
        }
        json.put("batching", status.state().batching().text());
        status.joining().ifPresent(joining -> {
            json.put("joining", joining.by().text());
            json.put("joiningReason", joining.why());
        });
        status.state().handler().ifPresent(handler -> json.put("handler", handler));
        status.state().archiveSha256().ifPresent(sha256 -> json.put("archiveSha256", sha256));
    }

    private static String status(VersionStatus status) {
        if (status.failure().isPresent()) {
            return status.isLoading() ? "LOADING" : "FAILED";
        }
        return status.blocked().isPresent() ? "BLOCKED" : "READY";
    }

    /** Inputs or outputs as the Open Inference Protocol writes them. */
    public static List<Map<String, Object>> specs(List<TensorSpec> specs) {
        return SelectedOutputs.withLabels(specs).stream()
                .map(spec -> {
                    Map<String, Object> json = new LinkedHashMap<>();
                    json.put("name", spec.name());
                    json.put("datatype", spec.type().name());
                    json.put("shape", spec.shape());
                    return json;
                })
                .toList();
    }

    /** What a version has done, as the statistics of the Open Inference Protocol have it. */
    public static Map<String, Object> statistics(ModelOperations.Done done) {
        InferenceStatistics statistics = done.statistics();
        // Tensors are read and written outside of the model's time, and nobody measures that apart.
        Times unmeasured = new Times(statistics.success().count(), 0);
        Map<String, Object> requests = new LinkedHashMap<>();
        requests.put("success", times(statistics.success()));
        requests.put("fail", times(statistics.fail()));
        requests.put("queue", times(statistics.queue()));
        requests.put("compute_input", times(unmeasured));
        requests.put("compute_infer", times(statistics.run()));
        requests.put("compute_output", times(unmeasured));
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", done.model());
        all.put("version", done.version());
        all.put("last_inference", statistics.lastMillis());
        all.put("inference_count", statistics.success().count());
        all.put("execution_count", statistics.runs());
        all.put("inference_stats", requests);
        all.put(
                "batch_stats",
                statistics.batches().entrySet().stream()
                        .map(size -> batch(size.getKey(), size.getValue()))
                        .toList());
        return all;
    }

    private static Map<String, Object> batch(int size, Times runs) {
        Map<String, Object> batch = new LinkedHashMap<>();
        batch.put("batch_size", size);
        batch.put("compute_input", times(new Times(runs.count(), 0)));
        batch.put("compute_infer", times(runs));
        batch.put("compute_output", times(new Times(runs.count(), 0)));
        return batch;
    }

    private static Map<String, Object> times(Times times) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("count", times.count());
        json.put("ns", times.nanos());
        return json;
    }
}
