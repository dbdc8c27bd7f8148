package dev.holdfast.host.http;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Answers what is no proper HTTP, and so reaches no route, in the same shape as every other error. */
final class MalformedRequests implements Request.Handler {

    private static final String BAD = "BadRequestException";

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        answer(request, response, callback, error(response.getStatus() < 400 ? 500 : response.getStatus()));
        return true;
    }

    /** An error in the shape that the API of the request's path has. */
    static void answer(Request request, Response response, Callback callback, ErrorAnswer error) {
        HttpURI uri = request.getHttpURI();
        String path = uri == null || uri.getPath() == null ? "/" : uri.getPath();
        response.setStatus(error.code());
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Answers.JSON);
        Answers.retryAfter(error.code()).ifPresent(response.getHeaders()::put);
        response.write(true, ByteBuffer.wrap(Answers.errorBody(path, error)), callback);
    }

    private static ErrorAnswer error(int status) {
        return switch (status) {
            case 404 -> new ErrorAnswer(404, "ResourceNotFoundException", ErrorAnswer.NOT_FOUND, true);
            case 408 -> new ErrorAnswer(408, "RequestTimeoutException", "The request did not arrive in time.", true);
            case 414 -> new ErrorAnswer(414, BAD, "The request's URI is too long; 8 KiB are the most.", true);
            case 417 -> new ErrorAnswer(417, BAD, "The request's Expect may only be 100-continue.", true);
            case 426, 505 -> new ErrorAnswer(status, BAD, "This host speaks HTTP/1.1 and HTTP/1.0 alone.", true);
            case 431 -> new ErrorAnswer(431, BAD, "The request's header is too large; 8 KiB are the most.", true);
            default ->
                status >= 500
                        ? new ErrorAnswer(status, "InternalServerException", "The host failed to answer.", false)
                        : new ErrorAnswer(
                                status,
                                BAD,
                                "The request is no valid HTTP/1.1; look at its method, URI and headers.",
                                true);
        };
    }
}
