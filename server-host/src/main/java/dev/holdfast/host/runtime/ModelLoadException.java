package dev.holdfast.host.runtime;

/** A model that cannot be loaded; the message names the file and says why. */
public final class ModelLoadException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public ModelLoadException(String message) {
        super(message);
    }

    public ModelLoadException(String message, Throwable cause) {
        super(message, cause);
    }
}
