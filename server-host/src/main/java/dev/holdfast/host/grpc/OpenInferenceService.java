package dev.holdfast.host.grpc;

import dev.holdfast.host.api.InferenceForm;
import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.InferenceRequest;
import dev.holdfast.host.api.ModelAnswer;
import dev.holdfast.host.api.Operations;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.RawTensors;
import dev.holdfast.host.wire.SafeNames;
import dev.holdfast.host.wire.SelectedOutputs;
import dev.holdfast.host.wire.SessionParameters;
import dev.holdfast.host.wire.TensorWriter;
import dev.holdfast.protocol.openinference.GRPCInferenceServiceGrpc;
import dev.holdfast.protocol.openinference.InferParameter;
import dev.holdfast.protocol.openinference.ModelInferRequest;
import dev.holdfast.protocol.openinference.ModelInferRequest.InferRequestedOutputTensor;
import dev.holdfast.protocol.openinference.ModelInferResponse;
import dev.holdfast.protocol.openinference.ModelMetadataRequest;
import dev.holdfast.protocol.openinference.ModelMetadataResponse;
import dev.holdfast.protocol.openinference.ModelMetadataResponse.TensorMetadata;
import dev.holdfast.protocol.openinference.ModelReadyRequest;
import dev.holdfast.protocol.openinference.ModelReadyResponse;
import dev.holdfast.protocol.openinference.ModelStatisticsRequest;
import dev.holdfast.protocol.openinference.ModelStatisticsResponse;
import dev.holdfast.protocol.openinference.ModelStreamInferResponse;
import dev.holdfast.protocol.openinference.RepositoryIndexRequest;
import dev.holdfast.protocol.openinference.RepositoryIndexResponse;
import dev.holdfast.protocol.openinference.RepositoryIndexResponse.ModelIndex;
import dev.holdfast.protocol.openinference.RepositoryModelLoadRequest;
import dev.holdfast.protocol.openinference.RepositoryModelLoadResponse;
import dev.holdfast.protocol.openinference.RepositoryModelUnloadRequest;
import dev.holdfast.protocol.openinference.RepositoryModelUnloadResponse;
import dev.holdfast.protocol.openinference.ServerLiveRequest;
import dev.holdfast.protocol.openinference.ServerLiveResponse;
import dev.holdfast.protocol.openinference.ServerMetadataRequest;
import dev.holdfast.protocol.openinference.ServerMetadataResponse;
import dev.holdfast.protocol.openinference.ServerReadyRequest;
import dev.holdfast.protocol.openinference.ServerReadyResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** The Open Inference Protocol, version 2. An answer is raw where the request was. */
final class OpenInferenceService extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {

    private final GrpcHost host;
    private final Operations operations;
    private final GrpcPredictions predictions;
    private final TensorWriter json;
    private final int mostBytes;

    OpenInferenceService(GrpcHost host, GrpcPredictions predictions) {
        this.host = host;
        this.operations = host.operations();
        this.predictions = predictions;
        this.mostBytes = host.config().http().maxResponseSize();
        this.json = new TensorWriter(host.config().http().maxRequestSize());
    }

