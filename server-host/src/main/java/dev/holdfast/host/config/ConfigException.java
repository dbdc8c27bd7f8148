package dev.holdfast.host.config;

/** A configuration that a host cannot start with; the message names the key, the value, the rule and where it stands. */
public final class ConfigException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
