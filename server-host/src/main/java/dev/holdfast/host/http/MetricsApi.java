package dev.holdfast.host.http;

import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import java.util.List;
import java.util.Set;

/** The metrics over HTTP; no token is asked for. */
record MetricsApi(Metrics metrics) {

    List<Route> routes() {
        return List.of(Route.get("/metrics", Scope.NONE, this::scrape));
    }

    private void scrape(Context context) {
        byte[] text = metrics.scrape(Set.copyOf(context.queryParams("name[]")));
        context.status(200).contentType(Metrics.CONTENT_TYPE).result(text);
    }
}