    private static <A> void answer(StreamObserver<A> caller, A message) {
        caller.onNext(message);
        caller.onCompleted();
    }

    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> caller) {
        answer(caller, ServerLiveResponse.newBuilder().setLive(true).build());
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> caller) {
        boolean ready = operations.host().isReady();
        answer(caller, ServerReadyResponse.newBuilder().setReady(ready).build());
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> caller) {
        boolean ready = operations.models().isReady(status(request.getName(), request.getVersion()));
        answer(caller, ModelReadyResponse.newBuilder().setReady(ready).build());
    }

    private VersionStatus status(String model, String version) {
        return operations.models().status(SafeNames.check("Model name", model), name("Model version", version));
    }

    private static Optional<String> name(String what, String given) {
        return given.isEmpty() ? Optional.empty() : Optional.of(SafeNames.check(what, given));
    }

    @Override
    public void serverMetadata(ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> caller) {
        answer(
                caller,
                ServerMetadataResponse.newBuilder()
                        .setName("holdfast")
                        .setVersion(operations.host().version())
                        .addAllExtensions(operations.host().extensions())
                        .build());
    }

    @Override
    public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> caller) {
        VersionStatus status = status(request.getName(), request.getVersion());
        ModelMetadataResponse.Builder response =
                ModelMetadataResponse.newBuilder().setName(status.model());
        operations.models().statuses(status.model()).forEach(version -> response.addVersions(version.version()));
        status.signature().ifPresent(signature -> {
            response.setPlatform(signature.platform());
            SelectedOutputs.withLabels(signature.inputs()).forEach(spec -> response.addInputs(metadata(spec)));
            SelectedOutputs.withLabels(signature.outputs()).forEach(spec -> response.addOutputs(metadata(spec)));
        });
        answer(caller, response.build());
    }

    @Override
    public void modelStatistics(ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> caller) {
        ModelStatisticsResponse.Builder response = ModelStatisticsResponse.newBuilder();
        operations
                .models()
                .done(name("Model name", request.getName()), name("Model version", request.getVersion()))
                .forEach(done -> response.addModelStats(StatisticsMessage.of(done)));
        answer(caller, response.build());
    }

    private static TensorMetadata metadata(dev.holdfast.host.runtime.TensorSpec spec) {
        return TensorMetadata.newBuilder()
                .setName(spec.name())
                .setDatatype(spec.type().name())
                .addAllShape(spec.shape())
                .build();
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> caller) {
        Reply<ModelInferResponse> reply = Reply.to(caller, mostBytes);
        infer(predictions, request, Optional.empty())
                .whenComplete(
                        (response, failure) -> reply.end(response, failure, ModelInferResponse::getSerializedSize));
    }

    /** A request that fails is answered with the reason, and the next one is read. */
    @Override
    public StreamObserver<ModelInferRequest> modelStreamInfer(StreamObserver<ModelStreamInferResponse> caller) {
        Reply<ModelStreamInferResponse> reply = Reply.to(caller, mostBytes);
        return OneByOne.of(
                caller,
                reply,
                request -> predictions
                        .runOneOfMany(own -> infer(own, request, Optional.of(piece -> send(reply, piece))))
                        .handle((response, failure) -> {
                            if (failure == null) {
                                send(reply, response);
                                return CompletableFuture.<Void>completedFuture(null);
                            }
                            Status status = CallStatus.of(failure);
                            if (status.getCode() == Status.Code.UNAVAILABLE
                                    && status.getDescription() != null
                                    && status.getDescription()
                                            .equals(CallGuard.stopping().getDescription())) {
                                return CompletableFuture.<Void>failedFuture(status.asRuntimeException());
                            }
                            reply.send(
                                    ModelStreamInferResponse.newBuilder()
                                            .setErrorMessage(String.valueOf(status.getDescription()))
                                            .setInferResponse(ModelInferResponse.newBuilder()
                                                    .setModelName(request.getModelName())
                                                    .setModelVersion(request.getModelVersion())
                                                    .setId(request.getId()))
                                            .build(),
                                    1);
                            return CompletableFuture.<Void>completedFuture(null);
                        })
                        .thenCompose(ended -> ended));
    }

    private static void send(Reply<ModelStreamInferResponse> reply, ModelInferResponse response) {
        reply.send(
                ModelStreamInferResponse.newBuilder().setInferResponse(response).build(), response.getSerializedSize());
    }

    private CompletableFuture<ModelInferResponse> infer(
            GrpcPredictions own, ModelInferRequest request, Optional<Consumer<ModelInferResponse>> pieces) {
        return own.run(request.getModelName(), request.getModelVersion(), form(request, pieces));
    }

    private InferenceForm<ModelInferResponse> form(
            ModelInferRequest request, Optional<Consumer<ModelInferResponse>> pieces) {
        CallFacts facts = CallFacts.current();
        return model -> {
            List<Tensor> inputs = ProtocolTensors.inputs(request);
            if (model.signature().isOfHandler()) {
                byte[] body = json.request(id(request), inputs);
                return new InferenceRequest<>(
                        HandlerCalls.request(facts, body).toTensors(),
                        given -> ofHandler(model, request, HandlerAnswer.of(given.outputs())),
                        pieces.map(taker ->
                                piece -> taker.accept(ofHandler(model, request, HandlerAnswer.of(piece.outputs())))));
            }
            return new InferenceRequest<>(
                    SessionParameters.inputs(inputs, parameters(request), model.signature()),
                    answer -> response(model, request, answer));
        };
    }

    /** Truth values, and whole numbers and texts as text. */
    private static Map<String, Object> parameters(ModelInferRequest request) {
        Map<String, Object> parameters = new HashMap<>();
        request.getParametersMap().forEach((name, value) -> {
            switch (value.getParameterChoiceCase()) {
                case BOOL_PARAM -> parameters.put(name, value.getBoolParam());
                case INT64_PARAM -> parameters.put(name, Long.toString(value.getInt64Param()));
                case STRING_PARAM -> parameters.put(name, value.getStringParam());
                default -> {
                    // None of the others means anything to this host.
                }
            }
        });
        return parameters;
    }

    private static Optional<String> id(ModelInferRequest request) {
        return Optional.of(request.getId()).filter(id -> !id.isEmpty());
    }

    private ModelInferResponse response(InferenceModel model, ModelInferRequest request, ModelAnswer answer) {
        List<Tensor> outputs = SelectedOutputs.of(
                answer.outputs(),
                request.getOutputsList().stream()
                        .map(InferRequestedOutputTensor::getName)
                        .toList(),
                model.signature().leftOut());
        return response(model, request, outputs, answer.remarks());
    }

    private ModelInferResponse response(
            InferenceModel model, ModelInferRequest request, List<Tensor> outputs, Map<String, Object> remarks) {
        if (outputs.stream().mapToLong(RawTensors::size).sum() > mostBytes) {
            throw TensorWriter.tooLarge(mostBytes);
        }
        ModelInferResponse.Builder response = ModelInferResponse.newBuilder()
                .setModelName(model.name())
                .setModelVersion(model.version())
                .setId(request.getId());
        remarks.forEach((name, value) -> response.putParameters(name, parameter(value)));
        ProtocolTensors.put(response, outputs, request.getRawInputContentsCount() > 0);
        return response.build();
    }

    private static InferParameter parameter(Object value) {
        InferParameter.Builder parameter = InferParameter.newBuilder();
        if (value instanceof Boolean truth) {
            parameter.setBoolParam(truth);
        } else {
            parameter.setInt64Param(((Number) value).longValue());
        }
        return parameter.build();
    }

    /** A handler answers with bytes of a form that it alone knows. */
    private ModelInferResponse ofHandler(InferenceModel model, ModelInferRequest request, HandlerAnswer answer) {
        Tensor body = new Tensor("body", TensorType.BYTES, new long[] {1}, new byte[][] {HandlerCalls.body(answer)});
        return response(model, request, List.of(body), Map.of());
    }

    @Override
    public void repositoryIndex(RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> caller) {
        RepositoryIndexResponse.Builder response = RepositoryIndexResponse.newBuilder();
        operations
                .repository()
                .index(request.getReady())
                .forEach(entry -> response.addModels(ModelIndex.newBuilder()
                        .setName(entry.name())
                        .setVersion(entry.version())
                        .setState(entry.state().name())
                        .setReason(entry.reason())));
        answer(caller, response.build());
    }

    @Override
    public void repositoryModelLoad(
            RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> caller) {
        requireKnown(request.getParametersMap().keySet(), Set.of());
        String model = request.getModelName();
        AuditLine.of(
                host,
                "RepositoryModelLoad",
                Map.of("model_name", model),
                () -> operations.repository().load(SafeNames.check("Model name", model)));
        answer(
                caller,
                RepositoryModelLoadResponse.newBuilder()
                        .setModelName(model)
                        .setIsLoaded(true)
                        .build());
    }

    @Override
    public void repositoryModelUnload(
            RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> caller) {
        // Nothing depends on a model here.
        requireKnown(request.getParametersMap().keySet(), Set.of("unload_dependents"));
        String model = request.getModelName();
        AuditLine.of(
                host,
                "RepositoryModelUnload",
                Map.of("model_name", model),
                () -> operations.repository().unload(SafeNames.check("Model name", model)));
        answer(
                caller,
                RepositoryModelUnloadResponse.newBuilder()
                        .setModelName(model)
                        .setIsUnloaded(true)
                        .build());
    }

    private static void requireKnown(Set<String> given, Set<String> known) {
        for (String name : given) {
            if (!known.contains(name)) {
                throw new InvalidInputException("Parameter '" + OneLine.name(name)
                        + "' is not supported; put the model with its settings into the model store.");
            }
        }
    }
}
