package dev.holdfast.host.http;

import dev.holdfast.host.text.OneLine;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requires of each request the token of the route's scope.
 *
 * <p>A missing, wrong or expired token is answered with 401 and one of another scope with 403; with
 * {@code token_failure_status=400} all of them with 400, as TorchServe answers.
 *
 * @param failureStatus 401, or 400 for all failures
 */
record TokenAuthorization(Tokens tokens, TokenFile file, int failureStatus) {

    private static final Logger log = LoggerFactory.getLogger(TokenAuthorization.class);
    private static final Pattern BEARER = Pattern.compile("(?i:Bearer)\\s+(\\S+)");
    private static final String HEADER = "Authorization";
    private static final String FAILED =
            "Token Authorization failed. Token either incorrect, expired, or not provided correctly";

    /** The call by which an operator gets new keys before the old ones expire. */
    List<Route> routes() {
        return List.of(Route.get("/token", Scope.API, this::rotate), Route.post("/token", Scope.API, this::rotate));
    }

    /**
     * @throws ApiException if the request does not show a token of this scope
     */
    void require(Context context, Scope scope) {
        if (scope == Scope.NONE) {
            return;
        }
        switch (verdict(context.req().getHeader(HEADER), scope)) {
            case ALLOWED -> {}
            case OTHER_SCOPE ->
                throw new ApiException(
                        failureStatus == 400 ? 400 : 403,
                        "InvalidKeyException",
                        FAILED + ". This call needs the " + scope.key() + " key of " + TokenFile.NAME + ".");
            default -> throw unauthorized(context);
        }
    }

    /**
     * Requires a token of any scope: strangers do not learn which paths exist.
     *
     * @throws ApiException if it shows none
     */
    void requireAny(Context context) {
        if (!isKnown(context.req().getHeader(HEADER))) {
            throw unauthorized(context);
        }
    }

    /** Whether the header shows a token of any scope. */
    boolean isKnown(@Nullable String header) {
        return verdict(header, Scope.NONE) == Tokens.Verdict.OTHER_SCOPE;
    }

    private ApiException unauthorized(Context context) {
        if (failureStatus == 401) {
            context.header("WWW-Authenticate", "Bearer");
        }
        return new ApiException(failureStatus, "InvalidKeyException", FAILED);
    }

    private Tokens.Verdict verdict(@Nullable String header, Scope scope) {
        Matcher bearer = BEARER.matcher(header == null ? "" : header);
        return bearer.matches() ? tokens.check(bearer.group(1), scope) : Tokens.Verdict.UNKNOWN;
    }

    private void rotate(Context context) {
        String type = Optional.ofNullable(context.queryParam("type")).orElse("");
        Scope scope = switch (type) {
            case "management" -> Scope.MANAGEMENT;
            case "inference" -> Scope.INFERENCE;
            default ->
                throw new ApiException(
                        400,
                        "InvalidKeyException",
                        "Token Authentication failed. Parameter type '" + OneLine.name(type)
                                + "' must be management or inference.");
        };
        tokens.rotate(scope, file::write);
        log.info("The {} key was replaced on request", scope.key());
        context.status(200).contentType(Answers.TEXT).result("\n");
    }
}
