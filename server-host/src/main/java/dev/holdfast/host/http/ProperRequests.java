package dev.holdfast.host.http;

import dev.holdfast.host.text.OneLine;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.MimeTypes;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests that the HTTP library would fail over, before a route sees them. Routes never see HEAD (which is GET
 * whose body is not sent), a method that the library uses for purposes of its own, or a header that overrides the method.
 */
final class ProperRequests extends Handler.Wrapper {

    private static final Set<String> METHODS = Set.of("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE");

    /** A method that no route has. */
    private static final String NO_ROUTES = "TRACE";

    /** The library obeys it, so that a firewall that lets POST through would let DELETE through. */
    private static final String OVERRIDE = "X-HTTP-Method-Override";

    /** The library takes a request with it for one of a WebSocket, and opens a session for it. */
    private static final String WEB_SOCKET = "Sec-WebSocket-Version";

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Optional<String> fault = fault(request);
        if (fault.isPresent()) {
            MalformedRequests.answer(
                    request, response, callback, new ErrorAnswer(400, "BadRequestException", fault.get(), true));
            return true;
        }
        if ("*".equals(request.getHttpURI().getPath())) {
            response.setStatus(204);
            response.getHeaders().put(HttpHeader.ALLOW, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
            callback.succeeded();
            return true;
        }
        String method = method(request.getMethod());
        boolean obeyed =
                request.getHeaders().contains(OVERRIDE) || request.getHeaders().contains(WEB_SOCKET);
        Request seen = obeyed || !method.equals(request.getMethod()) ? new Seen(request, method) : request;
        return super.handle(seen, response, callback);
    }

    private static String method(String method) {
        if (METHODS.contains(method)) {
            return method;
        }
        return method.equals("HEAD") ? "GET" : NO_ROUTES;
    }

    private static Optional<String> fault(Request request) {
        HttpURI uri = request.getHttpURI();
        Optional<String> fault = fault("path", uri.getPath()).or(() -> fault("query", uri.getQuery()));
        String contentType = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        return fault.isPresent() || contentType == null ? fault : charsetFault(contentType);
    }

    private static Optional<String> charsetFault(String contentType) {
        String charset = MimeTypes.getCharsetFromContentType(contentType);
        try {
            if (charset == null || Charset.isSupported(charset)) {
                return Optional.empty();
            }
        } catch (IllegalCharsetNameException e) {
            // Said below.
        }
        return Optional.of("The charset '" + OneLine.name(charset)
                + "' of the request's Content-Type is not known here; send UTF-8.");
    }

    /** Why a part of the URI cannot be decoded. */
    private static Optional<String> fault(String part, @Nullable String text) {
        if (text == null || (text.indexOf('%') < 0 && text.indexOf('\uFFFD') < 0 && text.indexOf('\0') < 0)) {
            return Optional.empty();
        }
        ByteBuffer bytes = ByteBuffer.allocate(3 * text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                if (i + 2 >= text.length() || !isHex(text.charAt(i + 1)) || !isHex(text.charAt(i + 2))) {
                    return Optional.of("The " + part + " of the request's URI has a % without two hexadecimal digits"
                            + " after it; a % itself is written %25.");
                }
                bytes.put((byte) Integer.parseInt(text, i + 1, i + 3, 16));
                i += 2;
            } else if (c < 0x80) {
                bytes.put((byte) c);
            } else if (c == '\uFFFD') {
                return Optional.of(noText(part));
            } else {
                bytes.put((byte) 'x');
            }
        }
        bytes.flip();
        for (int i = 0; i < bytes.limit(); i++) {
            if (bytes.get(i) == 0) {
                return Optional.of("The " + part + " of the request's URI has a NUL character in it.");
            }
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(bytes);
            return Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.of(noText(part));
        }
    }

    private static String noText(String part) {
        return "The " + part + " of the request's URI is no UTF-8.";
    }

    private static boolean isHex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }

    private static final class Seen extends Request.Wrapper {

        private final String method;
        private final HttpFields headers;

        Seen(Request request, String method) {
            super(request);
            this.method = method;
            this.headers = HttpFields.build(request.getHeaders())
                    .remove(OVERRIDE)
                    .remove(WEB_SOCKET)
                    .asImmutable();
        }

        @Override
        public String getMethod() {
            return method;
        }

        @Override
        public HttpFields getHeaders() {
            return headers;
        }
    }
}
