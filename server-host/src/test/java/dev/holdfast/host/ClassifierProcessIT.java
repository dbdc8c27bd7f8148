package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.cli.Main;
import dev.holdfast.host.rpc.RpcClient;
import dev.holdfast.testsupport.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast classifier} as a process that is killed. */
class ClassifierProcessIT {

    private static final Pattern READY = Pattern.compile("RPC server startup on 127\\.0\\.0\\.1:(\\d+)");

    @TempDir
    private Path directory;

    private Path config;
    private Path data;

    @BeforeEach
    void configure() throws IOException {
        config = Files.writeString(directory.resolve("config.json"), TestArchives.CLASSIFIER);
        data = Files.createDirectory(directory.resolve("data"));
    }

    private record Server(Process process, Path output) implements AutoCloseable {

        int port() {
            Awaitility.await("the line that clients' suites wait for")
                    .atMost(Duration.ofSeconds(120))
                    .until(() -> !process.isAlive() || READY.matcher(text()).find());
            Matcher ready = READY.matcher(text());
            assertThat(ready.find()).as(text()).isTrue();
            return Integer.parseInt(ready.group(1));
        }

        String text() {
            try {
                return Files.readString(output);
            } catch (IOException e) {
                return "";
            }
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private Server start(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("classifier", "-p", "0", "-f", config.toString()));
        arguments.addAll(List.of(more));
        Path output = Files.createTempFile(directory, "server", ".out");
        Process process = new ProcessBuilder(JavaProcess.command(
                        List.of("-XX:+UseSerialGC", "-Duser.home=" + directory),
                        Main.class,
                        arguments.toArray(String[]::new)))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        return new Server(process, output);
    }

    private static List<Object> example(String label, String text) {
        return List.of(label, RpcClient.datum(text));
    }

    private static Map<String, Double> classify(RpcClient client, String text) {
        return RpcClient.scores(client.call("classify", List.of(RpcClient.datum(text))))
                .get(0);
    }

    @Test
    void whatWasLearnedWhenAClientSavedIsThereAfterAKill() throws Exception {
        Map<String, Double> scores;
        try (Server server = start("-d", data.toString(), "-z", "nowhere", "--name", "cluster");
                RpcClient client = new RpcClient(server.port())) {
            assertThat(client.call("get_labels")).isEqualTo(Map.of());
            assertThat(server.text()).contains("without effect here: --zookeeper, --name");
            client.call("train", List.of(example("a", "x y"), example("b", "y z")));
            client.call("save", "one");
            scores = classify(client, "x y z");
            server.kill();
        }
        try (Server server = start("-d", data.toString());
                RpcClient client = new RpcClient(server.port())) {
            assertThat(classify(client, "x y z")).isEqualTo(scores);
        }
    }

    @Test
    void aFileIsWholeWheneverTheServerIsKilled() throws Exception {
        for (int round = 0; round < 2; round++) {
            try (Server server = start("-d", data.toString());
                    RpcClient client = new RpcClient(server.port())) {
                List<Object> examples = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    examples.add(example("label " + i % 5, "word" + i + " round" + round));
                }
                client.call("train", examples);
                Thread saving = new Thread(() -> {
                    try {
                        for (int i = 0; ; i++) {
                            client.call("save", "id" + i % 2);
                        }
                    } catch (RuntimeException e) {
                        // The server is gone.
                    }
                });
                saving.start();
                Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                    try (Stream<Path> files = Files.list(data)) {
                        return files.filter(file -> file.toString().endsWith("_id1.jubatus"))
                                        .count()
                                >= 1;
                    }
                });
                server.kill();
                saving.join(60_000);
            }
        }
        try (Server server = start("-d", data.toString());
                RpcClient client = new RpcClient(server.port());
                Stream<Path> files = Files.list(data)) {
            String name = "127.0.0.1_" + server.port() + "_classifier_copy.jubatus";
            for (Path file :
                    files.filter(some -> some.toString().endsWith(".jubatus")).toList()) {
                Files.copy(file, data.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                assertThat(client.call("load", "copy")).isEqualTo(true);
                assertThat((Map<?, ?>) client.call("get_labels")).hasSize(5);
            }
        }
    }

    @Test
    void aStateOfAnotherConfigurationIsRefusedAtTheStart() throws Exception {
        try (Server server = start("-d", data.toString())) {
            server.port();
        }
        Files.writeString(config, TestArchives.CLASSIFIER.replace("AROW", "NHERD"));
        try (Server server = start("-d", data.toString())) {
            assertThat(server.process().waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(server.process().exitValue()).isEqualTo(1);
            assertThat(server.text()).contains("is of another configuration");
        }
    }

    @Test
    void aConfigurationThatIsNoneIsToldInOneLine() throws Exception {
        Files.writeString(config, "{\"method\": \"magic\", \"converter\": {}}");
        try (Server server = start("-d", data.toString())) {
            assertThat(server.process().waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(server.process().exitValue()).isEqualTo(1);
            assertThat(server.text())
                    .contains("'method' is \"magic\"; it must be one of perceptron, PA, PA1, PA2, CW, AROW, NHERD");
        }
    }

    /** The classes of the door and of its library that a host has loaded when it has answered. */
    private List<String> loaded(String name, String... arguments) throws Exception {
        HostDirectories places = HostDirectories.in(Files.createDirectory(directory.resolve(name)));
        TestArchives.classifier(places.store(), "words");
        Path classes = directory.resolve(name + "-classes.log");
        List<String> noted = List.of("env", "JAVA_TOOL_OPTIONS=-Xlog:class+load=info:file=" + classes);
        try (HostProcess host = HostProcess.startBy(noted, places.store(), places.logs(), arguments)) {
            assertThat(host.management("POST", "/models?url=words-1.0&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/words", "{\"text\": \"game\"}")
                            .statusCode())
                    .isEqualTo(200);
            try (Stream<String> lines = Files.lines(classes)) {
                return lines.filter(
                                line -> line.contains(" io.netty.") || line.contains(" dev.holdfast.host.rpc.RpcDoor "))
                        .toList();
            }
        }
    }

    @Test
    void aHostWithoutAPortForTheDoorLoadsNoClassOfItNorOfNetty() throws Exception {
        assertThat(loaded("without")).isEmpty();
        assertThat(loaded("with", "--rpc-port", "0")).hasSizeGreaterThan(100);
    }
}
