package dev.holdfast.host.http;

import dev.holdfast.host.wire.SafeNames;
import io.javalin.http.Context;
import java.util.Optional;

/** Names that callers give in paths and parameters, checked before anything looks them up or repeats them. */
final class RequestNames {

    private RequestNames() {}

    static String model(Context context) {
        return SafeNames.check("Model name", context.pathParam("model"));
    }

    /** The version in the path, if the route has one. */
    static Optional<String> version(Context context) {
        return Optional.ofNullable(context.pathParamMap().get("version"))
                .map(version -> SafeNames.check("Model version", version));
    }
}
