package dev.holdfast.host.runtime.classifier;

/** A model file that is not taken; the message is the one that the original has for it. */
public final class ModelFileException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ModelFileException(String message) {
        super(message);
    }

    public ModelFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
