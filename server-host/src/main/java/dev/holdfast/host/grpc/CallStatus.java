package dev.holdfast.host.grpc;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.runtime.NoSessionException;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.TraceParent;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a call ends with: the status that callers of gRPC expect, with the words of HTTP. */
final class CallStatus {

    private static final Logger log = LoggerFactory.getLogger(CallStatus.class);

    private static final int MOST_WORDS = 4_000;

    private CallStatus() {}

    static Status of(Throwable failure) {
        if (failure instanceof StatusRuntimeException known) {
            return known.getStatus();
        } else if (failure instanceof StatusException known) {
            return known.getStatus();
        } else if (failure instanceof CompletionException && failure.getCause() != null) {
            return of(failure.getCause());
        }
        ApiFailure known = ApiFailure.of(failure);
        if (known.kind() == ApiFailure.Kind.DEFECT) {
            Optional<CallFacts> call = CallFacts.known();
            String id = call.map(CallFacts::id).orElse("");
            log.atError()
                    .addKeyValue("request", id)
                    .addKeyValue(
                            TraceParent.HEADER, call.flatMap(CallFacts::trace).orElse(null))
                    .log("gRPC call {} failed: {}", id, OneLine.name(failure.toString()));
            log.debug("gRPC call {} failed", id, failure);
            return Status.INTERNAL.withDescription("The host failed to answer; its log has the reason.");
        }
        return code(known).toStatus().withDescription(words(String.valueOf(known.getMessage())));
    }

    /** They go as a header, which has a bound. */
    private static String words(String message) {
        return message.length() <= MOST_WORDS ? message : message.substring(0, MOST_WORDS) + "…";
    }

    private static Status.Code code(ApiFailure failure) {
        return switch (failure.kind()) {
            case BAD_REQUEST, INVALID_MODEL, DOWNLOAD_FAILED -> Status.Code.INVALID_ARGUMENT;
            case MODEL_NOT_FOUND, WORKFLOW_NOT_FOUND, VERSION_NOT_FOUND, SAVE_NOT_FOUND, SNAPSHOT_NOT_FOUND ->
                Status.Code.NOT_FOUND;
            case DEFAULT_VERSION, FORMAT_TOO_NEW, PRECONDITION -> Status.Code.FAILED_PRECONDITION;
            case CONFLICT ->
                failure.getCause() instanceof NoSessionException
                        ? Status.Code.FAILED_PRECONDITION
                        : Status.Code.ALREADY_EXISTS;
            case UNDONE, SNAPSHOT_CONFLICT -> Status.Code.ABORTED;
            case SWITCHED_OFF -> Status.Code.PERMISSION_DENIED;
            case NOT_SUPPORTED -> Status.Code.UNIMPLEMENTED;
            case UNAVAILABLE, STORE_UNAVAILABLE -> Status.Code.UNAVAILABLE;
            case STORE_DAMAGED, NOT_SAVED -> Status.Code.DATA_LOSS;
            case MODEL_TOO_BIG, NO_ROOM -> Status.Code.RESOURCE_EXHAUSTED;
            case TIMEOUT -> Status.Code.DEADLINE_EXCEEDED;
            case WITHDRAWN -> Status.Code.CANCELLED;
            case INTERNAL, DEFECT -> Status.Code.INTERNAL;
        };
    }

    /** What a handler means that answers with a status of HTTP. */
    static Status ofHttp(int status, String message) {
        Status.Code code = switch (status) {
            case 400, 415, 422 -> Status.Code.INVALID_ARGUMENT;
            case 401 -> Status.Code.UNAUTHENTICATED;
            case 403 -> Status.Code.PERMISSION_DENIED;
            case 404 -> Status.Code.NOT_FOUND;
            case 408, 504 -> Status.Code.DEADLINE_EXCEEDED;
            case 409 -> Status.Code.ABORTED;
            case 413, 429, 507 -> Status.Code.RESOURCE_EXHAUSTED;
            case 501 -> Status.Code.UNIMPLEMENTED;
            case 503 -> Status.Code.UNAVAILABLE;
            default -> Status.Code.INTERNAL;
        };
        return code.toStatus().withDescription(words(message));
    }

    /** The status of HTTP that means the same, for the counts that know no other. */
    static int toHttp(Status.Code code) {
        return switch (code) {
            case OK -> 200;
            case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> 400;
            case UNAUTHENTICATED -> 401;
            case PERMISSION_DENIED -> 403;
            case NOT_FOUND -> 404;
            case DEADLINE_EXCEEDED -> 408;
            case ALREADY_EXISTS, ABORTED -> 409;
            case CANCELLED -> 499;
            case UNIMPLEMENTED -> 501;
            case UNAVAILABLE -> 503;
            case RESOURCE_EXHAUSTED -> 507;
            case UNKNOWN, INTERNAL, DATA_LOSS -> 500;
        };
    }
}
