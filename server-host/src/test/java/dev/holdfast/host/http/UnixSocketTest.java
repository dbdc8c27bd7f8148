package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.holdfast.host.cli.HostApi;
import dev.holdfast.host.config.ConfigException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {

    @TempDir
    private Path logs;

    /** Not below the place for temporary files that the build sets, whose path may be too long for a socket. */
    private Path directory;

    @BeforeEach
    void make() throws IOException {
        directory = Files.createTempDirectory(Path.of("/tmp"), "hf");
    }

    @AfterEach
    void remove() throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private HostUnderTest host(Path socket) {
        return new HostUnderTest(logs, Map.of("inference_address", "unix:" + socket)).with("sum.mar");
    }

    private static String call(Path socket, String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String predict(Path socket) throws IOException {
        String body = "{\"instances\":[[1,2,3]]}";
        return call(
                socket,
                "POST /predictions/sum HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body);
    }

    @Test
    void requestsAreAnsweredOverASocketThatItsUserAloneMayCall() throws Exception {
        Path socket = directory.resolve("inference");
        try (HostUnderTest host = host(socket)) {
            assertThat(predict(socket)).startsWith("HTTP/1.1 200 OK").endsWith("[[6.0]]");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-------");
            assertThat(host.apis.inference()).hasToString("unix:" + socket);
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void severalApisMayShareOneAndCommandsFindTheWay() throws Exception {
        Path socket = directory.resolve("all");
        String address = "unix:" + socket;
        try (HostUnderTest host = new HostUnderTest(
                        logs,
                        Map.of(
                                "inference_address", address,
                                "management_address", address,
                                "disable_token_authorization", "false"))
                .with("sum.mar")) {
            HostApi api = new HostApi(address, address, logs.resolve("key_file.json"), logs);

            assertThat(api.manage("GET", "/models").findValuesAsText("modelName"))
                    .containsExactly("sum");
            assertThat(api.manage("PUT", "/models/sum?min_worker=2&max_worker=2&synchronous=true")
                            .path("status")
                            .asText())
                    .contains("Workers scaled to 2");
            assertThat(api.infer(
                                    "/v2/models/sum/infer",
                                    new com.fasterxml.jackson.databind.ObjectMapper()
                                            .readTree(
                                                    "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"FP32\","
                                                            + "\"data\":[1,2,3]}]}"))
                            .at("/outputs/0/data/0")
                            .asDouble())
                    .isEqualTo(6);
            assertThatThrownBy(() -> api.infer("/v2/models/none/infer", JsonNodeFactory.instance.objectNode()))
                    .hasMessageContaining(address + "/v2/models/none/infer was answered with 404");
            assertThat(predict(socket)).startsWith("HTTP/1.1 401");
        }
        HostApi nobody = new HostApi(address, address, logs.resolve("key_file.json"), logs);
        assertThatThrownBy(() -> nobody.manage("GET", "/models"))
                .hasMessageContaining("The host at " + address + " does not answer");
    }

    @Test
    void theSocketOfADeadHostIsReplacedAndThatOfALivingOneIsNot() throws Exception {
        Path socket = directory.resolve("inference");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();

        try (HostUnderTest host = host(socket)) {
            assertThatThrownBy(() -> host(socket).close())
                    .isInstanceOf(ConfigException.class)
                    .hasMessage("inference_address unix:" + socket
                            + " cannot be listened on: another process listens there; stop it, or name another path");
            assertThat(predict(socket)).startsWith("HTTP/1.1 200 OK");
            assertThat(host.apis.inference().isLoopback()).isTrue();
        }
    }

    @Test
    void whatIsNoSocketIsLeftAlone() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "mine");
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));

        for (Path path : new Path[] {file, link}) {
            assertThatThrownBy(() -> host(path).close())
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("there is something else than a socket");
        }
        assertThat(file).hasContent("mine");
        assertThat(link).isSymbolicLink();
    }

    @Test
    void aDirectoryThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> host(directory.resolve("none/inference")).close())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("inference_address unix:" + directory.resolve("none/inference"))
                .hasMessageContaining("its directory must be there");
    }

    @Test
    void aSocketThatAnotherHostHasTakenSinceIsNotRemoved() throws Exception {
        Path socket = directory.resolve("inference");
        HostUnderTest host = host(socket);
        Files.delete(socket);
        try (HostUnderTest other = host(socket)) {
            host.close();
            assertThat(predict(socket)).startsWith("HTTP/1.1 200 OK");
        }
    }

    @Test
    void pathsThatNoSystemTakesAreRefused() {
        for (String value : new String[] {"unix:", "unix:relative", "unix:/", "unix:/" + "x".repeat(103)}) {
            assertThatThrownBy(() -> HostUnderTest.config(Map.of("inference_address", value)))
                    .as(value)
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("or unix:/path for a Unix domain socket, with a path of at most 103 bytes");
        }
        assertThat(HostUnderTest.config(Map.of("inference_address", "unix:///run/x"))
                        .listen()
                        .inferenceAddress())
                .hasToString("unix:/run/x");
    }
}
