package dev.holdfast.host.crash;

import java.util.List;
import java.util.Optional;

/**
 * How the previous host ended.
 *
 * @param pid its process
 * @param how whether it stopped in good order
 * @param sameBoot whether the machine has not been restarted since; then the record of the work is exact
 * @param report the JVM's report of the crash, if there is one
 * @param work what native code was doing
 */
record Ending(long pid, How how, boolean sameBoot, Optional<CrashReport> report, List<Work> work) {

    enum How {
        /** An orderly stop of a host that served. */
        ORDERLY,
        /** A start that was given up in an orderly way: it proves nothing about models that it had not loaded yet. */
        GIVEN_UP,
        UNEXPECTED
    }

    record Work(ModelFile file, Phase phase) {}

    Ending {
        work = List.copyOf(work);
    }

    static Ending none() {
        return new Ending(0, How.GIVEN_UP, true, Optional.empty(), List.of());
    }

    /** Whether native code or the JVM crashed; otherwise the process was killed, or ended without a trace. */
    boolean isCrash() {
        return report.filter(CrashReport::isFault).isPresent();
    }

    /** For a message, such as {@code SIGFPE in libonnxruntime.so, crash report /logs/hs_err_pid7.log}. */
    String cause() {
        return report.map(CrashReport::toString)
                .orElse(sameBoot ? "killed, or ended without a crash report" : "the machine went down");
    }
}
