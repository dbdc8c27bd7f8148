package dev.holdfast.host.http;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.api.InferenceForm;
import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.InferenceRequest;
import dev.holdfast.host.api.ModelAnswer;
import dev.holdfast.host.runtime.Header;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.Json;
import dev.holdfast.host.wire.OpenInferenceReader;
import dev.holdfast.host.wire.RawBodies;
import dev.holdfast.host.wire.SelectedOutputs;
import dev.holdfast.host.wire.SessionParameters;
import dev.holdfast.host.wire.TensorReader;
import dev.holdfast.host.wire.TensorRequest;
import dev.holdfast.host.wire.TensorWriter;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The forms of inference over HTTP: how bodies are read, and how answers are written. A {@code raw} model gets the body as it
 * is, and its answer is sent as it is, except in the calls of the Open Inference Protocol; a handler gets the request as it is.
 */
final class InferenceForms {

    private static final String BINARY = "application/octet-stream";
    private static final String BINARY_HEADER = "Inference-Header-Content-Length";

    private final HandlerForms handlers;
    private final TensorWriter writer;
    private final int maxRequestSize;
    private final int maxResponseSize;

    /** @param withholdTokens whether {@code Authorization} is the host's own, and so nothing for handlers */
    InferenceForms(int maxRequestSize, int maxResponseSize, boolean withholdTokens) {
        this.handlers = new HandlerForms(maxRequestSize, maxResponseSize, withholdTokens);
        this.writer = new TensorWriter(maxResponseSize);
        this.maxRequestSize = maxRequestSize;
        this.maxResponseSize = maxResponseSize;
    }

    /** Those of TorchServe and SageMaker; a request of the Open Inference Protocol is answered in that form. */
    InferenceForm<InferenceAnswer> plain(Context context) {
        return tensorsOrRaw(
                context,
                (model, request) -> answer -> request.open().isPresent()
                        ? open(model, request, answer)
                        : json(answer, writer.plain(answer.outputs(), request.oneRow())));
    }

    /** That of KServe, version 1. */
    InferenceForm<InferenceAnswer> kserve(Context context) {
        return tensorsOrRaw(context, (model, request) -> answer -> json(answer, writer.predictions(answer.outputs())));
    }

    /** That of the Open Inference Protocol, version 2. */
    InferenceForm<InferenceAnswer> open(Context context) {
        return model -> {
            if (model.signature().isOfHandler()) {
                return handlers.prediction(context);
            }
            byte[] body = RequestBody.read(context, maxRequestSize);
            String json = context.req().getHeader(BINARY_HEADER);
            try {
                TensorRequest request = json == null
                        ? OpenInferenceReader.read(body)
                        : OpenInferenceReader.read(body, jsonLength(json));
                return new InferenceRequest<>(
                        SessionParameters.inputs(request, model.signature()), answer -> open(model, request, answer));
            } catch (IOException e) {
                throw new InvalidInputException("The body is no JSON: " + Json.reason(e), e);
            }
        };
    }

    private static int jsonLength(String header) {
        if (!header.strip().matches("[0-9]{1,9}")) {
            throw ApiException.badRequest("Header " + BINARY_HEADER + " '" + OneLine.name(header)
                    + "' must say how many bytes of the body are JSON.");
        }
        return Integer.parseInt(header.strip());
    }

    /**
     * That of explanations, which handlers alone can give.
     *
     * @param otherwise what is answered for other models
     */
    InferenceForm<InferenceAnswer> explanation(Context context, Supplier<ApiFailure> otherwise) {
        return model -> {
            if (model.signature().isOfHandler()) {
                return handlers.explanation(context);
            }
            throw otherwise.get();
        };
    }

    /** How the answer to a request in JSON goes back. */
    private interface AnswerForm {
        Function<ModelAnswer, InferenceAnswer> of(InferenceModel model, TensorRequest request);
    }

    private InferenceForm<InferenceAnswer> tensorsOrRaw(Context context, AnswerForm form) {
        return model -> {
            if (model.signature().isOfHandler()) {
                return handlers.prediction(context);
            }
            byte[] body = read(context);
            if (model.signature().raw()) {
                return new InferenceRequest<>(
                        List.of(RawBodies.input(model.signature(), body)),
                        answer -> raw(context.contentType(), body, answer));
            }
            TensorRequest request = TensorReader.read(body, model.signature());
            return new InferenceRequest<>(
                    SessionParameters.inputs(request, model.signature()), form.of(model, request));
        };
    }

    private byte[] read(Context context) throws IOException {
        String type = Optional.ofNullable(context.contentType()).orElse("").toLowerCase(Locale.ROOT);
        if (type.startsWith("multipart/")) {
            throw new ApiException(
                    415,
                    "UnsupportedMediaTypeException",
                    "Bodies of type multipart are not supported; send the bytes alone, as curl does with --data-binary.");
        }
        return RequestBody.read(context, maxRequestSize);
    }

    private InferenceAnswer raw(@Nullable String requested, byte[] body, ModelAnswer given) {
        byte[] answer = RawBodies.answer(given.outputs());
        if (answer.length > maxResponseSize) {
            throw TensorWriter.tooLarge(maxResponseSize);
        }
        return new InferenceAnswer(contentType(requested, body, answer), answer, given.remarks());
    }

    /** That of the request, if the answer is its echo, or JSON for JSON; else text. */
    private static String contentType(@Nullable String requested, byte[] body, byte[] answer) {
        if (requested == null) {
            return Answers.TEXT;
        }
        boolean jsonForJson =
                requested.startsWith(Answers.JSON) && answer.length > 0 && (answer[0] == '{' || answer[0] == '[');
        return jsonForJson || Arrays.equals(body, answer) ? requested : Answers.TEXT;
    }

    private static InferenceAnswer json(ModelAnswer answer, byte[] body) {
        return new InferenceAnswer(Answers.JSON, body, answer.remarks());
    }

    /** In the Open Inference Protocol's form, with the outputs that the request selected. */
    private InferenceAnswer open(InferenceModel model, TensorRequest request, ModelAnswer answer) {
        TensorRequest.OpenRequest open = request.open().orElseThrow();
        List<Tensor> selected = SelectedOutputs.of(
                answer.outputs(), open.names(), model.signature().leftOut());
        TensorWriter.OpenAnswer written =
                writer.open(model.name(), model.version(), open.id(), selected, answer.remarks(), open::isBinary);
        if (written.json().isEmpty()) {
            return json(answer, written.body());
        }
        Header length =
                new Header(BINARY_HEADER, Integer.toString(written.json().getAsInt()));
        return new InferenceAnswer(200, BINARY, List.of(length), written.body(), answer.remarks());
    }
}
