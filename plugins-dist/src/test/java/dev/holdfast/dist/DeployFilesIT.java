package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** The files by which others start a host. No container is run: what checks such files without one does. */
class DeployFilesIT {

    private static final Path DEPLOY = Path.of("src", "main", "deploy");

    private static final Map<String, Class<?>> KINDS = Map.of(
            "Service", V1Service.class,
            "StatefulSet", V1StatefulSet.class,
            "Deployment", V1Deployment.class,
            "PodDisruptionBudget", V1PodDisruptionBudget.class);

    @TempDir
    private Path directory;

    private static String run(Path in, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(in.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }

    private static Path program(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(place -> Path.of(place, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    private static List<JsonElement> documents(String file) throws IOException {
        List<JsonElement> documents = new ArrayList<>();
        new Yaml()
                .loadAll(Files.readString(DEPLOY.resolve("kubernetes").resolve(file)))
                .forEach(document -> documents.add(JsonParser.parseString(new Gson().toJson(document))));
        return documents;
    }

    @ParameterizedTest
    @ValueSource(strings = {"fs.yaml", "shared-store.yaml"})
    void kubernetesKnowsEveryFieldOfItsFiles(String file) throws IOException {
        List<JsonElement> documents = documents(file);

        assertThat(documents).hasSizeGreaterThanOrEqualTo(2).allSatisfy(document -> {
            String kind = document.getAsJsonObject().get("kind").getAsString();
            assertThat(KINDS).containsKey(kind);
            // Throws where a field is unknown, missing, or of another type.
            assertThat(JSON.getGson().fromJson(document, KINDS.get(kind))).isNotNull();
        });
    }

    @Test
    void aFieldThatKubernetesDoesNotKnowIsNoticed() throws IOException {
        String wrong = documents("fs.yaml").get(1).toString().replace("\"livenessProbe\"", "\"livelinessProbe\"");

        assertThat(catchThrowable(() -> JSON.getGson().fromJson(wrong, V1StatefulSet.class)))
                .hasStackTraceContaining("livelinessProbe");
    }

    @ParameterizedTest
    @ValueSource(strings = {"kubernetes/fs.yaml", "kubernetes/shared-store.yaml", "Dockerfile", "holdfast.service"})
    void everyFlagAndKeyOfAFileIsInTheManual(String file) throws IOException {
        String manual = Files.readString(Path.of("..", "docs", "operators-manual.md"))
                + Files.readString(Path.of("..", "docs", "serializer-jdbc.md"))
                + Files.readString(Path.of("..", "docs", "serializer-jdbc-postgresql.md"));
        String text = Files.readString(DEPLOY.resolve(file)).replaceAll("(?m)^ *#.*", "");

        List<String> flags = Pattern.compile(
                        "(?<=[ \"])--(start|foreground|model-store|log-location|plugins-path|set)\\b")
                .matcher(text)
                .results()
                .map(match -> match.group())
                .toList();
        List<String> keys = Pattern.compile("(?:--set[=, \"]+)([a-z_.-]+)=")
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .toList();

        assertThat(flags).contains("--start", "--foreground");
        assertThat(keys).allSatisfy(key -> assertThat(manual).contains("`" + key));
    }

    @Test
    void theDockerfileHasNoIssueByItsLinter() throws Exception {
        Path linter = program("dockerfilelint");
        assumeTrue(linter != null, "dockerfilelint is not installed, so the Dockerfile is not checked");

        assertThat(run(DEPLOY, linter.toString(), "Dockerfile")).contains("Issues: None");
    }

    @Test
    void theHealthCheckOfTheDockerfileTellsHealthFromIllness() throws Exception {
        assumeTrue(program("bash") != null, "bash is not installed, so the health check is not run");
        String check = Pattern.compile("(?m)^HEALTHCHECK .*? CMD (.*)$")
                .matcher(Files.readString(DEPLOY.resolve("Dockerfile")))
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);
        AtomicInteger status = new AtomicInteger(200);
        HttpServer host = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        host.createContext("/v2/health/live", exchange -> {
            exchange.sendResponseHeaders(status.get(), -1);
            exchange.close();
        });
        host.start();
        try {
            String here =
                    check.replace("8080", Integer.toString(host.getAddress().getPort()));
            run(directory, "sh", "-c", here);
            status.set(503);
            Process ill = new ProcessBuilder("sh", "-c", here).start();
            assertThat(ill.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(ill.exitValue()).isNotZero();
        } finally {
            host.stop(0);
        }
    }

    @Test
    void systemdAcceptsTheUnit() throws Exception {
        Path analyze = program("systemd-analyze");
        assumeTrue(analyze != null, "systemd-analyze is not installed, so the unit is not checked");
        Path unit = directory.resolve("holdfast.service");
        Files.writeString(
                unit,
                Files.readString(DEPLOY.resolve("holdfast.service"))
                        .replace("/opt/holdfast/bin/holdfast", "/bin/true"));

        assertThat(run(directory, analyze.toString(), "verify", "--man=no", unit.toString()))
                .isBlank();
    }
}
