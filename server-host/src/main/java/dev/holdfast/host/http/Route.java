package dev.holdfast.host.http;

import dev.holdfast.host.wire.Scope;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.util.Set;

/**
 * One call of an API.
 *
 * @param path as the HTTP library writes patterns: <code>{name}</code> for one segment, {@code <name>} for several
 */
record Route(HandlerType method, String path, Scope scope, Handler handler) {

    /** Whether it is a health probe, which is answered also while the host stops. */
    boolean asksForHealth() {
        return scope == Scope.NONE || path.equals("/ping") || path.equals("/metrics") || path.endsWith("/ready");
    }

    /** Whether it is there to change something; also where nobody expects that of the method, as with keys. */
    boolean changes() {
        return scope == Scope.API
                || (!Set.of(HandlerType.GET, HandlerType.OPTIONS).contains(method) && !path.endsWith("/index"));
    }

    static Route get(String path, Scope scope, Handler handler) {
        return new Route(HandlerType.GET, path, scope, handler);
    }

    static Route post(String path, Scope scope, Handler handler) {
        return new Route(HandlerType.POST, path, scope, handler);
    }

    static Route put(String path, Scope scope, Handler handler) {
        return new Route(HandlerType.PUT, path, scope, handler);
    }

    static Route delete(String path, Scope scope, Handler handler) {
        return new Route(HandlerType.DELETE, path, scope, handler);
    }

    static Route options(String path, Scope scope, Handler handler) {
        return new Route(HandlerType.OPTIONS, path, scope, handler);
    }
}
