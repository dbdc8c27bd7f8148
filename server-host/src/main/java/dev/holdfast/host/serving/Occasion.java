package dev.holdfast.host.serving;

/** Why a version is loaded now, which decides whether one is loaded that has ended the process before. */
enum Occasion {
    /** With all others at a start: suspects wait until the others serve. */
    START,
    /** After the others at a start, alone. */
    SUSPECTS_TURN,
    /** A change of the whole serving state, or one more try by the host itself. */
    ORDINARY,
    /** An operator registers it, or has it tried once more. */
    OPERATORS_CALL
}
