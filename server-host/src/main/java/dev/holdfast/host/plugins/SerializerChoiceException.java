package dev.holdfast.host.plugins;

/** The serializer that the operator chose, or left the host to choose, is not there, or there is more than one. */
public final class SerializerChoiceException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean mayBeOfARejectedPlugin;

    SerializerChoiceException(String message, boolean mayBeOfARejectedPlugin) {
        super(message);
        this.mayBeOfARejectedPlugin = mayBeOfARejectedPlugin;
    }

    /** Whether the serializer may be one of a plugin that could not be loaded, and not a mistake in the choice. */
    public boolean mayBeOfARejectedPlugin() {
        return mayBeOfARejectedPlugin;
    }
}
