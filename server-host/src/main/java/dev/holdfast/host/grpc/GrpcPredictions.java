package dev.holdfast.host.grpc;

import dev.holdfast.host.api.InferenceForm;
import dev.holdfast.host.api.InferenceOperations;
import dev.holdfast.host.wire.OpenRequests;
import dev.holdfast.host.wire.SafeNames;
import io.grpc.Context;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** Runs predictions of calls; one is cancelled when its caller goes, or its deadline passes. */
final class GrpcPredictions {

    private final InferenceOperations inference;
    private final OpenRequests open;
    private final Executor large;

    /** @param large writes and sends large answers */
    GrpcPredictions(GrpcHost host, Executor large) {
        this.inference = host.operations().inference();
        this.open = host.entrance().open();
        this.large = large;
    }

    /**
     * Predicts for the call that this thread works on.
     *
     * @param version that of the model's default if it is empty
     */
    <A> CompletableFuture<A> run(String model, String version, InferenceForm<A> form) {
        Context call = Context.current();
        try {
            return inference.predict(
                    SafeNames.check("Model name", model),
                    Optional.of(version)
                            .filter(given -> !given.isEmpty())
                            .map(given -> SafeNames.check("Model version", given)),
                    form,
                    predicted -> {
                        Context.CancellationListener gone = ended -> predicted.cancel(false);
                        call.addListener(gone, Runnable::run);
                        predicted.whenComplete((done, failure) -> call.removeListener(gone));
                    },
                    large);
        } catch (IOException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** The same for one request of a call that has many: it counts for itself, and while the host stops there are no more. */
    <A> CompletableFuture<A> runOneOfMany(Function<GrpcPredictions, CompletableFuture<A>> request) {
        if (!open.enter()) {
            return CompletableFuture.failedFuture(CallGuard.stopping().asRuntimeException());
        }
        CompletableFuture<A> answer;
        try {
            answer = request.apply(this);
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.whenComplete((done, failure) -> open.leave());
    }
}
