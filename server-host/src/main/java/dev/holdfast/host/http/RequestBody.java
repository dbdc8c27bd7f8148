package dev.holdfast.host.http;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;

/** A request's body in memory, never more of it than {@code max_request_size}. */
final class RequestBody {

    private RequestBody() {}

    /**
     * @param most {@code max_request_size} in bytes
     * @throws ApiException with 413 if the body is larger
     */
    static byte[] read(Context context, int most) throws IOException {
        long announced = context.req().getContentLengthLong();
        if (announced > most) {
            throw tooLarge(context, most);
        }
        try (InputStream in = context.req().getInputStream()) {
            byte[] body = in.readNBytes(announced >= 0 ? (int) announced : most);
            if (announced < 0 && in.read() >= 0) {
                throw tooLarge(context, most);
            }
            return body;
        }
    }

    private static ApiException tooLarge(Context context, int most) {
        // What is left of the body would be read as the next request.
        context.header("Connection", "close");
        return new ApiException(
                413,
                "RequestEntityTooLargeException",
                "The request's body is larger than max_request_size, " + most + " bytes.");
    }
}
