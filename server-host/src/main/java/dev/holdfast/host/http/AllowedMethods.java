package dev.holdfast.host.http;

import io.javalin.config.RouterConfig;
import io.javalin.http.HandlerType;
import io.javalin.router.matcher.PathParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Which methods a path may be asked with: what {@code Allow} says. */
final class AllowedMethods {

    private record Pattern(HandlerType method, PathParser path) {}

    private final List<Pattern> patterns = new ArrayList<>();

    AllowedMethods(List<Route> routes, RouterConfig config) {
        routes.forEach(route -> patterns.add(new Pattern(route.method(), new PathParser(route.path(), config))));
    }

    /** Those of the routes of a path, HEAD where there is GET, and OPTIONS, which every path has; none for an unknown path. */
    Set<String> of(String path) {
        Set<String> methods = new TreeSet<>();
        for (Pattern pattern : patterns) {
            if (pattern.path().matches(path)) {
                methods.add(pattern.method().name());
                methods.add("OPTIONS");
            }
        }
        if (methods.contains("GET")) {
            methods.add("HEAD");
        }
        return methods;
    }
}
