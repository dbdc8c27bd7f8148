package dev.holdfast.host.http;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.Refusals;
import dev.holdfast.host.wire.Scope;
import dev.holdfast.host.wire.TokenFile;
import dev.holdfast.host.wire.Tokens;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
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
record TokenAuthorization(Tokens tokens, TokenFile file, int failureStatus, Refusals refusals) {

    private static final Logger log = LoggerFactory.getLogger(TokenAuthorization.class);
    private static final String HEADER = "Authorization";

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
        String header = context.req().getHeader(HEADER);
        Tokens.Verdict verdict = verdict(header, scope);
        switch (verdict) {
            case ALLOWED -> {}
            case OTHER_SCOPE -> {
                refused(context, Refusals.Reason.OTHER_SCOPE);
                throw new ApiException(
                        failureStatus == 400 ? 400 : 403, "InvalidKeyException", Tokens.otherScope(scope));
            }
            default -> throw unauthorized(context, verdict);
        }
    }

    /** Which token a request that may call shows, as an audit names it. */
    static String tokenId(Context context, Scope scope) {
        return scope.key() + ":" + Tokens.id(Tokens.bearer(context.req().getHeader(HEADER)));
    }

    /**
     * Requires a token of any scope: strangers do not learn which paths exist.
     *
     * @throws ApiException if it shows none
     */
    void requireAny(Context context) {
        String header = context.req().getHeader(HEADER);
        if (!isKnown(header)) {
            throw unauthorized(context, verdict(header, Scope.NONE));
        }
    }

    /** Whether the header shows a token of any scope. */
    boolean isKnown(@Nullable String header) {
        return verdict(header, Scope.NONE) == Tokens.Verdict.OTHER_SCOPE;
    }

    private ApiException unauthorized(Context context, Tokens.Verdict verdict) {
        boolean none = Tokens.bearer(context.req().getHeader(HEADER)).isEmpty();
        boolean mayTry = refused(
                context,
                none
                        ? Refusals.Reason.NO_TOKEN
                        : verdict == Tokens.Verdict.EXPIRED
                                ? Refusals.Reason.EXPIRED_TOKEN
                                : Refusals.Reason.UNKNOWN_TOKEN);
        if (!mayTry) {
            context.header("Retry-After", "60").header("Connection", "close");
            return new ApiException(
                    429,
                    "InvalidKeyException",
                    Tokens.FAILED + ". This address has shown more than " + Refusals.ATTEMPTS
                            + " unknown tokens in a minute.");
        }
        if (failureStatus == 401) {
            context.header("WWW-Authenticate", "Bearer");
        }
        return new ApiException(failureStatus, "InvalidKeyException", Tokens.FAILED);
    }

    private Tokens.Verdict verdict(@Nullable String header, Scope scope) {
        return tokens.check(Tokens.bearer(header), scope);
    }

    private boolean refused(Context context, Refusals.Reason reason) {
        return refusals.refused(reason, context.ip(), context.req().getMethod() + " " + context.path());
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
