package dev.holdfast.host.http;

import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.AuditLog;
import dev.holdfast.host.wire.TraceParent;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Writes down, for each call of a route that changes something, who made it, what it asked for and what came of it. */
record Audit(AuditLog file, Clock clock) {

    private static final String RESULT = "holdfast.audit.result";

    /** The sentence of an answer, for the line of its call. */
    static void result(Context context, String sentence) {
        context.attribute(RESULT, sentence);
    }

    /**
     * Lets the handler answer and writes the line.
     *
     * @param token the id of the token that was shown; empty for none
     */
    void handle(Context context, Handler handler, String token) throws Exception {
        try {
            handler.handle(context);
            Object sentence = context.attribute(RESULT);
            write(context, token, context.statusCode(), sentence == null ? "" : sentence.toString());
        } catch (Exception e) {
            ErrorAnswer error = ErrorAnswer.of(e);
            write(context, token, error.code(), error.message());
            throw e;
        } catch (Error e) {
            write(context, token, 500, e.toString());
            throw e;
        }
    }

    private void write(Context context, String token, int status, String result) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", clock.instant().toString());
        line.put("address", context.ip());
        if (!token.isEmpty()) {
            line.put("token", token);
        }
        line.put("call", context.req().getMethod() + " " + OneLine.of((Object) context.path()));
        Map<String, Object> parameters = parameters(context);
        if (!parameters.isEmpty()) {
            line.put("parameters", parameters);
        }
        line.put("status", status);
        line.put("result", OneLine.of((Object) result));
        String snapshot = context.res().getHeader(HeaderNames.SNAPSHOT);
        if (snapshot != null) {
            line.put("snapshot", snapshot);
        }
        line.put("request", String.valueOf(context.res().getHeader(HeaderNames.REQUEST_ID)));
        String trace = context.res().getHeader(TraceParent.HEADER);
        if (trace != null) {
            line.put(TraceParent.HEADER, trace);
        }
        file.write(line);
    }

    /** Those of the query, without what may be a secret in them. */
    private static Map<String, Object> parameters(Context context) {
        Map<String, Object> parameters = new TreeMap<>();
        context.queryParamMap().forEach((name, values) -> {
            String value = String.join(",", values);
            parameters.put(
                    OneLine.name(name),
                    ConfigKey.isSecret(name)
                            ? "***"
                            : OneLine.name(value.replaceFirst("//.*@", "//***@").replaceFirst("(?s)\\?.*", "?***")));
        });
        return parameters;
    }
}
