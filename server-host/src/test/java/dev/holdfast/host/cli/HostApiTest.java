package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls to a host whose keys have expired since the key file was written. */
class HostApiTest {

    @TempDir
    private Path directory;

    private final List<String> calls = new CopyOnWriteArrayList<>();
    private volatile String inForce = "first";
    private volatile String renewal = "renewal";
    private volatile int refusal = 401;
    private volatile Consumer<String> onCall = shown -> {};
    private int renewals;
    private HttpServer server;

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        writeKeys("first");
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 400})
    void aKeyThatHasExpiredIsRenewedAndTheCallMadeAgain(int status) throws IOException {
        refusal = status;
        HostApi api = api();
        inForce = "none";

        assertThat(api.manage("GET", "/snapshots").path("made").asBoolean()).isTrue();

        assertThat(calls).containsExactly("GET /snapshots", "GET /token?type=management", "GET /snapshots");
    }

    @Test
    void aKeyThatAnotherCommandRenewedIsReadFromTheFile() throws IOException {
        HostApi api = api();
        inForce = "another's";
        writeKeys("another's");

        api.manage("POST", "/snapshots?name=x");

        assertThat(calls).containsExactly("POST /snapshots?name=x", "POST /snapshots?name=x");
    }

    @Test
    void aRenewedKeyThatAnotherCommandReplacedAtOnceIsReadAgain() throws IOException {
        HostApi api = api();
        inForce = "none";
        onCall = shown -> {
            if (shown.equals("Bearer renewed 1")) {
                inForce = "another's";
                writeKeys("another's");
            }
        };

        assertThat(api.manage("GET", "/snapshots").path("made").asBoolean()).isTrue();

        assertThat(calls)
                .containsExactly("GET /snapshots", "GET /token?type=management", "GET /snapshots", "GET /snapshots");
    }

    @Test
    void aHostThatRenewsNothingIsAskedOnceAndItsRefusalTold() throws IOException {
        HostApi api = api();
        inForce = "none";
        renewal = "none";

        assertThatThrownBy(() -> api.manage("GET", "/snapshots"))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("was answered with 401: not in force");

        assertThat(calls).containsExactly("GET /snapshots", "GET /token?type=management");
    }

    @Test
    void badInputIsNoReasonToRenewAKey() throws IOException {
        HostApi api = api();

        assertThatThrownBy(() -> api.manage("GET", "/bad")).hasMessageContaining("was answered with 400");

        assertThat(calls).containsExactly("GET /bad");
    }

    private HostApi api() {
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        return new HostApi(new RunningHost(
                ProcessIdentity.current(),
                Instant.EPOCH,
                address,
                address,
                address,
                directory,
                directory.resolve("key_file.json")));
    }

    private void writeKeys(String management) {
        try {
            Files.writeString(
                    directory.resolve("key_file.json"),
                    "{\"management\": {\"key\": \"" + management + "\"}, \"API\": {\"key\": \"renewal\"}}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        calls.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        String shown = exchange.getRequestHeaders().getFirst("Authorization");
        onCall.accept(shown);
        boolean renewing = exchange.getRequestURI().getPath().equals("/token");
        if (!("Bearer " + (renewing ? renewal : inForce)).equals(shown)) {
            send(exchange, refusal, "{\"type\": \"InvalidKeyException\", \"message\": \"not in force\"}");
        } else if (renewing) {
            inForce = "renewed " + ++renewals;
            writeKeys(inForce);
            send(exchange, 200, "\n");
        } else if (exchange.getRequestURI().getPath().equals("/bad")) {
            send(exchange, 400, "{\"type\": \"BadRequestException\", \"message\": \"bad\"}");
        } else {
            send(exchange, 200, "{\"made\": true}");
        }
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        exchange.sendResponseHeaders(status, body.length());
        exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
        exchange.close();
    }
}
