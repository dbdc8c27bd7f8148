package dev.holdfast.host.http;

import dev.holdfast.host.text.OneLine;
import io.javalin.http.Context;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code access_log.log}: a line for each request, as TorchServe writes it, with the status and the milliseconds. */
final class AccessLog {

    private static final Logger lines = LoggerFactory.getLogger("ACCESS_LOG");

    private AccessLog() {}

    static void write(Context context) {
        String query = context.queryString();
        long nanos = System.nanoTime()
                - ServletContextRequest.getServletContextRequest(context.req()).getBeginNanoTime();
        lines.info(
                "/{}:{} \"{} {} {}\" {} {}",
                context.ip(),
                context.req().getRemotePort(),
                context.req().getMethod(),
                OneLine.line(context.req().getRequestURI() + (query == null ? "" : "?" + query)),
                context.protocol(),
                context.statusCode(),
                TimeUnit.NANOSECONDS.toMillis(nanos));
    }
}
