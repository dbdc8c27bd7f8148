package dev.holdfast.host.runtime;

/** A prediction that failed inside the engine, which does not say whether the input is the reason. */
public final class InferenceException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public InferenceException(String message) {
        super(message);
    }

    public InferenceException(String message, Throwable cause) {
        super(message, cause);
    }
}
