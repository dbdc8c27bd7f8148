package dev.holdfast.host.crash;

import java.util.Optional;

/** What native code does with a model. */
enum Phase {
    /** About to be loaded; counts only if the machine went down, because then no newer record is certain. */
    PLANNED('P'),
    LOADING('L'),
    /** Running, and no run has ended well since the model was loaded. */
    FIRST_RUN('F'),
    RUNNING('R');

    private final char sign;

    Phase(char sign) {
        this.sign = sign;
    }

    byte sign() {
        return (byte) sign;
    }

    static Optional<Phase> of(byte sign) {
        for (Phase phase : values()) {
            if (phase.sign == sign) {
                return Optional.of(phase);
            }
        }
        return Optional.empty();
    }

    boolean isRun() {
        return this == FIRST_RUN || this == RUNNING;
    }
}
