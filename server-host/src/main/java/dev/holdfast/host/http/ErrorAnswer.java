package dev.holdfast.host.http;

import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.text.Shortened;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.EofException;

/**
 * An error as a caller sees it. The types are the names that TorchServe's clients look for.
 *
 * @param expected whether somebody's request or store is the reason, rather than a defect of this host
 */
record ErrorAnswer(int code, String type, String message, boolean expected) {

    ErrorAnswer {
        message = Shortened.forBody(message);
    }

    static final String NOT_FOUND = "Requested resource is not found, please refer to API document.";
    private static final String NOT_ALLOWED = "Requested method is not allowed, please refer to API document.";

    private static ErrorAnswer of(int code, String type, String message) {
        return new ErrorAnswer(code, type, message, true);
    }

    static ErrorAnswer of(Throwable failure) {
        if (failure instanceof ApiException api) {
            return of(api.status(), api.type(), message(api));
        } else if (failure instanceof HttpResponseException http) {
            return of(http);
        } else if (failure instanceof HttpException malformed) {
            return of(malformed.getCode(), "BadRequestException", "The request's body is no valid HTTP/1.1.");
        } else if (failure instanceof EofException || failure instanceof TimeoutException) {
            return of(408, "RequestTimeoutException", "The request's body did not arrive whole in time.");
        } else if ((failure instanceof CompletionException
                        || failure instanceof ExecutionException
                        || failure instanceof IOException)
                && failure.getCause() != null) {
            return of(failure.getCause());
        }
        return of(ApiFailure.of(failure));
    }

    private static ErrorAnswer of(ApiFailure failure) {
        String message = message(failure);
        return switch (failure.kind()) {
            case BAD_REQUEST -> of(400, "BadRequestException", message);
            case INVALID_MODEL -> of(400, "InvalidModelException", message);
            case MODEL_TOO_BIG -> of(413, "InvalidModelException", message);
            case DOWNLOAD_FAILED -> of(400, "DownloadArchiveException", message);
            case WORKFLOW_NOT_FOUND -> of(404, "WorkflowNotFoundException", message);
            case MODEL_NOT_FOUND -> of(404, "ModelNotFoundException", message);
            case VERSION_NOT_FOUND -> of(404, "ModelVersionNotFoundException", message);
            case SAVE_NOT_FOUND -> of(404, "ResourceNotFoundException", message);
            case SNAPSHOT_NOT_FOUND -> of(404, "SnapshotNotFoundException", message);
            case DEFAULT_VERSION -> of(403, "InvalidModelVersionException", message);
            case PRECONDITION -> of(412, "PreconditionFailedException", message);
            case CONFLICT, UNDONE -> of(409, "ConflictStatusException", message);
            case SNAPSHOT_CONFLICT -> of(409, "SnapshotConflictException", message);
            case SWITCHED_OFF -> of(405, "MethodNotAllowedException", message);
            case NOT_SUPPORTED -> of(501, "NotImplementedException", message);
            case UNAVAILABLE -> of(503, "ServiceUnavailableException", message);
            case STORE_UNAVAILABLE -> of(503, "StoreUnavailableException", message);
            case STORE_DAMAGED -> of(500, "SnapshotCorruptException", message);
            case FORMAT_TOO_NEW -> of(500, "SnapshotFormatTooNewException", message);
            case NO_ROOM -> of(507, "InsufficientStorageException", message);
            case NOT_SAVED -> of(507, "SnapshotNotSavedException", message);
            case TIMEOUT -> of(408, "RequestTimeoutException", message);
            case WITHDRAWN ->
                // Mostly read by nobody; a caller that closed only its half of the connection learns why.
                of(
                        499,
                        "ClientClosedRequestException",
                        "The caller closed the connection before the answer was ready.");
            case INTERNAL -> of(500, "InternalServerException", message);
            case DEFECT ->
                new ErrorAnswer(
                        500,
                        "InternalServerException",
                        "The host failed to answer; its log has the reason under this answer's x-request-id.",
                        false);
        };
    }

    private static ErrorAnswer of(HttpResponseException failure) {
        return switch (failure.getStatus()) {
            case 404 -> of(404, "ResourceNotFoundException", NOT_FOUND);
            case 405 -> of(405, "MethodNotAllowedException", NOT_ALLOWED);
            default -> of(failure.getStatus(), "BadRequestException", message(failure));
        };
    }

    private static String message(Throwable failure) {
        return String.valueOf(failure.getMessage());
    }

    /** The body: exactly these three fields. */
    Map<String, Object> toMap() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("code", code);
        body.put("type", type);
        body.put("message", message);
        return body;
    }
}
