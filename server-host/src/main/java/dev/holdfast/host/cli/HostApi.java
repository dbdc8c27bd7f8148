package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.tls.CommandAccess;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * A running host's HTTP APIs, called with the tokens of its key file; those that have expired are renewed with its API key.
 * For one thread at a time.
 */
public final class HostApi {

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofMinutes(2);
    private static final Duration RESTORE = Duration.ofHours(2);

    /** The key of the key file that renews the others, and does not expire. */
    private static final String RENEWAL = "API";

    private final String management;
    private final String inference;
    private final Path keyFile;
    private final HttpClient client;
    private JsonNode keys;
    private Optional<SSLSession> session = Optional.empty();

    /** @throws CommandFailure if the key file cannot be read */
    HostApi(RunningHost host) {
        this(host.management(), host.inference(), host.keyFile(), host.logLocation());
    }

    /**
     * @param management the address, as {@code http://host:port} or {@code https://host:port}
     * @param inference the same
     * @param keyFile need not be there: then calls are made without a token
     * @param logLocation where the host says by which certificate it is known; read only for an address with TLS
     * @throws CommandFailure if the key file, or the host's word on its certificate, cannot be read
     */
    public HostApi(String management, String inference, Path keyFile, Path logLocation) {
        this.management = management;
        this.inference = inference;
        this.keyFile = keyFile;
        this.client = client(management + inference, logLocation);
        this.keys = keys(keyFile);
    }

    private static HttpClient client(String addresses, Path logLocation) {
        HttpClient.Builder client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT);
        try {
            return addresses.contains("https://")
                    ? client.sslContext(CommandAccess.context(logLocation)).build()
                    : client.build();
        } catch (IOException e) {
            throw new CommandFailure("What is needed to call the host by TLS cannot be read: " + OneLine.of(e), e);
        }
    }

    private static JsonNode keys(Path keyFile) {
        try {
            return Files.exists(keyFile) ? CommandJson.parse(SmallFile.read(keyFile)) : CommandJson.object();
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure("The key file " + keyFile + " cannot be read: " + OneLine.of(e), e);
        }
    }

    /** The certificate that the host showed at the last call; empty without TLS. */
    Optional<X509Certificate> certificate() {
        return session.flatMap(shown -> {
            try {
                return shown.getPeerCertificates()[0] instanceof X509Certificate x509
                        ? Optional.of(x509)
                        : Optional.empty();
            } catch (SSLPeerUnverifiedException e) {
                return Optional.empty();
            }
        });
    }

    /** When each token runs out that does, by its scope, as the key file says. */
    Map<String, String> tokensExpire() {
        Map<String, String> expire = new TreeMap<>();
        keys.properties().forEach(scope -> {
            String end = scope.getValue().path("expiration time").asText("");
            if (!end.isEmpty()) {
                expire.put(scope.getKey(), end);
            }
        });
        return expire;
    }

    /** A management call: its answer as JSON. */
    public JsonNode manage(String method, String path) {
        return CommandJson.parse(manageForText(method, path));
    }

    /** A management call: its answer as it came. */
    String manageForText(String method, String path) {
        return call("management", management, method, path, "");
    }

    /** An inference call with a body of JSON. */
    public JsonNode infer(String path, JsonNode body) {
        return CommandJson.parse(call("inference", inference, "POST", path, body.toString()));
    }

    private String call(String scope, String address, String method, String path, String body) {
        Answer response = send(key(scope), address, method, path, body);
        // Twice, because another command may renew the key between this one's renewal and its call.
        for (int i = 0; i < 2 && isRefused(response) && renewed(scope); i++) {
            response = send(key(scope), address, method, path, body);
        }
        if (response.status() >= 300) {
            throw new CommandFailure(
                    exitCode(response.status()),
                    method + " " + address + path + " was answered with " + response.status() + ": "
                            + message(response.body()));
        }
        return response.body();
    }

    private static int exitCode(int status) {
        return switch (status) {
            case 404 -> ExitCodes.NOTHING_FOUND;
            case 409 -> ExitCodes.REFUSED;
            default -> 1;
        };
    }

    /** Whether a call was refused because its key has expired or is unknown; some hosts are set to answer 400 to that. */
    private static boolean isRefused(Answer response) {
        return response.status() == 401
                || response.status() == 429
                || (response.status() == 400 && response.body().contains("InvalidKeyException"));
    }

    /** Renews the key unless another process has done so; false if the key file still has the same one. */
    private boolean renewed(String scope) {
        String refused = key(scope);
        keys = keys(keyFile);
        if (key(scope).equals(refused) && !key(RENEWAL).isEmpty()) {
            send(key(RENEWAL), management, "GET", "/token?type=" + scope, "");
            keys = keys(keyFile);
        }
        return !key(scope).equals(refused);
    }

    private String key(String scope) {
        return keys.path(scope).path("key").asText("");
    }

    private Answer send(String key, String address, String method, String path, String body) {
        // What loads models takes as long as they do.
        Duration limit = path.endsWith("/restore") ? RESTORE : ANSWER;
        if (address.startsWith(UnixCall.SCHEME)) {
            try {
                return UnixCall.to(address, limit).send(method, path, key, body);
            } catch (IOException e) {
                throw new CommandFailure("The host at " + address + " does not answer: " + e, e);
            }
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address + path))
                .timeout(limit)
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body))
                .header("Accept", "application/json, text/plain, */*");
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        if (!key.isEmpty()) {
            request.header("Authorization", "Bearer " + key);
        }
        try {
            HttpResponse<String> response =
                    client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            session = response.sslSession();
            return new Answer(response.statusCode(), response.body());
        } catch (IOException e) {
            throw new CommandFailure("The host at " + address + " does not answer: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("Interrupted while waiting for " + address, e);
        }
    }

    private static String message(String body) {
        try {
            String message = CommandJson.parse(body).path("message").asText("");
            return OneLine.of(message.isEmpty() ? body : message);
        } catch (IllegalArgumentException e) {
            return OneLine.of(body);
        }
    }

    /** A value for a path or a query. */
    static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
