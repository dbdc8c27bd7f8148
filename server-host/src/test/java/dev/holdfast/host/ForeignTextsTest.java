package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.plugins.FixtureJar;
import dev.holdfast.testsupport.LogLines;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store whose client has thousands of characters to say of each failure. */
class ForeignTextsTest {

    /** Fails as a file says: at every call, or at those that save. */
    private static final String TALKATIVE = """
            package fixture;
            import dev.holdfast.sdk.*;
            import java.util.*;
            public class Talkative implements SnapshotSerializerFactory {
                public String name() { return "talkative"; }
                public SnapshotSerializer open(SerializerConfig config) {
                    String fails = config.get("fails", "");
                    return new SnapshotSerializer() {
                        public void save(Snapshot snapshot) { throw failure(); }
                        public Optional<Snapshot> getLast() {
                            if (fails.equals("save")) {
                                return Optional.empty();
                            }
                            throw failure();
                        }
                        public SnapshotPage list(ListRequest request) {
                            if (fails.equals("save")) {
                                return SnapshotPage.last(List.of());
                            }
                            throw failure();
                        }
                        public Snapshot get(String name) { throw failure(); }
                        public void close() {}
                        private RuntimeException failure() {
                            StringBuilder said = new StringBuilder("SAID-FIRST ");
                            for (int i = 0; said.length() < 8_500; i++) {
                                said.append("profile-").append(i).append(", ");
                            }
                            said.append("\\nö SAID-LAST");
                            return switch (fails) {
                                case "damaged" -> new SnapshotCorruptException(said.toString());
                                case "newer" -> new SnapshotFormatTooNewException(said.toString());
                                case "bug" -> new IllegalStateException(said.toString());
                                default -> new StoreUnavailableException(said.toString());
                            };
                        }
                    };
                }
            }
            """;

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @RegisterExtension
    private final LogLines log = new LogLines(getClass());

    @TempDir
    private Path directory;

    private Host start(String fails) throws Exception {
        Path plugins = Files.createDirectories(directory.resolve("plugins"));
        new FixtureJar()
                .source("fixture.Talkative", TALKATIVE)
                .provider("fixture.Talkative")
                .write(plugins.resolve("talkative.jar"));
        TestArchives.noop(directory.resolve("model-store"), "noop.mar", "noop", "1.11");
        Map<String, String> keys = Map.of(
                "model_store", directory.resolve("model-store").toString(),
                "plugins_path", plugins.toString(),
                "snapshot_store", "talkative",
                "snapshot.talkative.fails", fails,
                "disable_token_authorization", "true",
                "inference_address", "http://127.0.0.1:0",
                "management_address", "http://127.0.0.1:0",
                "metrics_address", "http://127.0.0.1:0");
        return Host.start(new StartOptions(
                keys, Optional.empty(), Optional.empty(), true, directory.resolve("logs"), Optional.empty(), Map.of()));
    }

    private static HttpResponse<String> call(Object address, String method, String path) throws Exception {
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create(address + path))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "save", "damaged", "newer", "bug"})
    void noAnswerCarriesThemWholeAndTheLogHasThemOnce(String fails) throws Exception {
        try (Host host = start(fails)) {
            List<HttpResponse<String>> answers = new ArrayList<>();
            answers.add(call(host.managementAddress(), "POST", "/models?url=noop.mar"));
            answers.add(call(host.managementAddress(), "PUT", "/models/noop?min_worker=2&synchronous=true"));
            answers.add(call(host.managementAddress(), "GET", "/models"));
            answers.add(call(host.managementAddress(), "GET", "/models/none"));
            answers.add(call(host.managementAddress(), "GET", "/snapshots"));
            answers.add(call(host.managementAddress(), "GET", "/snapshots/status"));
            answers.add(call(host.managementAddress(), "POST", "/snapshots?name=mine"));
            answers.add(call(host.managementAddress(), "DELETE", "/snapshots/none"));
            answers.add(call(host.managementAddress(), "POST", "/snapshots/attach?take=store"));
            answers.add(call(host.inferenceAddress(), "GET", "/ping"));

            assertThat(answers)
                    .anyMatch(answer ->
                            answer.headers().firstValue("holdfast-notice").isPresent());
            for (HttpResponse<String> answer : answers) {
                answer.headers()
                        .firstValue("holdfast-notice")
                        .ifPresent(notice ->
                                assertThat(notice).hasSizeLessThanOrEqualTo(512).matches("[ -~]*"));
                texts(new ObjectMapper().readTree(answer.body()))
                        .forEach(text -> assertThat(text.getBytes(StandardCharsets.UTF_8).length)
                                .isLessThanOrEqualTo(2048));
            }
        }
        List<String> lines = Stream.of(log.errors(), log.warnings(), log.info())
                .flatMap(List::stream)
                .toList();
        assertThat(lines.stream().filter(line -> line.contains("profile-300")))
                .as("the whole")
                .allMatch(line -> line.contains("SAID-FIRST") && line.contains("SAID-LAST"))
                .allMatch(line -> line.startsWith("Serializer talkative of plugin"))
                .as("once")
                .hasSize(1);
    }

    @Test
    void ourOwnSentenceWithTheCureStandsFirst() throws Exception {
        try (Host host = start("all")) {
            String notice = call(host.managementAddress(), "GET", "/models")
                    .headers()
                    .firstValue("holdfast-notice")
                    .orElseThrow();

            assertThat(notice)
                    .startsWith(
                            "Detached from store talkative, whose last snapshot could not be read. Changes go to the"
                                    + " journal of this host; it attaches by itself when the store is back and nothing that was"
                                    + " acknowledged is given up, or by: holdfast snapshots attach --take store|local. The"
                                    + " reason: SAID-FIRST");
        }
    }

    private static Stream<String> texts(JsonNode json) {
        if (json.isTextual()) {
            return Stream.of(json.asText());
        }
        return StreamSupport.stream(json.spliterator(), false).flatMap(ForeignTextsTest::texts);
    }
}
