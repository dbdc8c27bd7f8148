package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceRequest;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.HandlerRequest.Parameter;
import dev.holdfast.host.runtime.Header;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The form of models whose handlers read requests themselves, and write the answers. */
final class HandlerForms {

    /** What the host says to the handler, and no caller. */
    private static final Set<String> OF_THE_HOST = Set.of("url_path", "explain", "describe");

    /** What says where an answer ends, and what becomes of its connection, is for the host to say. */
    private static final Set<String> OF_THE_CONNECTION = Set.of(
            "connection",
            "content-length",
            "content-type",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final Pattern HEADER_NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}");
    private static final Pattern NOT_IN_A_HEADER = Pattern.compile("[\\p{Cntrl}&&[^\t]]");
    private static final String FAILURE = "InternalServerException";
    private static final int LEAST_STATUS = 200;
    private static final int MOST_STATUS = 599;

    /** The library's buffer has 8,192; the host has headers of its own. */
    private static final int MOST_HEADER_BYTES = 6_144;

    /** A colon, a space, and the end of the line. */
    private static final int SEPARATORS = 4;

    private final int maxRequestSize;
    private final int maxResponseSize;
    private final boolean withholdTokens;

    HandlerForms(int maxRequestSize, int maxResponseSize, boolean withholdTokens) {
        this.maxRequestSize = maxRequestSize;
        this.maxResponseSize = maxResponseSize;
        this.withholdTokens = withholdTokens;
    }

    InferenceRequest<InferenceAnswer> prediction(Context context) throws IOException {
        String path = context.pathParamMap().getOrDefault("rest", "");
        return request(context, List.of(new Header("url_path", path), new Header("explain", "False")));
    }

    /** A prediction with a word about it. */
    InferenceRequest<InferenceAnswer> explanation(Context context) throws IOException {
        return request(context, List.of(new Header("url_path", ""), new Header("explain", "True")));
    }

    /** The question what the model says of itself. */
    static InferenceRequest<InferenceAnswer> description(Context context) {
        HandlerRequest request = new HandlerRequest(
                context.res().getHeader(HeaderNames.REQUEST_ID), List.of(new Header("describe", "True")), List.of());
        return new InferenceRequest<>(request.toTensors(), given -> answer(HandlerAnswer.of(given.outputs())));
    }

    private InferenceRequest<InferenceAnswer> request(Context context, List<Header> told) throws IOException {
        HandlerRequest request = whole(context, RequestBody.read(context, maxRequestSize), told);
        return new InferenceRequest<>(
                request.toTensors(),
                given -> answer(HandlerAnswer.of(given.outputs())),
                Optional.of(piece -> add(context, HandlerAnswer.of(piece.outputs()))));
    }

    /** All of a request that is for no single model. */
    HandlerRequest whole(Context context, byte[] body) throws IOException {
        return whole(context, body, List.of(new Header("url_path", ""), new Header("explain", "False")));
    }

    private HandlerRequest whole(Context context, byte[] body, List<Header> told) throws IOException {
        List<Header> headers = headers(context);
        headers.addAll(told);
        return new HandlerRequest(context.res().getHeader(HeaderNames.REQUEST_ID), headers, parameters(context, body));
    }

    /** The first piece brings the status and the headers with it. */
    private void add(Context context, HandlerAnswer piece) {
        PiecemealAnswer.of(context)
                .orElseGet(() -> {
                    Predictions.begin(context, answer(piece));
                    return PiecemealAnswer.begin(context, maxResponseSize);
                })
                .add(piece.bytes());
    }

    private List<Header> headers(Context context) {
        List<Header> headers = new ArrayList<>();
        for (Enumeration<String> names = context.req().getHeaderNames(); names.hasMoreElements(); ) {
            String name = names.nextElement();
            if (OF_THE_HOST.contains(name) || (withholdTokens && name.equalsIgnoreCase("Authorization"))) {
                continue;
            }
            for (Enumeration<String> values = context.req().getHeaders(name); values.hasMoreElements(); ) {
                headers.add(new Header(name, values.nextElement()));
            }
        }
        return headers;
    }

    private List<Parameter> parameters(Context context, byte[] body) throws IOException {
        List<Parameter> parameters = new ArrayList<>();
        context.queryParamMap()
                .forEach((name, values) -> values.forEach(
                        value -> parameters.add(Parameter.of(name, "", value.getBytes(StandardCharsets.UTF_8)))));
        String type = context.contentType() == null ? "" : context.contentType();
        String bare = type.split(";", 2)[0].strip();
        switch (bare.toLowerCase(Locale.ROOT)) {
            case "multipart/form-data" -> parameters.addAll(FormBodies.multipart(type, body));
            case "application/x-www-form-urlencoded" -> parameters.addAll(FormBodies.urlEncoded(body));
            default -> parameters.add(Parameter.of("body", bare, body));
        }
        return parameters;
    }

    static InferenceAnswer answer(HandlerAnswer answer) {
        if (answer.failed()) {
            // A code of the worker's that HTTP does not have is one of its failures all the same.
            int code = answer.status() >= 400 && answer.status() <= MOST_STATUS ? answer.status() : 500;
            throw new ApiException(code, FAILURE, answer.message());
        }
        if (answer.status() < LEAST_STATUS || answer.status() > MOST_STATUS) {
            throw new ApiException(
                    500,
                    FAILURE,
                    "The handler answered with the status " + answer.status() + ", which must be from " + LEAST_STATUS
                            + " to " + MOST_STATUS + ".");
        }
        List<Header> headers = answer.headers().stream()
                .filter(header -> HEADER_NAME.matcher(header.name()).matches())
                .filter(header -> !OF_THE_CONNECTION.contains(header.name().toLowerCase(Locale.ROOT)))
                .map(header -> new Header(header.name(), oneLine(header.value())))
                .toList();
        requireFit(answer.contentType(), headers);
        return new InferenceAnswer(answer.status(), oneLine(answer.contentType()), headers, answer.bytes(), Map.of());
    }

    /** What does not fit into the library's buffer would fail without a word about why. */
    private static void requireFit(String contentType, List<Header> headers) {
        int bytes = HandlerRequest.utf8Length(contentType);
        for (Header header : headers) {
            bytes += header.name().length() + HandlerRequest.utf8Length(header.value()) + SEPARATORS;
        }
        if (bytes > MOST_HEADER_BYTES) {
            throw new ApiException(
                    500,
                    FAILURE,
                    "The handler's answer has headers of " + bytes + " bytes, and no more than " + MOST_HEADER_BYTES
                            + " are sent. Put what is so long into the body.");
        }
    }

    private static String oneLine(String value) {
        return NOT_IN_A_HEADER.matcher(value).replaceAll(" ");
    }
}
