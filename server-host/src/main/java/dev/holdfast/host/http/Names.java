package dev.holdfast.host.http;

import io.javalin.http.Context;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names that callers give in paths and parameters, checked before anything looks them up or repeats them. */
final class Names {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    private Names() {}

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
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw ApiException.badRequest(
                    what + " '" + printable(name) + "' must match [A-Za-z0-9._-]{1,128} and be neither . nor ..");
        }
        return name;
    }

    /** A caller's text as it may be repeated in a message or a log line. */
    static String printable(String text) {
        String cut = text.length() > 80 ? text.substring(0, 80) + "..." : text;
        return cut.replaceAll("[^\\x20-\\x7E]", "?");
    }
}
