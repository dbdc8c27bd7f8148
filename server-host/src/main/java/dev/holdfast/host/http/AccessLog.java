package dev.holdfast.host.http;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.TraceParent;
import io.javalin.http.Context;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code access_log.log}: a line for each request, as TorchServe writes it, with the status and the milliseconds; in JSON with its id and trace. */
final class AccessLog {

    private static final Logger lines = LoggerFactory.getLogger("ACCESS_LOG");

    private AccessLog() {}

    static void write(Context context) {
        String query = context.queryString();
        long nanos = System.nanoTime()
                - ServletContextRequest.getServletContextRequest(context.req()).getBeginNanoTime();
        String path = OneLine.line(context.req().getRequestURI() + (query == null ? "" : "?" + query));
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
        lines.atInfo()
                .addKeyValue("request", context.res().getHeader(HeaderNames.REQUEST_ID))
                .addKeyValue(TraceParent.HEADER, context.res().getHeader(TraceParent.HEADER))
                .addKeyValue("address", context.ip())
                .addKeyValue("method", context.req().getMethod())
                .addKeyValue("path", path)
                .addKeyValue("status", context.statusCode())
                .addKeyValue("millis", millis)
                .log(
                        "/{}:{} \"{} {} {}\" {} {}",
                        context.ip(),
                        context.req().getRemotePort(),
                        context.req().getMethod(),
                        path,
                        context.protocol(),
                        context.statusCode(),
                        millis);
    }
}
