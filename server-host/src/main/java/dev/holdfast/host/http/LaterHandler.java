package dev.holdfast.host.http;

import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** A handler that lets some requests wait, and hands them on later, on another thread than the one that they came on. */
abstract class LaterHandler extends Handler.Wrapper {

    /** Hands a request on that {@link #handle} has said it would answer: so it is answered, whatever becomes of it. */
    final void goOn(Request request, Response response, Callback callback) {
        try {
            if (!super.handle(request, response, callback)) {
                Response.writeError(request, response, callback, 404);
            }
        } catch (Throwable t) {
            Response.writeError(request, response, callback, t);
        }
    }
}
