package dev.holdfast.host.crash;

import java.util.List;
import java.util.Optional;

/**
 * How the host before ended.
 *
 * @param pid its process
 * @param how whether it stopped in good order
 * @param sameBoot whether the machine has not been started anew since; then the work is what it was at the very end
 * @param report the JVM's report of the crash, if there is one
 * @param work what native code was doing
 */
record Ending(long pid, How how, boolean sameBoot, Optional<CrashReport> report, List<Work> work) {

    enum How {
        /** An orderly stop of a host that served. */
        ORDERLY,
        /** A start that was given up in good order: it proves nothing of what it had not come to. */
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

    /** Whether native code, or the JVM, broke; else the process was killed from outside, or ended without a word. */
    boolean isCrash() {
        return report.filter(CrashReport::isFault).isPresent();
    }

    /** For a message, such as {@code SIGFPE in libonnxruntime.so, crash report /logs/hs_err_pid7.log}. */
    String cause() {
        return report.map(CrashReport::toString)
                .orElse(sameBoot ? "killed, or ended without a crash report" : "the machine went down");
    }
}
