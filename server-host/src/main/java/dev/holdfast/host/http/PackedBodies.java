package dev.holdfast.host.http;

import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Unpacks bodies that came packed, so that routes see them as if they had not. Those that {@link WholeBodies} left alone stay so. */
final class PackedBodies extends Handler.Wrapper {

    private final int most;

    /** @param most {@code max_request_size}: how large a body may be, packed and unpacked */
    PackedBodies(int most) {
        this.most = most;
    }

    /** What came broken, or is too large as it came, the route refuses. */
    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        HttpFields headers = request.getHeaders();
        String name = headers.get(HttpHeader.CONTENT_ENCODING);
        if (name == null || name.equalsIgnoreCase("identity") || !(request instanceof WholeBodies.Received received)) {
            return super.handle(request, response, callback);
        }
        Optional<byte[]> packed = received.bytes();
        if (packed.isEmpty() || packed.get().length > most) {
            return super.handle(request, response, callback);
        }
        Optional<Coding> coding = Coding.of(name.strip());
        if (coding.isEmpty()) {
            response.getHeaders().put(HttpHeader.ACCEPT_ENCODING, "gzip, deflate");
            return refuse(
                    request,
                    response,
                    callback,
                    415,
                    "UnsupportedMediaTypeException",
                    "Bodies with Content-Encoding '" + OneLine.name(name)
                            + "' are not supported; pack them by gzip or deflate, or not at all.");
        }
        byte[] body;
        try {
            body = coding.get().unpack(packed.get(), most);
        } catch (IOException e) {
            return refuse(
                    request,
                    response,
                    callback,
                    400,
                    "BadRequestException",
                    "The body is not packed by " + coding.get().text()
                            + ", as its Content-Encoding says, or is cut off: " + OneLine.of((Object) e.getMessage())
                            + ".");
        }
        if (body.length > most) {
            return refuse(
                    request,
                    response,
                    callback,
                    413,
                    "RequestEntityTooLargeException",
                    "The request's body is larger than max_request_size, " + most + " bytes, when it is unpacked.");
        }
        return super.handle(new WholeBodies.Received(received, body), response, callback);
    }

    private static boolean refuse(
            Request request, Response response, Callback callback, int status, String type, String message) {
        MalformedRequests.answer(request, response, callback, new ErrorAnswer(status, type, message, true));
        return true;
    }
}
