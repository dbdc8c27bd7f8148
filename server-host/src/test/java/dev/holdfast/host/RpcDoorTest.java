package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.holdfast.host.rpc.RpcClient;
import dev.holdfast.host.rpc.RpcClient.Answer;
import dev.holdfast.host.rpc.RpcClient.Failed;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The door of MessagePack-RPC, with a whole host behind it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RpcDoorTest {

    @TempDir
    static Path directory;

    private Host host;
    private int port;
    private Path files;

    @BeforeAll
    void start() throws IOException {
        HostDirectories directories = HostDirectories.in(directory);
        TestArchives.classifier(directories.store(), "words");
        files = Files.createDirectories(directory.resolve("files"));
        host = Host.start(HostsInTests.options(
                directories.store(),
                directories.logs(),
                Map.of(
                        "load_models", "words=words-1.0",
                        "rpc_port", "0",
                        "rpc_timeout", "30",
                        "rpc_datadir", files.toString(),
                        "max_request_size", "1000000"),
                Map.of()));
        port = host.rpcAddress().orElseThrow().port();
    }

    @AfterAll
    void stop() {
        host.close();
    }

    @BeforeEach
    void clear() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            assertThat(client.call("clear")).isEqualTo(true);
        }
    }

    private static List<Object> example(String label, String text) {
        return List.of(label, RpcClient.datum(text));
    }

    private static Map<String, Double> classify(RpcClient client, String text) {
        return RpcClient.scores(client.call("classify", List.of(RpcClient.datum(text))))
                .get(0);
    }

    @Test
    void aClientTeachesAndAsks() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            assertThat(client.call("classify", List.of(RpcClient.datum("x")))).isEqualTo(List.of(List.of()));
            assertThat(client.call("train", List.of(example("a", "x y"), example("b", "y z"))))
                    .isEqualTo(2L);
            assertThat(client.call("train", List.of())).isEqualTo(0L);
            assertThat(client.call("get_labels")).isEqualTo(Map.of("a", 1L, "b", 1L));
            assertThat(client.call("set_label", "c")).isEqualTo(true);
            assertThat(client.call("set_label", "c")).isEqualTo(false);
            assertThat(classify(client, "x")).containsOnlyKeys("a", "b", "c");
            assertThat(classify(client, "x").get("a"))
                    .isGreaterThan(classify(client, "x").get("b"));
            assertThat(client.call("delete_label", "b")).isEqualTo(true);
            assertThat(client.call("delete_label", "b")).isEqualTo(false);
            assertThat(classify(client, "x")).containsOnlyKeys("a", "c");
            assertThat(client.call("get_config")).isEqualTo(TestArchives.CLASSIFIER);
        }
    }

    @Test
    void theStatusTellsOfTheServerAndTheModel() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            Map<?, ?> before = status(client);
            client.call("train", List.of(example("a", "x y"), example("b", "y z")));
            client.call("save", "status");
            Map<?, ?> after = status(client);

            assertThat(after.get("PROGNAME")).isEqualTo("jubaclassifier");
            assertThat(after.get("type")).isEqualTo("classifier");
            assertThat(after.get("num_classes")).isEqualTo("2");
            assertThat(after.get("num_features")).isEqualTo("3");
            assertThat(Long.parseLong((String) after.get("update_count")))
                    .isEqualTo(Long.parseLong((String) before.get("update_count")) + 1);
            assertThat(after.get("last_saved_path"))
                    .isEqualTo(files.resolve("127.0.0.1_" + port + "_classifier_status.jubatus")
                            .toString());
            assertThat(Long.parseLong((String) after.get("last_saved"))).isPositive();
            assertThat(after.values()).allMatch(value -> value instanceof String);
        }
    }

    private Map<?, ?> status(RpcClient client) {
        return (Map<?, ?>) ((Map<?, ?>) client.call("get_status")).get("127.0.0.1_" + port);
    }

    @Test
    void aSaveIsAFileThatIsLoadedAgain() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            client.call("train", List.of(example("a", "x y"), example("b", "y z")));
            Map<String, Double> scores = classify(client, "x y z");
            Path file = files.resolve("127.0.0.1_" + port + "_classifier_one.1-x.jubatus");

            assertThat(client.call("save", "one.1-x")).isEqualTo(Map.of("127.0.0.1_" + port, file.toString()));
            client.call("clear");
            assertThat(client.call("load", "one.1-x")).isEqualTo(true);

            assertThat(classify(client, "x y z")).isEqualTo(scores);
            assertThat(file).isRegularFile();
            try (var left = Files.list(files)) {
                assertThat(left.filter(some -> some.toString().endsWith(".unfinished")))
                        .isEmpty();
            }
        }
    }

    @Test
    void savesOfOneIdAtOnceAllEndWellAndALoadMeanwhileFindsAWholeFile() throws Exception {
        try (RpcClient client = new RpcClient(port)) {
            client.call("train", List.of(example("a", "x y"), example("b", "y z")));
            client.call("save", "shared");
        }
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            boolean saves = i < 3;
            clients.add(CompletableFuture.runAsync(() -> {
                try (RpcClient client = new RpcClient(port)) {
                    for (int j = 0; j < 20; j++) {
                        client.call(saves ? "save" : "load", "shared");
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }));
        }
        for (CompletableFuture<Void> one : clients) {
            one.get();
        }
    }

    @Test
    void aLoadThatFailsLeavesTheModelAsItIs() throws IOException {
        Files.writeString(files.resolve("127.0.0.1_" + port + "_classifier_bad.jubatus"), "x".repeat(100));
        Files.writeString(files.resolve("127.0.0.1_" + port + "_classifier_short.jubatus"), "jubatus");
        try (RpcClient client = new RpcClient(port)) {
            client.call("train", List.of(example("a", "x y")));

            assertError(client, "invalid file format", "load", "bad");
            assertError(client, "cannot read input file", "load", "short");
            assertError(client, "cannot open input file", "load", "absent");
            assertThat(client.call("get_labels")).isEqualTo(Map.of("a", 1L));
        }
    }

    private static void assertError(RpcClient client, Object error, String method, Object... arguments) {
        assertThatThrownBy(() -> client.call(method, arguments)).isInstanceOfSatisfying(Failed.class, failed -> {
            assertThat(failed.answer.error()).isEqualTo(error);
            assertThat(failed.answer.result()).isNull();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", ".x", "a/b", "../x", "a\0b", "a\nb", "\u00e9", "\u007f"})
    void anIdThatIsNoneIsRefused(String id) throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            String error = id.isEmpty() ? "empty id is not allowed" : "model ID contains invalid character";
            assertError(client, error, "save", id);
            assertError(client, error, "load", id);
        }
    }

    @Test
    void anIdMayHaveTwoHundredCharacters() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            client.call("save", "x".repeat(200));
            assertError(client, "model ID has 201 characters; it must have 200 or fewer", "save", "x".repeat(201));
        }
    }

    @Test
    void errorsAreThoseThatClientsKnow() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            for (String absent : List.of("no_such", "do_mix", "get_proxy_status", "")) {
                assertThatThrownBy(() -> client.call(absent)).isInstanceOfSatisfying(Failed.class, failed -> {
                    assertThat(failed.answer.error()).isEqualTo(1L);
                    assertThat(failed.answer.result()).isEqualTo(absent);
                });
            }
            assertError(client, 2L, "train");
            assertError(client, 2L, "train", "text");
            assertError(client, 2L, "train", List.of(1L));
            assertError(client, 2L, "train", List.of(List.of(1L)));
            assertError(client, 2L, "save", 1L);
            assertError(client, 2L, "classify", List.of(List.of(List.of(List.of("key alone")))));
            assertError(client, 2L, "classify", List.of(List.of(List.of(List.of("k", "v", "w")))));
            assertError(client, 2L, "classify", List.of(List.of(List.of(), List.of(List.of("k", "text")))));
            assertThatThrownBy(() -> client.callPlainly("get_labels", List.of()))
                    .isInstanceOf(Failed.class);
            assertError(
                    client,
                    "feature key cannot contain '$': a$b",
                    "classify",
                    List.of(List.of(List.of(List.of("a$b", "v")))));
        }
    }

    @Test
    void whatIsMissingTakesItsDefaultAndWhatIsMoreIsPassedOver() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            assertThat(client.call("train", List.of(List.of("a")), "extra", 7L)).isEqualTo(1L);
            assertThat(client.call("train", List.of(List.of("b", List.of(), "extra"))))
                    .isEqualTo(1L);
            assertThat(client.call("get_labels")).isEqualTo(Map.of("a", 1L, "b", 1L));
            List<Object> wide = List.of(
                    List.of(List.of("t", "x".getBytes(StandardCharsets.UTF_8))),
                    List.of(List.of("n", 3L), List.of("m", 1.5)),
                    List.of(List.of("k", new byte[] {1, 2})),
                    "extra");
            assertThat(RpcClient.scores(client.call("classify", List.of(wide))).get(0))
                    .containsOnlyKeys("a", "b");
        }
    }

    @Test
    void textsAreAnsweredInTheOldSpecificationAndNumbersAsDoubles() throws IOException {
        String label = "l".repeat(40);
        byte[] train = RpcClient.packed(List.of(0, 7, "train", List.of("", List.of(example(label, "x")))));
        byte[] ask = RpcClient.packed(List.of(0, 8, "classify", List.of("", List.of(RpcClient.datum("y")))));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(train);
            assertThat(socket.getInputStream().readNBytes(5)).isEqualTo(new byte[] {(byte) 0x94, 1, 7, (byte) 0xc0, 1});
            socket.getOutputStream().write(ask);
            byte[] answer = socket.getInputStream().readNBytes(7 + 3 + 40 + 9);
            // [1, 8, nil, [[[label, 0.0]]]]: raw16, and a float64 that is a whole number.
            assertThat(answer)
                    .startsWith(0x94, 1, 8, 0xc0, 0x91, 0x91, 0x92, 0xda, 0, 40)
                    .endsWith(0xcb, 0, 0, 0, 0, 0, 0, 0, 0);
        }
    }

    @Test
    void aNotificationIsNotAnswered() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            client.send(RpcClient.packed(List.of(2, "set_label", List.of("", "told"))));
            client.send(RpcClient.packed(List.of(2, "no_such", List.of(""))));

            assertThat(client.call("get_labels")).isEqualTo(Map.of("told", 0L));
        }
    }

    @Test
    void callsThatAreSentAtOnceAreAllAnsweredAndEachByItsId() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            Set<Long> ids = new HashSet<>();
            for (int i = 0; i < 500; i++) {
                ids.add((long)
                        switch (i % 4) {
                            case 0 -> client.send("train", List.of("", List.of(example("l" + i % 3, "w" + i))));
                            case 1 -> client.send("save", List.of("", "pipelined" + i % 3));
                            default -> client.send("classify", List.of("", List.of(RpcClient.datum("w1"))));
                        });
            }
            for (int i = 0; i < 500; i++) {
                Answer answer = client.receive().orElseThrow();
                assertThat(answer.error()).isNull();
                assertThat(ids.remove(answer.id())).isTrue();
            }
            assertThat(ids).isEmpty();
        }
    }

    @Test
    void aCallMayComeByteByByte() throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            for (byte one :
                    RpcClient.packed(List.of(0, 1, "set_label", List.of("", "a label that is rather long so it")))) {
                client.send(new byte[] {one});
            }
            assertThat(client.receive().orElseThrow().result()).isEqualTo(true);
        }
    }

    private void assertClosed(byte[] bytes) throws IOException {
        try (RpcClient client = new RpcClient(port)) {
            try {
                client.send(bytes);
            } catch (IOException e) {
                // It was closed before all was sent.
            }
            assertThat(client.receive()).isEmpty();
        }
        try (RpcClient other = new RpcClient(port)) {
            assertThat(other.call("get_labels")).isEqualTo(Map.of());
        }
    }

    @Test
    void garbageCostsItsOwnConnectionAlone() throws IOException {
        assertClosed("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertClosed(new byte[] {(byte) 0xc1});
        assertClosed(new byte[] {(byte) 0x94, (byte) 0xc1});
        assertClosed(new byte[] {(byte) 0x94, 0, 1, (byte) 0xdb, -1, -1, -1, -1});
        assertClosed(new byte[] {(byte) 0x94, 0, 1, (byte) 0xc6, -1, -1, -1, -1});
        assertClosed(new byte[] {(byte) 0x94, 0, 1, (byte) 0xdd, -1, -1, -1, -1});
        assertClosed(new byte[] {(byte) 0x94, 0, 1, (byte) 0xdf, 0x7f, -1, -1, -1});
        assertClosed(new byte[] {(byte) 0x94, 0, 1, (byte) 0xc9, 0x7f, -1, -1, -1});
        byte[] deep = new byte[100_000];
        java.util.Arrays.fill(deep, (byte) 0x91);
        deep[0] = (byte) 0x94;
        assertClosed(deep);
        assertClosed(RpcClient.packed(List.of(1, 1, 1, 1)));
        assertClosed(RpcClient.packed(List.of(0, -1, "clear", List.of(""))));
        assertClosed(RpcClient.packed(List.of(0, 1, 1, List.of(""))));
        assertClosed(RpcClient.packed(List.of(0, 1, "clear")));
        assertClosed(RpcClient.packed(List.of(0, 1L << 32, "clear", List.of(""))));
    }

    @Test
    void randomBytesNeverCostTheServer() throws IOException {
        Random random = new Random(3);
        byte[] call = RpcClient.packed(List.of(0, 1, "classify", List.of("", List.of(RpcClient.datum("w1")))));
        for (int i = 0; i < 300; i++) {
            byte[] bytes = call.clone();
            for (int j = 0; j < 3; j++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.getOutputStream().write(bytes);
            }
        }
        try (RpcClient other = new RpcClient(port)) {
            assertThat(other.call("classify", List.of(RpcClient.datum("x")))).isEqualTo(List.of(List.of()));
        }
    }

    @Test
    void aCallThatIsLongerThanAllowedIsRefusedByItsHead() throws IOException {
        ByteBuffer head = ByteBuffer.allocate(8).put((byte) 0x94).put((byte) 0).put((byte) 1);
        head.put((byte) 0xdb).putInt(1_000_001);
        assertClosed(head.array());
    }

    /** It reads no answer: the server stops reading its calls, and goes on when it reads. */
    @Test
    void whoDoesNotReadIsNotReadFrom() throws Exception {
        try (RpcClient teacher = new RpcClient(port)) {
            for (int i = 0; i < 100; i++) {
                teacher.call("set_label", "a label with a long name, number " + i);
            }
        }
        // More than what lies in sockets, in either direction.
        byte[] call = RpcClient.packed(List.of(0, 1, "get_labels", List.of("", "x".repeat(10_000))));
        int calls = 4000;
        try (RpcClient client = new RpcClient(port);
                RpcClient other = new RpcClient(port)) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    for (int i = 0; i < calls; i++) {
                        client.send(call);
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            for (int i = 0; i < 1000; i++) {
                assertThat(((Map<?, ?>) other.call("get_labels"))).hasSize(100);
            }
            assertThat(sending.isDone())
                    .as("all calls were taken though no answer was read")
                    .isFalse();
            for (int i = 0; i < calls; i++) {
                assertThat(client.receive()).isPresent();
            }
            sending.get();
        }
    }

    private String scraped() throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(host.metricsAddress() + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private double value(String series) throws Exception {
        return scraped()
                .lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElse(0);
    }

    @Test
    void callsAndConnectionsAreInTheMetrics() throws Exception {
        String trained = "holdfast_rpc_call_seconds_count{method=\"train\",outcome=\"ok\"}";
        String refused = "holdfast_rpc_call_seconds_count{method=\"train\",outcome=\"failed\"}";
        String unknown = "holdfast_rpc_call_seconds_count{method=\"unknown\",outcome=\"failed\"}";
        double before = value(trained);
        double refusedBefore = value(refused);
        double unknownBefore = value(unknown);
        try (RpcClient client = new RpcClient(port)) {
            client.call("train", List.of(example("sport", "game")));
            assertThatThrownBy(() -> client.call("train", 5)).isInstanceOf(Failed.class);
            assertThatThrownBy(() -> client.call("a\"b\nc{")).isInstanceOf(Failed.class);

            assertThat(value(trained)).isEqualTo(before + 1);
            assertThat(value(refused)).isEqualTo(refusedBefore + 1);
            assertThat(value(unknown)).isEqualTo(unknownBefore + 1);
            assertThat(value("holdfast_rpc_connections")).isPositive();
        }
        await().untilAsserted(
                        () -> assertThat(value("holdfast_rpc_connections")).isZero());
    }

    @Test
    void moreConnectionsThanAllowedAreClosedAndToldOnce() throws IOException {
        HostDirectories places = HostDirectories.in(Files.createDirectory(directory.resolve("few")));
        TestArchives.classifier(places.store(), "words");
        try (LogLines lines = LogLines.of(Level.WARN, "dev.holdfast.host.rpc.RpcDoor");
                Host few = Host.start(HostsInTests.options(
                        places.store(),
                        places.logs(),
                        Map.of("load_models", "words=words-1.0", "rpc_port", "0", "max_connections", "1"),
                        Map.of()))) {
            int its = few.rpcAddress().orElseThrow().port();
            try (RpcClient first = new RpcClient(its)) {
                assertThat(first.call("get_labels")).isEqualTo(Map.of());
                for (int i = 0; i < 5; i++) {
                    try (Socket more = new Socket(InetAddress.getLoopbackAddress(), its)) {
                        more.setSoTimeout(60_000);
                        assertThat(more.getInputStream().read()).isEqualTo(-1);
                    }
                }
                assertThat(first.call("get_labels")).isEqualTo(Map.of());
            }
            assertThat(lines.warnings())
                    .filteredOn(line -> line.contains("max_connections"))
                    .singleElement()
                    .asString()
                    .contains("RPC has 1 connections", "Raise max_connections");
        }
    }

    @Test
    void overHttpItIsTheSameModel() throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        HttpResponse<String> taught = http.send(
                HttpRequest.newBuilder(URI.create(host.inferenceAddress() + "/models/words/train"))
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        "[{\"label\":\"a\",\"data\":{\"t\":\"x y\"}},{\"label\":\"b\",\"data\":{\"t\":\"z\",\"n\":1}}]"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        HttpResponse<String> asked = http.send(
                HttpRequest.newBuilder(URI.create(host.inferenceAddress() + "/predictions/words"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"t\":\"x\"}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(taught.body()).contains("\"trained\": 2");
        assertThat(asked.statusCode()).isEqualTo(200);
        assertThat(asked.headers().firstValue("Content-Type")).contains("application/json");
        try (RpcClient client = new RpcClient(port)) {
            Map<String, Double> scores = classify(client, "x");
            assertThat(asked.body())
                    .isEqualTo("{\"label\":\"a\",\"scores\":{\"a\":" + scores.get("a") + ",\"b\":" + scores.get("b")
                            + "}}");
        }
    }
}
