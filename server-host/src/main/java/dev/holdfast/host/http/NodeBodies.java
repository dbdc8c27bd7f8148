package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.InferenceRequest;
import dev.holdfast.host.api.NodeForm;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.HandlerRequest.Parameter;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.wire.SessionParameters;
import dev.holdfast.host.wire.TensorReader;
import dev.holdfast.host.wire.TensorRequest;
import dev.holdfast.host.wire.TensorWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The bodies between the nodes of a workflow, for nodes that take tensors: one is read as {@code POST /predictions/{model}} reads it, and the
 * answer is written likewise. Several are the inputs that have their names.
 *
 * @param request the caller's
 * @param body of that request, as it came: what is read as a form for handlers may be JSON that lacks its type
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; not copied, because bodies are large.
record NodeBodies(HandlerRequest request, byte[] body, TensorWriter writer) implements NodeForm {

    @Override
    public InferenceRequest<HandlerAnswer> read(InferenceModel model, HandlerRequest given) {
        TensorRequest read = tensors(model.signature(), given);
        return new InferenceRequest<>(
                SessionParameters.inputs(read, model.signature()),
                answer ->
                        HandlerAnswer.of(200, Answers.JSON, List.of(), writer.plain(answer.outputs(), read.oneRow())));
    }

    @SuppressWarnings("ReferenceEquality") // Another request with the same content has been through other nodes.
    private TensorRequest tensors(ModelSignature signature, HandlerRequest given) {
        List<Parameter> parameters = given.parameters();
        List<Parameter> named = parameters.stream()
                .filter(parameter -> signature.inputs().stream()
                        .anyMatch(input -> input.name().equals(parameter.name())))
                .toList();
        if (given == request) {
            return named.isEmpty() ? TensorReader.read(body, signature) : named(signature, named);
        }
        return parameters.size() == 1
                ? TensorReader.read(parameters.get(0).bytes(), signature)
                : named(signature, named);
    }

    private static TensorRequest named(ModelSignature signature, List<Parameter> parameters) {
        List<Tensor> inputs = new ArrayList<>();
        boolean oneRow = true;
        for (TensorSpec spec : signature.inputs()) {
            Optional<Parameter> given = parameters.stream()
                    .filter(parameter -> parameter.name().equals(spec.name()))
                    .findFirst();
            if (given.isPresent()) {
                ModelSignature only = new ModelSignature(signature.platform(), List.of(spec), List.of(), false);
                TensorRequest read = TensorReader.read(given.get().bytes(), only);
                inputs.addAll(read.inputs());
                oneRow &= read.oneRow();
            } else if (!signature.controls().contains(spec)) {
                throw new InvalidInputException("Input '" + spec.name() + "' is missing");
            }
        }
        return new TensorRequest(inputs, oneRow, Optional.empty());
    }
}
