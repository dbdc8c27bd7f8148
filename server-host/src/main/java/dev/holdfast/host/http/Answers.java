package dev.holdfast.host.http;

import dev.holdfast.host.wire.Json;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;

/** The bodies that every API answers with. */
final class Answers {

    static final String JSON = "application/json";
    static final String TEXT = "text/plain; charset=utf-8";

    /** What is unavailable now mostly is not for long: a queue is full, a store is away, a host is being replaced. */
    private static final HttpField RETRY_AFTER = new PreEncodedHttpField(HttpHeader.RETRY_AFTER, "5");

    private Answers() {}

    /** A map or a list, printed over several lines. */
    static void json(Context context, int status, Object body) {
        if (body instanceof Map<?, ?> map && map.get("status") instanceof String sentence) {
            Audit.result(context, sentence);
        }
        json(context, status, Json.pretty(body));
    }

    static void json(Context context, int status, byte[] body) {
        retryAfter(status).ifPresent(field -> context.header(field.getName(), field.getValue()));
        context.status(status).contentType(JSON).result(body);
    }

    /** When to come back, which every 503 says, and it alone. */
    static Optional<HttpField> retryAfter(int status) {
        return status == 503 ? Optional.of(RETRY_AFTER) : Optional.empty();
    }

    /** {@code {"status": ...}}. */
    static Map<String, Object> status(String sentence) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("status", sentence);
        return body;
    }

    /** The error in the shape that the API of this path has. */
    static void error(Context context, ErrorAnswer error) {
        json(context, error.code(), errorBody(context.path(), error));
    }

    static byte[] errorBody(String path, ErrorAnswer error) {
        return Json.pretty(path.startsWith("/v2") ? Map.of("error", error.message()) : error.toMap());
    }

    /** A text that may stand in a header: what is not printable ASCII becomes {@code %XX} of its UTF-8. */
    static String headerSafe(String text) {
        StringBuilder safe = new StringBuilder(text.length());
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b >= ' ' && b <= '~' && b != '%') {
                safe.append((char) b);
            } else {
                safe.append(String.format(Locale.ROOT, "%%%02X", b));
            }
        }
        return safe.toString();
    }
}
