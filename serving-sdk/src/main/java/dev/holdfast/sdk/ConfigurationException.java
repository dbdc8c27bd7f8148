package dev.holdfast.sdk;

/**
 * The operator has set something wrong, or has not set what must be set. The message names the key, the value and the rule.
 *
 * <p>Any other {@link IllegalArgumentException} is a fault of the code that called.
 */
public final class ConfigurationException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    public ConfigurationException(String message) {
        super(message);
    }

    public ConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }
}
