package dev.holdfast.host.http;

import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** A handler that lets some requests wait, and passes them on later, on another thread. */
abstract class LaterHandler extends Handler.Wrapper {

    /** Passes on a request for which {@link #handle} has returned true; it is answered whatever happens. */
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
