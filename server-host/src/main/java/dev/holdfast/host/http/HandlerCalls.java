package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceModel;
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
import java.util.Set;
import java.util.regex.Pattern;

/** Predictions by models whose handlers read requests themselves, and write the answers. */
final class HandlerCalls {

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
    private static final int LEAST_STATUS = 200;
    private static final int MOST_STATUS = 599;

    private final Predictions predictions;
    private final int maxRequestSize;
    private final boolean withholdTokens;

    /** @param withholdTokens whether {@code Authorization} is the host's own, and so nothing for handlers */
    HandlerCalls(Predictions predictions, int maxRequestSize, boolean withholdTokens) {
        this.predictions = predictions;
        this.maxRequestSize = maxRequestSize;
        this.withholdTokens = withholdTokens;
    }

    /** Asks for a prediction. */
    void predict(Context context, InferenceModel model) throws IOException {
        String path = context.pathParamMap().getOrDefault("rest", "");
        call(
                context,
                model,
                List.of(new Header("url_path", path), new Header("explain", "False")),
                parameters(context));
    }

    /** Asks for an explanation, which is a prediction with a word about it. */
    void explain(Context context, InferenceModel model) throws IOException {
        call(context, model, List.of(new Header("url_path", ""), new Header("explain", "True")), parameters(context));
    }

    private void call(Context context, InferenceModel model, List<Header> told, List<Parameter> parameters) {
        List<Header> headers = headers(context);
        headers.addAll(told);
        String id = context.res().getHeader("x-request-id");
        HandlerRequest request = new HandlerRequest(id, headers, parameters);
        predictions.run(
                context, model, request.toTensors(), given -> write(context, HandlerAnswer.of(given.outputs())));
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

    private List<Parameter> parameters(Context context) throws IOException {
        List<Parameter> parameters = new ArrayList<>();
        context.queryParamMap()
                .forEach((name, values) -> values.forEach(
                        value -> parameters.add(Parameter.of(name, "", value.getBytes(StandardCharsets.UTF_8)))));
        byte[] body = RequestBody.read(context, maxRequestSize);
        String type = context.contentType() == null ? "" : context.contentType();
        String bare = type.split(";", 2)[0].strip();
        switch (bare.toLowerCase(Locale.ROOT)) {
            case "multipart/form-data" -> parameters.addAll(FormBodies.multipart(type, body));
            case "application/x-www-form-urlencoded" -> parameters.addAll(FormBodies.urlEncoded(body));
            default -> parameters.add(Parameter.of("body", bare, body));
        }
        return parameters;
    }

    private static void write(Context context, HandlerAnswer answer) {
        if (answer.failed()) {
            fail(context, answer.status(), answer.message());
            return;
        }
        if (answer.status() < LEAST_STATUS || answer.status() > MOST_STATUS) {
            fail(
                    context,
                    500,
                    "The handler answered with the status " + answer.status() + ", which must be from " + LEAST_STATUS
                            + " to " + MOST_STATUS + ".");
            return;
        }
        for (Header header : answer.headers()) {
            boolean may = HEADER_NAME.matcher(header.name()).matches()
                    && !OF_THE_CONNECTION.contains(header.name().toLowerCase(Locale.ROOT));
            if (may) {
                context.res().setHeader(header.name(), oneLine(header.value()));
            }
        }
        context.status(answer.status()).result(answer.bytes());
        // None where the handler says none: that is what its callers know.
        context.res().setContentType(answer.contentType().isEmpty() ? null : oneLine(answer.contentType()));
    }

    private static String oneLine(String value) {
        return NOT_IN_A_HEADER.matcher(value).replaceAll(" ");
    }

    /** A code of the worker's that HTTP does not have is one of its failures all the same. */
    private static void fail(Context context, int status, String message) {
        int code = status >= 400 && status <= MOST_STATUS ? status : 500;
        context.status(code)
                .contentType(Answers.JSON)
                .result(Answers.errorBody(
                        context.path(), new ErrorAnswer(code, "InternalServerException", message, true)));
    }
}
