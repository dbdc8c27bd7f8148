package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.tls.CommandAccess;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 over TLS: by a client that speaks it, and by frames that no proper client sends. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Http2Test {

    private static final String ROW = "{\"instances\":[[1,2,3]]}";

    private static final int HEADERS = 1;
    private static final int RESET = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int CONTINUATION = 9;

    /** GET / of localhost: three fields of the static table, and one that has its value with it. */
    private static final byte[] GET = concat(
            new byte[] {(byte) 0x82, (byte) 0x87, (byte) 0x84, 0x01, 9},
            "localhost".getBytes(StandardCharsets.US_ASCII));

    @TempDir
    static Path directory;

    private HostUnderTest host;
    private SSLContext tls;
    private HttpClient client;

    @BeforeAll
    void start() throws IOException {
        host = new HostUnderTest(
                        directory, Map.of("inference_address", "https://127.0.0.1:0", "max_request_size", "100000"))
                .with("sum.mar")
                .with("echo.mar");
        tls = CommandAccess.context(directory);
        client = HttpClient.newBuilder().sslContext(tls).build();
    }

    @AfterAll
    void stop() {
        host.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(host.apis.inference() + path)).timeout(Duration.ofSeconds(60));
    }

    private HttpResponse<String> predict(HttpClient by) throws Exception {
        return by.send(
                request("/predictions/sum")
                        .POST(HttpRequest.BodyPublishers.ofString(ROW))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void clientsThatSpeakHttp2AreAnsweredSoAndOthersAsBefore() throws Exception {
        HttpResponse<String> two = predict(client);
        HttpResponse<String> one = predict(HttpClient.newBuilder()
                .sslContext(tls)
                .version(HttpClient.Version.HTTP_1_1)
                .build());

        assertThat(two.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(two.body()).isEqualTo("[[6.0]]");
        assertThat(two.headers().map()).containsKey("x-request-id");
        assertThat(one.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
        assertThat(one.body()).isEqualTo(two.body());
    }

    @Test
    void theAddressThatWasCalledIsKnownAsFromTheHostOfHttp1() throws Exception {
        String own = host.apis.inference().toString();

        HttpResponse<String> page = client.send(
                request("/v2/models/sum/docs").header("Origin", own).build(), HttpResponse.BodyHandlers.ofString());
        HttpResponse<String> foreign = client.send(
                request("/v2/models/sum/docs")
                        .header("Origin", "https://elsewhere.example")
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(page.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains(own + "/").doesNotContain("null/");
        assertThat(foreign.statusCode()).isEqualTo(403);
    }

    @Test
    void aClientThatNamesNoProtocolSpeaksHttp1() throws Exception {
        try (SSLSocket socket = socket()) {
            socket.getOutputStream()
                    .write("GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void manyRequestsShareAConnection() {
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(client.sendAsync(
                    request("/predictions/echo")
                            .POST(HttpRequest.BodyPublishers.ofString("x".repeat(50_000) + i))
                            .build(),
                    HttpResponse.BodyHandlers.ofString()));
        }
        for (int i = 0; i < 100; i++) {
            assertThat(answers.get(i).join().body()).isEqualTo("x".repeat(50_000) + i);
        }
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedAndTheConnectionGoesOn() throws Exception {
        HttpResponse<String> large = client.send(
                request("/predictions/echo")
                        .POST(HttpRequest.BodyPublishers.ofString("x".repeat(200_000)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(predict(client).statusCode()).isEqualTo(200);
    }

    private SSLSocket socket(String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) tls.getSocketFactory()
                .createSocket(
                        host.apis.inference().host(), host.apis.inference().port());
        socket.setSoTimeout(60_000);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] frame(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    /** What a caller may send without an end, from the first to the n-th. */
    private interface Flood {
        byte[] frames(int i);
    }

    /** Sends until the host closes the connection, and asserts that it does, with a word, and answers others as before. */
    private void isCutOff(Flood flood) throws Exception {
        boolean told = false;
        try (SSLSocket socket = socket("h2")) {
            Thread writer = new Thread(() -> {
                try {
                    socket.getOutputStream()
                            .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    socket.getOutputStream().write(frame(SETTINGS, 0, 0));
                    for (int i = 0; i < 1_000_000; i++) {
                        socket.getOutputStream().write(flood.frames(i));
                    }
                } catch (IOException e) {
                    // It was cut off, as it should be.
                }
            });
            writer.start();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            try {
                while (true) {
                    int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                    int type = in.readUnsignedByte();
                    in.skipNBytes(5L + length);
                    told |= type == GO_AWAY;
                }
            } catch (EOFException | SocketException | SSLException e) {
                // It was cut off, as it should be.
            }
            writer.join(60_000);
            assertThat(writer.isAlive()).isFalse();
        }
        assertThat(told).isTrue();
        assertThat(predict(client).statusCode()).isEqualTo(200);
    }

    @Test
    void aFloodOfPingsIsCutOff() throws Exception {
        isCutOff(i -> frame(PING, 0, 0, new byte[8]));
    }

    @Test
    void aFloodOfSettingsIsCutOff() throws Exception {
        isCutOff(i -> frame(SETTINGS, 0, 0, (byte) 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0, (byte) 9));
    }

    @Test
    void aFloodOfRequestsThatAreTakenBackAtOnceIsCutOff() throws Exception {
        isCutOff(i -> concat(frame(HEADERS, 5, 2 * i + 1, GET), frame(RESET, 0, 2 * i + 1, new byte[] {0, 0, 0, 8})));
    }

    @Test
    void headersWithoutAnEndAreCutOff() throws Exception {
        byte[] more = concat(
                new byte[] {0x00, 1, 'a', 127, (byte) 0x80, 2}, "b".repeat(383).getBytes(StandardCharsets.US_ASCII));
        isCutOff(i -> i == 0 ? frame(HEADERS, 1, 1, GET) : frame(CONTINUATION, 0, 1, more));
    }
}
