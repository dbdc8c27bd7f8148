package dev.holdfast.host.grpc;

import dev.holdfast.host.api.ChangeResult;
import dev.holdfast.host.api.ModelOperations;
import dev.holdfast.host.api.ModelOperations.Described;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Shortened;
import dev.holdfast.host.wire.DescribeJson;
import dev.holdfast.host.wire.Json;
import dev.holdfast.host.wire.Parameters;
import dev.holdfast.host.wire.RegistrationReader;
import dev.holdfast.host.wire.SafeNames;
import dev.holdfast.protocol.torchserve.management.DescribeModelRequest;
import dev.holdfast.protocol.torchserve.management.ListModelsRequest;
import dev.holdfast.protocol.torchserve.management.ManagementAPIsServiceGrpc;
import dev.holdfast.protocol.torchserve.management.ManagementResponse;
import dev.holdfast.protocol.torchserve.management.RegisterModelRequest;
import dev.holdfast.protocol.torchserve.management.ScaleWorkerRequest;
import dev.holdfast.protocol.torchserve.management.SetDefaultRequest;
import dev.holdfast.protocol.torchserve.management.UnregisterModelRequest;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * TorchServe's service of management: each call answers with the text that HTTP answers. In its messages a number of 0 is one that
 * was not given.
 */
final class ManagementService extends ManagementAPIsServiceGrpc.ManagementAPIsServiceImplBase {

    private static final int LARGEST_PAGE = 100;

    private final GrpcHost host;
    private final ModelOperations models;

    ManagementService(GrpcHost host) {
        this.host = host;
        this.models = host.operations().models();
    }

    @Override
    public void describeModel(DescribeModelRequest request, StreamObserver<ManagementResponse> caller) {
        String model = SafeNames.check("Model name", request.getModelName());
        if (request.getModelVersion().equals("all")) {
            answer(caller, DescribeJson.of(models.describeAll(model)));
            return;
        }
        Optional<String> version = version(request.getModelVersion());
        Described described = models.describe(model, version);
        boolean ofHandler = described.versions().stream()
                .allMatch(status ->
                        status.signature().filter(ModelSignature::isOfHandler).isPresent());
        if (!ofHandler || !request.getCustomized()) {
            answer(caller, DescribeJson.of(described));
            return;
        }
        Reply<ManagementResponse> reply = Reply.to(caller, host.config().http().maxResponseSize());
        CallFacts facts = CallFacts.current();
        new GrpcPredictions(host, Runnable::run)
                .run(
                        model,
                        request.getModelVersion(),
                        asked -> new dev.holdfast.host.api.InferenceRequest<>(
                                HandlerCalls.description(facts).toTensors(),
                                given -> HandlerCalls.body(HandlerAnswer.of(given.outputs()))))
                .whenComplete((told, failure) -> {
                    if (failure == null) {
                        reply.send(response(DescribeJson.customized(models.describe(model, version), told)), 1);
                        reply.end();
                    } else {
                        reply.fail(failure);
                    }
                });
    }

    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ManagementResponse> caller) {
        int limit = request.getLimit();
        int page = limit < 1 || limit > LARGEST_PAGE ? LARGEST_PAGE : limit;
        answer(caller, DescribeJson.of(models.list(Math.max(0, request.getNextPageToken()), page)));
    }

    @Override
    public void registerModel(RegisterModelRequest request, StreamObserver<ManagementResponse> caller) {
        Map<String, String> given = new HashMap<>();
        put(given, "url", request.getUrl());
        put(given, "model_name", request.getModelName());
        put(given, "handler", request.getHandler());
        put(given, "runtime", request.getRuntime());
        put(given, "batch_size", request.getBatchSize());
        put(given, "initial_workers", request.getInitialWorkers());
        put(given, "max_batch_delay", request.getMaxBatchDelay());
        put(given, "response_timeout", request.getResponseTimeout());
        put(given, "startup_timeout", request.getStartupTimeout());
        change("RegisterModel", given, caller, () -> {
            models.requireRegistering();
            return models.register(RegistrationReader.read(new Parameters(given)), request.getSynchronous());
        });
    }

    @Override
    public void scaleWorker(ScaleWorkerRequest request, StreamObserver<ManagementResponse> caller) {
        int min = Math.max(1, request.getMinWorker());
        if (request.getMinWorker() < 0 || request.getMaxWorker() < 0) {
            min = request.getMinWorker();
        }
        int max = request.getMaxWorker() == 0 ? min : request.getMaxWorker();
        int least = min;
        Map<String, String> given = named(request.getModelName(), request.getModelVersion());
        put(given, "min_worker", request.getMinWorker());
        put(given, "max_worker", request.getMaxWorker());
        change(
                "ScaleWorker",
                given,
                caller,
                () -> models.scale(
                        SafeNames.check("Model name", request.getModelName()),
                        version(request.getModelVersion()),
                        least,
                        max,
                        request.getSynchronous()));
    }

    @Override
    public void setDefault(SetDefaultRequest request, StreamObserver<ManagementResponse> caller) {
        change(
                "SetDefault",
                named(request.getModelName(), request.getModelVersion()),
                caller,
                () -> models.setDefault(
                        SafeNames.check("Model name", request.getModelName()),
                        SafeNames.check("Model version", request.getModelVersion())));
    }

    @Override
    public void unregisterModel(UnregisterModelRequest request, StreamObserver<ManagementResponse> caller) {
        change("UnregisterModel", named(request.getModelName(), request.getModelVersion()), caller, () -> {
            models.requireRegistering();
            return models.unregister(
                    SafeNames.check("Model name", request.getModelName()), version(request.getModelVersion()));
        });
    }

    private static Map<String, String> named(String model, String version) {
        Map<String, String> given = new HashMap<>();
        put(given, "model_name", model);
        put(given, "model_version", version);
        return given;
    }

    private static void put(Map<String, String> given, String name, String value) {
        if (!value.isEmpty()) {
            given.put(name, value);
        }
    }

    private static void put(Map<String, String> given, String name, int value) {
        if (value != 0) {
            given.put(name, Integer.toString(value));
        }
    }

    private static Optional<String> version(String given) {
        return Optional.of(given).filter(some -> !some.isEmpty()).map(some -> SafeNames.check("Model version", some));
    }

    private void change(
            String call,
            Map<String, String> parameters,
            StreamObserver<ManagementResponse> caller,
            Supplier<ChangeResult> change) {
        answer(caller, changed(AuditLine.of(host, call, parameters, change)));
    }

    private Map<String, Object> changed(ChangeResult result) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("status", result.sentence());
        Set<String> notices = new LinkedHashSet<>(result.notices());
        notices.addAll(host.operations().host().notices());
        if (!notices.isEmpty()) {
            body.put("notice", Shortened.forBody(OneLine.sentences(notices)));
        }
        return body;
    }

    private static void answer(StreamObserver<ManagementResponse> caller, Object json) {
        caller.onNext(response(json));
        caller.onCompleted();
    }

    private static ManagementResponse response(Object json) {
        return ManagementResponse.newBuilder()
                .setMsg(new String(Json.pretty(json), StandardCharsets.UTF_8))
                .build();
    }
}
