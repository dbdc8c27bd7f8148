package dev.holdfast.host.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What callers may do, how large their requests are and how long they may take. Immutable. */
public final class HttpConfig {

    private final ConfigValues values;

    HttpConfig(ConfigValues values) {
        this.values = values;
    }

    /** In bytes. */
    public int maxRequestSize() {
        return values.number(ConfigKey.MAX_REQUEST_SIZE);
    }

    /** In bytes. */
    public int maxResponseSize() {
        return values.number(ConfigKey.MAX_RESPONSE_SIZE);
    }

    /** How many connections a listener has at once; 0 for any number. */
    public int maxConnections() {
        return values.number(ConfigKey.MAX_CONNECTIONS);
    }

    /** How many connections of a listener may come from one address; 0 for any number. */
    public int maxConnectionsPerAddress() {
        return values.number(ConfigKey.MAX_CONNECTIONS_PER_ADDRESS);
    }

    /** How long the head of a request may take, from its first byte on. */
    public Duration requestHeadTimeout() {
        return values.seconds(ConfigKey.REQUEST_HEAD_TIMEOUT);
    }

    /** How long the body of a request may take. */
    public Duration requestBodyTimeout() {
        return values.seconds(ConfigKey.REQUEST_BODY_TIMEOUT);
    }

    /** How many bytes of a body must come a second; 0 for any rate. */
    public int requestLeastRate() {
        return values.number(ConfigKey.REQUEST_LEAST_RATE);
    }

    /** How long a caller may take to read an answer. */
    public Duration responseBodyTimeout() {
        return values.seconds(ConfigKey.RESPONSE_BODY_TIMEOUT);
    }

    public Optional<String> corsAllowedOrigin() {
        return values.text(ConfigKey.CORS_ALLOWED_ORIGIN);
    }

    public Optional<String> corsAllowedMethods() {
        return values.text(ConfigKey.CORS_ALLOWED_METHODS);
    }

    public Optional<String> corsAllowedHeaders() {
        return values.text(ConfigKey.CORS_ALLOWED_HEADERS);
    }

    /** Names by which this host may be called while tokens are off; {@code *} for any. */
    public List<String> allowedHosts() {
        return values.list(ConfigKey.ALLOWED_HOSTS, ",");
    }

    /** Whether a version that is not loaded makes the whole host unready. */
    public boolean strictReadiness() {
        return values.bool(ConfigKey.STRICT_READINESS);
    }

    public boolean openInferenceProtocol() {
        return values.bool(ConfigKey.TS_OPEN_INFERENCE_PROTOCOL);
    }

    public boolean enableModelApi() {
        return values.bool(ConfigKey.ENABLE_MODEL_API);
    }

    public boolean tokenAuthorization() {
        return !values.bool(ConfigKey.DISABLE_TOKEN_AUTHORIZATION);
    }

    /** TorchServe allows fractions of a minute. */
    public Duration tokenExpiration() {
        double minutes = Double.parseDouble(values.get(ConfigKey.TOKEN_EXPIRATION_MIN));
        return Duration.ofMillis(Math.round(minutes * 60_000));
    }

    /** 401 (and 403 where that says more), or 400 for clients that know TorchServe's answer. */
    public int tokenFailureStatus() {
        return Integer.parseInt(values.get(ConfigKey.TOKEN_FAILURE_STATUS));
    }
}
