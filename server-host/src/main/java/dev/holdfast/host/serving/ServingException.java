package dev.holdfast.host.serving;

/** A management call or a prediction that cannot be done; the kind says why, the message says what to do. */
public class ServingException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Whose problem it is, and of what sort. */
    public enum Kind {
        /** The caller asked for something that is not possible: a bad name, number or location. */
        BAD_REQUEST,
        /** The archive cannot be had, is damaged, or is not that of the model that learned the state. */
        BAD_ARCHIVE,
        MODEL_NOT_FOUND,
        VERSION_NOT_FOUND,
        /** Nothing was saved under that id. */
        SAVE_NOT_FOUND,
        /** The model version is registered already. */
        CONFLICT,
        /** What is served is not what the caller expects. */
        PRECONDITION,
        /** The default version of several cannot be removed. */
        DEFAULT_VERSION,
        /** No workers, a full queue, or a store that does not answer: worth trying again. */
        UNAVAILABLE,
        /** The machine has no memory left for the model. */
        NO_MEMORY,
        /** The prediction, or the end of the running ones, took longer than allowed. */
        TIMEOUT,
        /** The model, or the engine under it, failed; or what the model learned is damaged. */
        INTERNAL
    }

    private final Kind kind;

    public ServingException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public ServingException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** A version in a message, in the words that TorchServe's clients know. */
    static String nameOf(String model, String version) {
        return "Model \"" + model + "\" Version: " + version;
    }

    public Kind kind() {
        return kind;
    }
}
