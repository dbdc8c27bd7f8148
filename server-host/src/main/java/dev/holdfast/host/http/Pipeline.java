package dev.holdfast.host.http;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Shortened;
import dev.holdfast.host.wire.Json;
import dev.holdfast.host.wire.OpenRequests;
import dev.holdfast.host.wire.Scope;
import dev.holdfast.host.wire.TraceParent;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What happens to every request of a listener around its route: headers, token, errors, counting. */
final class Pipeline {

    private static final Logger log = LoggerFactory.getLogger(Pipeline.class);
    /** Encoded once, for they are a third of what an answer costs otherwise. */
    private static final List<HttpField> ON_ALL_ANSWERS = List.of(
            new PreEncodedHttpField("Pragma", "no-cache"),
            new PreEncodedHttpField("Cache-Control", "no-cache; no-store, must-revalidate, private"),
            new PreEncodedHttpField("Expires", "Thu, 01 Jan 1970 00:00:00 UTC"),
            new PreEncodedHttpField("X-Content-Type-Options", "nosniff"));

    private static final byte[] FAILED =
            Json.pretty(new ErrorAnswer(500, "InternalServerException", "The host failed to answer.", false).toMap());

    private final Optional<TokenAuthorization> authorization;
    private final Map<String, String> corsHeaders;
    private final OpenRequests open;
    private final Consumer<Context> answered;
    private final Consumer<Context> beforeManagement;
    private final Consumer<Optional<String>> caller;
    private final Preconditions preconditions;
    private final Audit audit;

    /**
     * @param authorization who may call; empty for everyone
     * @param corsHeaders sent with every answer; empty for none
     * @param open counts every request but health probes
     * @param answered told of each request that is answered
     * @param beforeManagement done before each call that a management token is asked for
     * @param caller told from which address such a call comes, on its thread, and empty when it has ended
     * @param preconditions of calls that change something
     * @param audit writes such calls down that change something
     */
    Pipeline(
            Optional<TokenAuthorization> authorization,
            Map<String, String> corsHeaders,
            OpenRequests open,
            Consumer<Context> answered,
            Consumer<Context> beforeManagement,
            Consumer<Optional<String>> caller,
            Preconditions preconditions,
            Audit audit) {
        this.authorization = authorization;
        this.corsHeaders = Map.copyOf(corsHeaders);
        this.open = open;
        this.answered = answered;
        this.beforeManagement = beforeManagement;
        this.caller = caller;
        this.preconditions = preconditions;
        this.audit = audit;
    }

    /** The same for a listener that everyone may ask. */
    Pipeline withoutTokens() {
        return new Pipeline(
                Optional.empty(), corsHeaders, open, answered, beforeManagement, caller, preconditions, audit);
    }

    /** The route's handler behind the check of its token; while the host stops, health probes alone reach it. */
    Handler guarded(Route route) {
        Handler handler = authorized(route);
        if (route.asksForHealth()) {
            return handler;
        }
        return context -> {
            if (!open.enter()) {
                throw new ApiException(503, "ServiceUnavailableException", "This host is stopping.");
            }
            Request.addCompletionListener(
                    ServletContextRequest.getServletContextRequest(context.req()), failure -> open.leave());
            handler.handle(context);
        };
    }

    private Handler authorized(Route route) {
        Handler handler = route.handler();
        Scope scope = route.scope();
        if (scope == Scope.MANAGEMENT || scope == Scope.API) {
            return context -> {
                authorization.ifPresent(guard -> guard.require(context, scope));
                beforeManagement.accept(context);
                caller.accept(Optional.of(context.ip()));
                // What the host logs on this thread meanwhile says for which call.
                MDC.put("request", context.res().getHeader(HeaderNames.REQUEST_ID));
                String trace = context.res().getHeader(TraceParent.HEADER);
                if (trace != null) {
                    MDC.put(TraceParent.HEADER, trace);
                }
                try {
                    if (route.changes()) {
                        audit.handle(
                                context,
                                conditional(handler),
                                authorization.isPresent() ? TokenAuthorization.tokenId(context, scope) : "");
                    } else {
                        preconditions.tag(context);
                        handler.handle(context);
                    }
                } catch (ApiFailure e) {
                    if (e.kind() == ApiFailure.Kind.UNDONE) {
                        // The host stands with its store otherwise than when the call began.
                        beforeManagement.accept(context);
                    }
                    throw e;
                } finally {
                    preconditions.end();
                    caller.accept(Optional.empty());
                    MDC.remove("request");
                    MDC.remove(TraceParent.HEADER);
                }
            };
        }
        return context -> {
            authorization.ifPresent(guard -> guard.require(context, scope));
            handler.handle(context);
        };
    }

