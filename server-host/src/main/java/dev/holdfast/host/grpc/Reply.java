package dev.holdfast.host.grpc;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes back to one caller: messages, then the end or a failure; what comes after that, or after the caller has gone, is
 * dropped. A caller that reads more slowly than the answer comes is cut off once so much waits for it. Safe for several threads.
 */
final class Reply<A> {

    private static final Logger log = LoggerFactory.getLogger(Reply.class);

    private final ServerCallStreamObserver<A> caller;
    private final int most;
    private long waiting;
    private boolean ended;

    private Reply(ServerCallStreamObserver<A> caller, int most) {
        this.caller = caller;
        this.most = most;
    }

    /**
     * To be called before the method of the service returns.
     *
     * @param most how many bytes may wait for the caller
     */
    static <A> Reply<A> to(StreamObserver<A> caller, int most) {
        ServerCallStreamObserver<A> call = (ServerCallStreamObserver<A>) caller;
        Reply<A> reply = new Reply<>(call, most);
        // Without these two, gone callers would make exceptions, and nobody would know who reads slowly.
        call.setOnCancelHandler(reply::gone);
        call.setOnReadyHandler(reply::drained);
        return reply;
    }

    private synchronized void gone() {
        ended = true;
    }

    private synchronized void drained() {
        waiting = 0;
    }

    /** @param bytes about how large the message is */
    synchronized void send(A message, int bytes) {
        if (ended) {
            return;
        }
        if (!caller.isReady()) {
            waiting += bytes;
            if (waiting > most) {
                fail(Status.RESOURCE_EXHAUSTED
                        .withDescription("The caller reads the answer more slowly than it comes, and more than "
                                + "max_response_size, " + most + " bytes, waits for it.")
                        .asRuntimeException());
                return;
            }
        }
        caller.onNext(message);
    }

    synchronized void end() {
        if (!ended) {
            ended = true;
            caller.onCompleted();
        }
    }

    /**
     * Ends with the last message, or with the failure where there is one.
     *
     * @param bytes about how large the message is
     */
    void end(@Nullable A last, @Nullable Throwable failure, ToIntFunction<A> bytes) {
        if (last == null) {
            fail(Objects.requireNonNull(failure));
        } else {
            send(last, bytes.applyAsInt(last));
            end();
        }
    }

    synchronized void fail(Throwable failure) {
        if (!ended) {
            ended = true;
            caller.onError(CallStatus.of(failure).asRuntimeException());
        } else {
            log.debug("The caller has gone before it could be told", failure);
        }
    }
}
