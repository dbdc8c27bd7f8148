package dev.holdfast.host.config;

import java.util.Optional;

/**
 * Whether a value lets in more callers, or lets callers do more, than this host's own configuration does. A snapshot of another
 * host must not do that unless this host's operator agrees.
 */
final class Opening {

    private Opening() {}

    /**
     * How a value of a snapshot opens this host.
     *
     * @param local the configuration without the snapshot
     * @return this host's own value, for the message; empty if the snapshot's value opens nothing, or is invalid
     */
    static Optional<String> beyond(HostConfig local, String key, String value) {
        Optional<ConfigKey> known = ConfigKey.of(key);
        if (known.isEmpty()) {
            return Optional.empty();
        }
        return switch (known.get()) {
            case INFERENCE_ADDRESS -> address(local.listen().inferenceAddress(), value);
            case MANAGEMENT_ADDRESS -> address(local.listen().managementAddress(), value);
            case METRICS_ADDRESS -> address(local.listen().metricsAddress(), value);
            case CORS_ALLOWED_ORIGIN, CORS_ALLOWED_METHODS, CORS_ALLOWED_HEADERS -> cors(local.text(key), value);
            case TOKEN_EXPIRATION_MIN -> longer(local.text(key), value);
            case ENABLE_METRICS_API, TS_OPEN_INFERENCE_PROTOCOL -> on(local.text(key), value);
            case MODEL_STORE -> other(local.text(key), value);
            case WORKFLOW_STORE -> other(workflowStore(local), value);
            default -> Optional.empty();
        };
    }

    private static Optional<String> address(ListenAddress local, String value) {
        return ListenAddress.parse(value, 0, 0)
                .filter(wanted -> !isWithin(local, wanted))
                .map(wanted -> local.toString());
    }

    private static boolean isWithin(ListenAddress local, ListenAddress wanted) {
        if (wanted.unix().isPresent()) {
            // No text of a store says where on this machine's disk there is to be a socket.
            return wanted.equals(local);
        }
        return (wanted.isLoopback() || wanted.host().equals(local.host()) || local.isEverywhere())
                && (wanted.tls() || !local.tls());
    }

    private static Optional<String> cors(String local, String value) {
        boolean within = value.isBlank() || value.strip().equals(local) || local.equals("*");
        return within ? Optional.empty() : Optional.of(local.isEmpty() ? "none" : local);
    }

    private static Optional<String> longer(String local, String value) {
        try {
            return Double.parseDouble(value.strip()) > Double.parseDouble(local)
                    ? Optional.of(local)
                    : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> on(String local, String value) {
        return value.strip().equalsIgnoreCase("true") && local.equalsIgnoreCase("false")
                ? Optional.of(local)
                : Optional.empty();
    }

    /** Where this host has no value, there is nothing to compare with. */
    /** Without one of their own, workflows are in the model store. */
    private static String workflowStore(HostConfig local) {
        String own = local.text(ConfigKey.WORKFLOW_STORE.key());
        return own.isBlank() ? local.text(ConfigKey.MODEL_STORE.key()) : own;
    }

    private static Optional<String> other(String local, String value) {
        return local.isEmpty() || value.isBlank() || value.strip().equals(local)
                ? Optional.empty()
                : Optional.of(local);
    }
}
