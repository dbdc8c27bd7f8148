package dev.holdfast.host.api;

import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.NoSessionException;
import dev.holdfast.host.runtime.TooManySessionsException;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** An operation that cannot be done; the kind says why, for a program to act on, the message what to do about it. */
public final class ApiFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Whose problem it is, and of what sort. */
    public enum Kind {
        /** The caller asked for something that is not possible. */
        BAD_REQUEST,
        /** The archive is damaged, or contradicts itself. */
        INVALID_MODEL,
        MODEL_TOO_BIG,
        DOWNLOAD_FAILED,
        MODEL_NOT_FOUND,
        WORKFLOW_NOT_FOUND,
        VERSION_NOT_FOUND,
        /** Nothing that a model learned was saved under that id. */
        SAVE_NOT_FOUND,
        SNAPSHOT_NOT_FOUND,
        /** The default version of several cannot be removed. */
        DEFAULT_VERSION,
        /** What is served is not what the caller expects; nothing was begun. */
        PRECONDITION,
        /** The name is in use, or what is there now does not allow it. */
        CONFLICT,
        /** Another host of the group saved a change at the same time, and this host serves that one now. */
        UNDONE,
        SNAPSHOT_CONFLICT,
        /** The operator has switched the operation off. */
        SWITCHED_OFF,
        NOT_SUPPORTED,
        /** No workers, a full queue: worth trying again. */
        UNAVAILABLE,
        STORE_UNAVAILABLE,
        STORE_DAMAGED,
        /** The store holds something that a newer release wrote. */
        FORMAT_TOO_NEW,
        /** No memory or no disc is left. */
        NO_ROOM,
        /** It was done, but a restart may lose it. */
        NOT_SAVED,
        TIMEOUT,
        /** The caller has gone. */
        WITHDRAWN,
        /** The model, the engine under it or this host's disc failed. */
        INTERNAL,
        /** A defect of this host: the message is none for callers. */
        DEFECT
    }

    private final Kind kind;

    public ApiFailure(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    private ApiFailure(Kind kind, Throwable failure) {
        // The stack of what failed is the one of interest, and a full queue fails often.
        super(failure.getMessage(), failure, false, false);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** What an operation, or a prediction that it returned, ended with; as it is if it is one of these already. */
    public static ApiFailure of(Throwable failure) {
        if (failure instanceof ApiFailure known) {
            return known;
        } else if (failure instanceof ServingException serving) {
            return of(serving);
        } else if (failure instanceof NoSessionException) {
            // Before its parent, which blames the request.
            return new ApiFailure(Kind.CONFLICT, failure);
        } else if (failure instanceof TooManySessionsException) {
            return new ApiFailure(Kind.UNAVAILABLE, failure);
        } else if (failure instanceof InvalidInputException) {
            return new ApiFailure(Kind.BAD_REQUEST, failure);
        } else if (failure instanceof ArchiveException archive) {
            return of(archive);
        } else if (failure instanceof SnapshotStoreException store) {
            return new ApiFailure(kind(store), store);
        } else if (failure instanceof CancellationException) {
            return new ApiFailure(Kind.WITHDRAWN, failure);
        } else if ((failure instanceof CompletionException
                        || failure instanceof ExecutionException
                        || failure instanceof IOException)
                && failure.getCause() != null) {
            return of(failure.getCause());
        }
        return new ApiFailure(Kind.DEFECT, failure);
    }

    private static ApiFailure of(ServingException failure) {
        return switch (failure.kind()) {
            case BAD_REQUEST -> new ApiFailure(Kind.BAD_REQUEST, failure);
            case BAD_ARCHIVE ->
                failure.getCause() instanceof ArchiveException archive
                        ? of(archive)
                        : new ApiFailure(Kind.INVALID_MODEL, failure);
            case MODEL_NOT_FOUND -> new ApiFailure(Kind.MODEL_NOT_FOUND, failure);
            case VERSION_NOT_FOUND -> new ApiFailure(Kind.VERSION_NOT_FOUND, failure);
            case SAVE_NOT_FOUND -> new ApiFailure(Kind.SAVE_NOT_FOUND, failure);
            case CONFLICT -> new ApiFailure(Kind.CONFLICT, failure);
            case PRECONDITION -> new ApiFailure(Kind.PRECONDITION, failure);
            case DEFAULT_VERSION -> new ApiFailure(Kind.DEFAULT_VERSION, failure);
            case UNAVAILABLE -> new ApiFailure(Kind.UNAVAILABLE, failure);
            case NO_MEMORY -> new ApiFailure(Kind.NO_ROOM, failure);
            case TIMEOUT -> new ApiFailure(Kind.TIMEOUT, failure);
            case INTERNAL -> new ApiFailure(Kind.INTERNAL, failure);
        };
    }

    private static ApiFailure of(ArchiveException failure) {
        Kind kind = switch (failure.reason()) {
            case NOT_FOUND -> Kind.MODEL_NOT_FOUND;
            case NOT_ALLOWED -> Kind.BAD_REQUEST;
            case INVALID -> Kind.INVALID_MODEL;
            case TOO_BIG -> Kind.MODEL_TOO_BIG;
            case UNREACHABLE -> Kind.DOWNLOAD_FAILED;
            case ALREADY_EXISTS -> Kind.CONFLICT;
            case FAILED -> Kind.INTERNAL;
        };
        return new ApiFailure(kind, failure);
    }

    private static Kind kind(SnapshotStoreException failure) {
        if (failure instanceof SnapshotNotFoundException) {
            return Kind.SNAPSHOT_NOT_FOUND;
        } else if (failure instanceof SnapshotConflictException) {
            return Kind.SNAPSHOT_CONFLICT;
        } else if (failure instanceof StoreUnavailableException) {
            return Kind.STORE_UNAVAILABLE;
        }
        return failure instanceof SnapshotCorruptException ? Kind.STORE_DAMAGED : Kind.FORMAT_TOO_NEW;
    }
}
