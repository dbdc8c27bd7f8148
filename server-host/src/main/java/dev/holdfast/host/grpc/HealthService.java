package dev.holdfast.host.grpc;

import dev.holdfast.host.api.HostOperations;
import dev.holdfast.host.text.OneLine;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The standard health service: the host, and each of its services, is serving while the host is ready for requests. */
final class HealthService extends HealthGrpc.HealthImplBase {

    private static final long LOOK_MILLIS = 500;

    private final HostOperations host;
    private final Set<String> services;
    private final ScheduledExecutorService timer;

    /** @param services the names that may be asked for, beside the empty one of the host */
    HealthService(HostOperations host, List<String> services, ScheduledExecutorService timer) {
        this.host = host;
        this.services = new HashSet<>(services);
        this.services.add("");
        this.timer = timer;
    }

    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> caller) {
        if (!services.contains(request.getService())) {
            caller.onError(Status.NOT_FOUND
                    .withDescription("There is no service '" + OneLine.name(request.getService()) + "' here.")
                    .asRuntimeException());
            return;
        }
        caller.onNext(response(status(request.getService())));
        caller.onCompleted();
    }

    private ServingStatus status(String service) {
        if (!services.contains(service)) {
            return ServingStatus.SERVICE_UNKNOWN;
        }
        return host.isReady() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }

    private static HealthCheckResponse response(ServingStatus status) {
        return HealthCheckResponse.newBuilder().setStatus(status).build();
    }

    /** Tells the status now and at each change, until the caller has had enough. */
    @Override
    public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> caller) {
        Reply<HealthCheckResponse> reply = Reply.to(caller, Integer.MAX_VALUE);
        Watch watch = new Watch(request.getService(), reply);
        watch.run();
        Future<?> looks = timer.scheduleWithFixedDelay(watch, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        Context.current().addListener(ended -> looks.cancel(false), Runnable::run);
    }

    private final class Watch implements Runnable {

        private final String service;
        private final Reply<HealthCheckResponse> reply;
        private @Nullable ServingStatus told;

        Watch(String service, Reply<HealthCheckResponse> reply) {
            this.service = service;
            this.reply = reply;
        }

        @Override
        public void run() {
            ServingStatus now = status(service);
            if (now != told) {
                told = now;
                reply.send(response(now), 1);
            }
        }
    }
}
