package dev.holdfast.host.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.wire.Json;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The OpenAPI document of one listener: those calls of {@code openapi.json} that the listener has. Read on first use.
 */
final class Documentation {

    private final String version;
    private final List<Route> described;
    private byte @Nullable [] document;

    /**
     * @param version the host's
     * @param routes those of the listener, without the ones of this class
     */
    Documentation(String version, List<Route> routes) {
        this.version = version;
        this.described = new ArrayList<>(routes);
        this.described.addAll(routes());
    }

    List<Route> routes() {
        return List.of(
                Route.get("/api-description", Scope.NONE, this::answer),
                Route.post("/api-description", Scope.NONE, this::answer),
                Route.options("/", Scope.NONE, this::answer));
    }

    private void answer(Context context) throws IOException {
        Answers.json(context, 200, document());
    }

    private synchronized byte[] document() throws IOException {
        if (document == null) {
            ObjectMapper mapper = new ObjectMapper(Json.FACTORY);
            try (InputStream in = Documentation.class.getResourceAsStream("openapi.json")) {
                ObjectNode whole = (ObjectNode) mapper.readTree(in);
                ((ObjectNode) whole.required("info")).put("version", version);
                keepDescribed((ObjectNode) whole.required("paths"));
                document = mapper.writer(Json.printer()).writeValueAsBytes(whole);
            }
        }
        return document;
    }

    private void keepDescribed(ObjectNode paths) {
        Map<String, Set<String>> there = new HashMap<>();
        for (Route route : described) {
            there.computeIfAbsent(documentedPath(route), path -> new HashSet<>())
                    .add(route.method().name().toLowerCase(Locale.ROOT));
        }
        List<String> names = new ArrayList<>();
        paths.fieldNames().forEachRemaining(names::add);
        for (String path : names) {
            JsonNode operations = paths.required(path);
            Set<String> methods = there.getOrDefault(path, Set.of());
            if (methods.isEmpty()) {
                paths.remove(path);
            } else {
                List<String> written = new ArrayList<>();
                operations.fieldNames().forEachRemaining(written::add);
                written.removeAll(methods);
                written.remove("parameters");
                ((ObjectNode) operations).remove(written);
            }
        }
    }

    /** The path as OpenAPI writes it. */
    static String documentedPath(Route route) {
        return route.path().replace('<', '{').replace('>', '}');
    }
}
