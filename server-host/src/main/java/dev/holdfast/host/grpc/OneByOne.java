package dev.holdfast.host.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the requests of one call in their order: the next one is asked for when the one before is answered, so that a caller who
 * sends faster waits, and holds no memory here.
 */
final class OneByOne<Q> implements StreamObserver<Q> {

    private static final Logger log = LoggerFactory.getLogger(OneByOne.class);

    private final ServerCallStreamObserver<?> caller;
    private final Reply<?> reply;
    private final Function<Q, CompletableFuture<Void>> answer;
    private boolean underWay;
    private boolean noMore;

    private OneByOne(ServerCallStreamObserver<?> caller, Reply<?> reply, Function<Q, CompletableFuture<Void>> answer) {
        this.caller = caller;
        this.reply = reply;
        this.answer = answer;
    }

    /** @param answer sends what answers a request; a failure of it ends the call */
    static <Q, A> StreamObserver<Q> of(
            StreamObserver<A> caller, Reply<A> reply, Function<Q, CompletableFuture<Void>> answer) {
        ServerCallStreamObserver<A> call = (ServerCallStreamObserver<A>) caller;
        call.disableAutoRequest();
        call.request(1);
        return new OneByOne<>(call, reply, answer);
    }

    @Override
    public void onNext(Q request) {
        synchronized (this) {
            underWay = true;
        }
        answer.apply(request).whenComplete((done, failure) -> {
            if (failure == null) {
                next();
            } else {
                reply.fail(failure);
            }
        });
    }

    private void next() {
        boolean end;
        synchronized (this) {
            underWay = false;
            end = noMore;
        }
        if (end) {
            reply.end();
        } else {
            caller.request(1);
        }
    }

    @Override
    public void onCompleted() {
        boolean end;
        synchronized (this) {
            noMore = true;
            end = !underWay;
        }
        if (end) {
            reply.end();
        }
    }

    @Override
    public void onError(Throwable gone) {
        log.debug("The caller has gone", gone);
    }
}
