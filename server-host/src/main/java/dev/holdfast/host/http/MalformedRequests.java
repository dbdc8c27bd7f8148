package dev.holdfast.host.http;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Answers what is no proper HTTP, and so reaches no route, in the same shape as every other error. */
final class MalformedRequests implements Request.Handler {

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus() < 400 ? 500 : response.getStatus();
        ErrorAnswer error = status >= 500
                ? new ErrorAnswer(status, "InternalServerException", "The host failed to answer.", false)
                : new ErrorAnswer(status, "BadRequestException", message(status), true);
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Answers.JSON);
        response.write(true, ByteBuffer.wrap(Json.pretty(error.toMap())), callback);
        return true;
    }

    private static String message(int status) {
        return switch (status) {
            case 414 -> "The request's URI is too long.";
            case 431 -> "The request's header is too large.";
            default -> "The request is no valid HTTP/1.1; look at its method, URI and headers.";
        };
    }
}
