package dev.holdfast.host.grpc;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.Entrance;
import dev.holdfast.host.wire.Refusals;
import dev.holdfast.host.wire.Scope;
import dev.holdfast.host.wire.Tokens;
import dev.holdfast.host.wire.TraceParent;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What happens to every call around its service: the token, the stop of the host, the time that a request may take, the log. */
final class CallGuard implements ServerInterceptor {

    static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    static final Metadata.Key<String> PROTOCOL_TOKEN =
            Metadata.Key.of("protocol-token", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> ENCODING =
            Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> REQUEST_ID =
            Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

    private static final Metadata.Key<String> TRACE_PARENT =
            Metadata.Key.of(TraceParent.HEADER, Metadata.ASCII_STRING_MARSHALLER);

    private static final Logger accesses = LoggerFactory.getLogger("ACCESS_LOG");

    private final Scope scope;
    private final GrpcHost host;
    private final Entrance entrance;
    private final ScheduledExecutorService timer;

    /**
     * @param scope of the token that is asked for
     * @param timer ends calls whose requests do not come
     */
    CallGuard(Scope scope, GrpcHost host, ScheduledExecutorService timer) {
        this.scope = scope;
        this.host = host;
        this.entrance = host.entrance();
        this.timer = timer;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata metadata, ServerCallHandler<Q, A> next) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        String id = new UUID(random.nextLong(), random.nextLong()).toString();
        Optional<String> trace = TraceParent.of(metadata.get(TRACE_PARENT));
        Noted<Q, A> noted = new Noted<>(call, id, trace);
        if ("gzip".equals(metadata.get(ENCODING))) {
            // Nearly all callers accept it; who packs the request wants it. The library asks whether it is accepted.
            call.setCompression("gzip");
        }
        UnfinishedRequests.endBy(status -> noted.close(status, new Metadata()));
        String method = call.getMethodDescriptor().getFullMethodName();
        boolean open = isOpenToAll(method);
        String token = Tokens.bearer(metadata.get(AUTHORIZATION));
        if (token.isEmpty()) {
            String other = Optional.ofNullable(metadata.get(PROTOCOL_TOKEN)).orElse("");
            token = Tokens.bearer(other).isEmpty() ? other.strip() : Tokens.bearer(other);
        }
        Scope wanted = isOfTheRepository(method) ? Scope.MANAGEMENT : scope;
        Optional<Status> refused = open ? Optional.empty() : refusal(token, wanted, noted.address(), method);
        if (refused.isPresent()) {
            noted.close(refused.get(), new Metadata());
            return noted.listener(new ServerCall.Listener<>() {}, false);
        }
        // A call with many requests is no request: its service counts each of them.
        boolean counted = !open && !hasManyRequests(call.getMethodDescriptor());
        if (!open && (counted ? !entrance.open().enter() : entrance.open().isRefusing())) {
            noted.close(stopping(), new Metadata());
            return noted.listener(new ServerCall.Listener<>() {}, false);
        }
        CallFacts facts = new CallFacts(
                id,
                metadata,
                noted.address(),
                trace,
                entrance.tokens().isEmpty() ? Optional.empty() : Optional.of(wanted.key() + ":" + Tokens.id(token)));
        ServerCall.Listener<Q> listener =
                noted.listener(Contexts.interceptCall(facts.toContext(), noted, metadata, next), counted);
        if (counted) {
            noted.endUnlessAsked(
                    timer, host.config().http().requestBodyTimeout().toSeconds());
        }
        return listener;
    }

    static Status stopping() {
        return Status.UNAVAILABLE.withDescription("This host is stopping.");
    }

    /** As over HTTP: whether the host lives and is ready, and what it can be asked. */
    private static boolean isOpenToAll(String method) {
        return method.startsWith("grpc.health.")
                || method.startsWith("grpc.reflection.")
                || method.endsWith("GRPCInferenceService/ServerLive")
                || method.endsWith("GRPCInferenceService/ServerReady");
    }

    private static boolean hasManyRequests(MethodDescriptor<?, ?> method) {
        return method.getType() == MethodDescriptor.MethodType.BIDI_STREAMING
                || method.getType() == MethodDescriptor.MethodType.CLIENT_STREAMING;
    }

    private static boolean isOfTheRepository(String method) {
        return method.contains("GRPCInferenceService/Repository");
    }

