package dev.holdfast.host.serving;

/** Whether a version that is not loaded is tried again by the host itself. */
public enum Hold {
    /** It is, every now and then. */
    NONE,
    /** It is loaded when all others serve. */
    UNTIL_OTHERS_SERVE,
    /** It is being loaded for the call that registered it. */
    LOADING,
    /** Only an operator's call tries it again: it has ended the process. */
    OPERATOR
}