    private Handler conditional(Handler handler) {
        return context -> {
            preconditions.begin(context);
            handler.handle(context);
        };
    }

    void install(JavalinConfig config, AllowedMethods methods) {
        config.routes.before(this::begin);
        config.routes.after(this::end);
        config.routes.exception(Exception.class, (failure, context) -> fail(failure, context, methods));
        // The library has a handler of its own for this one, which would come first.
        config.routes.exception(HttpResponseException.class, (failure, context) -> fail(failure, context, methods));
        config.router.javaLangErrorHandler((response, error) -> {
            // Stack or memory may be used up, so this does little.
            log.error("A request failed: {}", error.toString());
            log.debug("A request failed", error);
            response.setStatus(500);
            response.setContentType(Answers.JSON);
            try {
                response.getOutputStream().write(FAILED);
            } catch (IOException e) {
                log.debug("The caller has gone", e);
            }
        });
    }

    private void begin(Context context) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        context.header(HeaderNames.REQUEST_ID, new UUID(random.nextLong(), random.nextLong()).toString());
        TraceParent.of(context.req().getHeader(TraceParent.HEADER))
                .ifPresent(trace -> context.header(TraceParent.HEADER, trace));
        HttpFields.Mutable headers = ServletContextRequest.getServletContextRequest(context.req())
                .getServletContextResponse()
                .getHeaders();
        ON_ALL_ANSWERS.forEach(headers::put);
        if (!corsHeaders.isEmpty()) {
            corsHeaders.forEach(context::header);
            if (context.req().getMethod().equals("OPTIONS")
                    && context.req().getHeader("Access-Control-Request-Method") != null) {
                context.status(204).skipRemainingHandlers();
            }
        }
    }

    private void end(Context context) {
        if (open.isRefusing()) {
            context.header("Connection", "close");
        }
        answered.accept(context);
    }

    /** Whether a request may be one of somebody who has a token; its body is not taken otherwise. */
    boolean mayCall(@Nullable String authorizationHeader) {
        return authorization.isEmpty() || authorization.get().isKnown(authorizationHeader);
    }

    private void fail(Exception failure, Context context, AllowedMethods methods) {
        Exception shown = failure;
        if (failure instanceof HttpResponseException && authorization.isPresent()) {
            try {
                authorization.get().requireAny(context);
            } catch (ApiException unauthorized) {
                shown = unauthorized;
            }
        }
        ErrorAnswer error = ErrorAnswer.of(shown);
        String whole = String.valueOf(shown.getMessage());
        if (error.expected() && whole.length() > Shortened.BODY_BYTES) {
            log.info(
                    "Request {} was answered with a part of this: {}",
                    context.res().getHeader(HeaderNames.REQUEST_ID),
                    OneLine.line(whole));
        }
        if (!error.expected()) {
            String id = context.res().getHeader(HeaderNames.REQUEST_ID);
            log.atError()
                    .addKeyValue("request", id)
                    .addKeyValue(TraceParent.HEADER, context.res().getHeader(TraceParent.HEADER))
                    .log("Request {} failed: {}", id, OneLine.name(failure.toString()));
            log.debug("Request {} failed", id, failure);
        }
        if (error.code() == 405) {
            Set<String> allowed = methods.of(context.path());
            if (context.req().getMethod().equals("OPTIONS")) {
                context.status(204).header("Allow", String.join(", ", allowed));
                return;
            }
            // Some are refused by a route of their own, which a setting has switched off.
            allowed.remove(context.req().getMethod());
            context.header("Allow", String.join(", ", allowed));
        }
        Answers.error(context, error);
    }
}
