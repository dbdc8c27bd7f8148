package dev.holdfast.host.http;

import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import io.javalin.http.Context;
import java.util.Optional;

/** Names that callers give in paths and parameters, checked before anything looks them up or repeats them. */
final class RequestNames {

    private RequestNames() {}

    static String model(Context context) {
        return check("Model name", context.pathParam("model"));
    }

    /** The version in the path, if the route has one. */
    static Optional<String> version(Context context) {
        return Optional.ofNullable(context.pathParamMap().get("version"))
                .map(version -> check("Model version", version));
    }

    /**
     * @throws ApiException if the name breaks the rule for names
     */
    static String check(String what, String name) {
        if (!ModelNames.isSafe(name)) {
            throw ApiException.badRequest(what + " '" + OneLine.name(name) + "' must match " + ModelNames.PATTERN
                    + " and be neither . nor ..");
        }
        return name;
    }
}
