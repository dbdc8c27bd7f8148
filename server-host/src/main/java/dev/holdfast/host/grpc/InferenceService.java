package dev.holdfast.host.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.UnsafeByteOperations;
import dev.holdfast.host.api.InferenceForm;
import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.InferenceRequest;
import dev.holdfast.host.api.ModelAnswer;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.DescribeJson;
import dev.holdfast.host.wire.Json;
import dev.holdfast.host.wire.RawBodies;
import dev.holdfast.host.wire.SelectedOutputs;
import dev.holdfast.host.wire.TensorReader;
import dev.holdfast.host.wire.TensorRequest;
import dev.holdfast.host.wire.TensorWriter;
import dev.holdfast.protocol.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.holdfast.protocol.torchserve.inference.PredictionResponse;
import dev.holdfast.protocol.torchserve.inference.PredictionsRequest;
import dev.holdfast.protocol.torchserve.inference.TorchServeHealthResponse;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** TorchServe's service of inference: what stands in a prediction's body over HTTP stands in its input here. */
final class InferenceService extends InferenceAPIsServiceGrpc.InferenceAPIsServiceImplBase {

    /** The names under which a request is a body; the first of them that is there counts. */
    private static final List<String> BODY = List.of("body", "data");

    private final GrpcHost host;
    private final GrpcPredictions predictions;
    private final TensorWriter writer;
    private final int mostBytes;

    InferenceService(GrpcHost host, GrpcPredictions predictions) {
        this.host = host;
        this.predictions = predictions;
        this.mostBytes = host.config().http().maxResponseSize();
        this.writer = new TensorWriter(mostBytes);
    }

    @Override
    public void ping(Empty request, StreamObserver<TorchServeHealthResponse> caller) {
        byte[] json = Json.pretty(DescribeJson.of(host.operations().host().health()));
        caller.onNext(TorchServeHealthResponse.newBuilder()
                .setHealth(new String(json, StandardCharsets.UTF_8))
                .build());
        caller.onCompleted();
    }

    @Override
    public void predictions(PredictionsRequest request, StreamObserver<PredictionResponse> caller) {
        answer(request, Reply.to(caller, mostBytes), Optional.empty());
    }

    @Override
    public void streamPredictions(PredictionsRequest request, StreamObserver<PredictionResponse> caller) {
        Reply<PredictionResponse> reply = Reply.to(caller, mostBytes);
        answer(request, reply, Optional.of(piece -> reply.send(response(request, piece), piece.length)));
    }

    private void answer(
            PredictionsRequest request, Reply<PredictionResponse> reply, Optional<Consumer<byte[]>> pieces) {
        predict(predictions, request, pieces)
                .thenApply(answer -> response(request, answer))
                .whenComplete((answer, failure) -> reply.end(
                        answer, failure, message -> message.getPrediction().size()));
    }

    @Override
    public StreamObserver<PredictionsRequest> streamPredictions2(StreamObserver<PredictionResponse> caller) {
        Reply<PredictionResponse> reply = Reply.to(caller, mostBytes);
        return OneByOne.of(
                caller,
                reply,
                request -> predictions
                        .runOneOfMany(own -> predict(
                                own, request, Optional.of(piece -> reply.send(response(request, piece), piece.length))))
                        .thenAccept(answer -> reply.send(response(request, answer), answer.length)));
    }

    private CompletableFuture<byte[]> predict(
            GrpcPredictions own, PredictionsRequest request, Optional<Consumer<byte[]>> pieces) {
        return own.run(request.getModelName(), request.getModelVersion(), form(request, pieces));
    }

    private static PredictionResponse response(PredictionsRequest request, byte[] answer) {
        PredictionResponse.Builder response =
                PredictionResponse.newBuilder().setPrediction(UnsafeByteOperations.unsafeWrap(answer));
        if (request.hasSequenceId()) {
            response.setSequenceId(request.getSequenceId());
        }
        return response.build();
    }

    private InferenceForm<byte[]> form(PredictionsRequest request, Optional<Consumer<byte[]>> pieces) {
        CallFacts facts = CallFacts.current();
        return model -> {
            if (model.signature().isOfHandler()) {
                return new InferenceRequest<>(
                        HandlerCalls.request(facts, request.getInputMap(), sequence(request))
                                .toTensors(),
                        given -> HandlerCalls.body(HandlerAnswer.of(given.outputs())),
                        pieces.map(
                                taker -> piece -> taker.accept(HandlerCalls.body(HandlerAnswer.of(piece.outputs())))));
            }
            byte[] body = body(request.getInputMap(), model);
            if (model.signature().raw()) {
                return new InferenceRequest<>(
                        List.of(RawBodies.input(model.signature(), body)),
                        answer -> bounded(RawBodies.answer(answer.outputs())));
            }
            TensorRequest tensors = TensorReader.read(body, model.signature());
            if (tensors.open().filter(TensorRequest.OpenRequest::wantsBinary).isPresent()) {
                throw new InvalidInputException(
                        "A prediction of this service has no place that says where the JSON of its"
                                + " answer ends; leave binary_data_output out, or call ModelInfer");
            }
            return new InferenceRequest<>(tensors.inputs(), answer -> written(model, tensors, answer));
        };
    }

    private static Optional<String> sequence(PredictionsRequest request) {
        return request.hasSequenceId() ? Optional.of(request.getSequenceId()) : Optional.empty();
    }

    private byte[] written(InferenceModel model, TensorRequest request, ModelAnswer answer) {
        return request.open()
                .map(open -> writer.open(
                        model.name(),
                        model.version(),
                        open.id(),
                        SelectedOutputs.of(
                                answer.outputs(),
                                open.names(),
                                model.signature().leftOut()),
                        answer.remarks()))
                .orElseGet(() -> writer.plain(answer.outputs(), request.oneRow()));
    }

    private byte[] bounded(byte[] answer) {
        if (answer.length > mostBytes) {
            throw TensorWriter.tooLarge(mostBytes);
        }
        return answer;
    }

    private static byte[] body(Map<String, ByteString> input, InferenceModel model) {
        for (String name : BODY) {
            ByteString body = input.get(name);
            if (body != null) {
                return body.toByteArray();
            }
        }
        if (input.size() == 1) {
            return input.values().iterator().next().toByteArray();
        }
        throw new InvalidInputException("The input of model '" + model.name() + "' has "
                + (input.isEmpty()
                        ? "nothing"
                        : input.keySet().stream().map(OneLine::name).toList())
                + "; give it all in one entry, 'body' or 'data', as it would be in the body over HTTP");
    }
}