    private Optional<Status> refusal(String token, Scope wanted, String address, String method) {
        if (entrance.tokens().isEmpty()) {
            // Those who may ask models from elsewhere may not change which there are.
            return isOfTheRepository(method)
                            && !host.config().listen().grpcInference().address().isLoopback()
                    ? Optional.of(
                            Status.PERMISSION_DENIED.withDescription(
                                    "While tokens are switched off, calls of the"
                                            + " repository are answered here on loopback alone; use tokens, or the management address."))
                    : Optional.empty();
        }
        boolean asTorchServe = entrance.tokenFailureStatus() == 400;
        Tokens.Verdict verdict = entrance.tokens().get().check(token, wanted);
        String call = "gRPC " + method;
        if (verdict == Tokens.Verdict.ALLOWED) {
            return Optional.empty();
        } else if (verdict == Tokens.Verdict.OTHER_SCOPE) {
            entrance.refusals().refused(Refusals.Reason.OTHER_SCOPE, address, call);
            return Optional.of(Status.PERMISSION_DENIED.withDescription(Tokens.otherScope(wanted)));
        }
        boolean mayTry = entrance.refusals()
                .refused(
                        token.isEmpty()
                                ? Refusals.Reason.NO_TOKEN
                                : verdict == Tokens.Verdict.EXPIRED
                                        ? Refusals.Reason.EXPIRED_TOKEN
                                        : Refusals.Reason.UNKNOWN_TOKEN,
                        address,
                        call);
        if (!mayTry) {
            return Optional.of(Status.RESOURCE_EXHAUSTED.withDescription(Tokens.FAILED
                    + ". This address has shown more than " + Refusals.ATTEMPTS + " unknown tokens in a minute."));
        }
        return Optional.of(
                (asTorchServe ? Status.PERMISSION_DENIED : Status.UNAUTHENTICATED).withDescription(Tokens.FAILED));
    }

    /** A call whose end is noted, whatever brings it about. */
    private final class Noted<Q, A> extends SimpleForwardingServerCall<Q, A> {

        private final long began = System.nanoTime();
        private final String id;
        private final Optional<String> trace;
        private final AtomicBoolean closed = new AtomicBoolean();
        private volatile Status.@Nullable Code code;
        private volatile @Nullable Future<?> limit;

        Noted(ServerCall<Q, A> call, String id, Optional<String> trace) {
            super(call);
            this.id = id;
            this.trace = trace;
        }

        String address() {
            SocketAddress peer = getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            return peer instanceof InetSocketAddress inet && inet.getAddress() != null
                    ? inet.getAddress().getHostAddress()
                    : String.valueOf(peer);
        }

        @Override
        public void sendHeaders(Metadata headers) {
            sign(headers);
            super.sendHeaders(headers);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            if (closed.compareAndSet(false, true)) {
                code = status.getCode();
                if (!status.isOk()) {
                    sign(trailers);
                }
                super.close(status, trailers);
            }
        }

        private void sign(Metadata answer) {
            answer.put(REQUEST_ID, id);
            trace.ifPresent(of -> answer.put(TRACE_PARENT, of));
        }

        void endUnlessAsked(ScheduledExecutorService on, long seconds) {
            limit = on.schedule(
                    () -> close(
                            Status.DEADLINE_EXCEEDED.withDescription(
                                    "The request did not arrive whole within request_body_timeout, " + seconds + " s."),
                            new Metadata()),
                    seconds,
                    TimeUnit.SECONDS);
        }

        private void asked() {
            Future<?> set = limit;
            if (set != null) {
                set.cancel(false);
            }
        }

        private void ended(Status.Code otherwise, boolean counted) {
            asked();
            if (counted) {
                entrance.open().leave();
            }
            Status.Code known = code;
            Status.Code end = known == null ? otherwise : known;
            host.answered().accept(CallStatus.toHttp(end));
            if (host.config().logs().accessLog()) {
                String call = OneLine.line(getMethodDescriptor().getFullMethodName());
                long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
                accesses.atInfo()
                        .addKeyValue("request", id)
                        .addKeyValue(TraceParent.HEADER, trace.orElse(null))
                        .addKeyValue("address", address())
                        .addKeyValue("method", "gRPC")
                        .addKeyValue("path", call)
                        .addKeyValue("status", CallStatus.toHttp(end))
                        .addKeyValue("code", end.name())
                        .addKeyValue("millis", millis)
                        .log(
                                "{} \"gRPC {} HTTP/2.0\" {} {}",
                                getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
                                call,
                                end,
                                millis);
            }
        }

        /** @param counted whether the call is one of those that a stop waits for */
        ServerCall.Listener<Q> listener(ServerCall.Listener<Q> next, boolean counted) {
            return new SimpleForwardingServerCallListener<>(next) {
                @Override
                public void onHalfClose() {
                    asked();
                    guarded(super::onHalfClose);
                }

                @Override
                public void onMessage(Q message) {
                    Optional<Status> unreadable = UnreadableRequests.failure(getMethodDescriptor(), message);
                    if (unreadable.isPresent()) {
                        close(unreadable.get(), new Metadata());
                    } else {
                        guarded(() -> super.onMessage(message));
                    }
                }

                @Override
                public void onComplete() {
                    try {
                        super.onComplete();
                    } finally {
                        ended(Status.Code.OK, counted);
                    }
                }

                @Override
                public void onCancel() {
                    try {
                        super.onCancel();
                    } finally {
                        ended(Status.Code.CANCELLED, counted);
                    }
                }

                private void guarded(Runnable step) {
                    try {
                        step.run();
                    } catch (RuntimeException | Error e) {
                        close(CallStatus.of(e), new Metadata());
                    }
                }
            };
        }
    }
}
