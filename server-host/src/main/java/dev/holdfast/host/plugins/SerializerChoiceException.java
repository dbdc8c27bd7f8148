package dev.holdfast.host.plugins;

/** The serializer that the operator chose, or left the host to choose, is not there, or there is more than one. */
public final class SerializerChoiceException extends RuntimeException {

    private static final long serialVersionUID = 1;

    SerializerChoiceException(String message) {
        super(message);
    }
}
