package dev.holdfast.host.cli;

import dev.holdfast.host.operate.RefusedException;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotNotFoundException;

/** What the process ends with after a failure, beside 1 for any and 2 for a wrong command line. */
final class ExitCodes {

    /** There is nothing of that name. */
    static final int NOTHING_FOUND = 3;
    /** It would lose something. */
    static final int REFUSED = 4;

    private ExitCodes() {}

    static int of(Exception failure) {
        if (failure instanceof CommandFailure own) {
            return own.exitCode();
        }
        if (failure instanceof SnapshotNotFoundException) {
            return NOTHING_FOUND;
        }
        return failure instanceof RefusedException || failure instanceof SnapshotConflictException ? REFUSED : 1;
    }
}
