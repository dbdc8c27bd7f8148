package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.metrics.HostMeasures;
import dev.holdfast.host.metrics.MetricsMode;
import dev.holdfast.host.metrics.RestoreMeasures;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.wire.Refusals;
import dev.holdfast.host.wire.TokenFile;
import dev.holdfast.host.wire.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The OpenAPI document describes the calls that there are: all of them, and no others. */
class DocumentationTest {

    @TempDir
    Path directory;

    @Test
    void theDocumentsOfTheListenersDescribeExactlyTheirRoutes() throws IOException {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of("disable_token_authorization", "false"))) {
            Set<String> documented = new TreeSet<>();
            for (var address : List.of(host.apis.inference(), host.apis.management(), host.apis.metricsAddress())) {
                documented.addAll(operations(new ObjectMapper()
                        .readTree(HostUnderTest.call(address, "GET", "/api-description", "")
                                .body())));
            }
            JsonNode whole = new ObjectMapper().readTree(DocumentationTest.class.getResource("openapi.json"));

            assertThat(documented).isEqualTo(new TreeSet<>(operations(whole))).hasSizeGreaterThan(60);
        }
    }

    @Test
    void everyRouteIsDescribed() throws IOException {
        JsonNode whole = new ObjectMapper().readTree(DocumentationTest.class.getResource("openapi.json"));
        List<Route> routes = new ArrayList<>();
        try (HostUnderTest host = new HostUnderTest(directory, Map.of())) {
            ChangeAnswers answers = new ChangeAnswers(host.operations.host());
            InferenceForms forms = new InferenceForms(1, 1, true);
            Predictions predictions = new Predictions(host.operations.inference());
            routes.addAll(new MetricsApi(new Metrics(
                            host.counters,
                            new HostSeries(host.operations, new HostMeasures(new StoreMeasures())),
                            new Refusals(Clock.systemUTC()),
                            MetricsMode.PROMETHEUS,
                            text -> {}))
                    .routes());
            routes.addAll(
                    new ManagementApi(host.operations.models(), host.operations.inference(), answers, 1).routes());
            routes.addAll(new DiagnosisApi(host.operations).routes());
            routes.addAll(new SnapshotApi(host.operations.snapshots(), answers, new RestoreMeasures()).routes());
            routes.addAll(new SavesApi(host.operations.saves(), answers).routes());
            routes.addAll(new PluginsApi(host.operations.host()).routes());
            routes.addAll(new TrainingApi(host.operations.inference(), forms).routes());
            routes.addAll(new InferenceApi(host.operations, predictions, forms).routes());
            routes.addAll(new OpenInferenceApi(host.operations, predictions, forms, false).routes());
            WorkflowApi workflows =
                    new WorkflowApi(host.operations.workflows(), answers, new HandlerForms(1, 1, true), 1, 1);
            routes.addAll(workflows.management());
            routes.addAll(workflows.inference());
            routes.addAll(new Documentation("v", List.of()).routes());
            Tokens tokens = new Tokens(
                    java.time.Duration.ofSeconds(1), java.time.Clock.systemUTC(), new java.security.SecureRandom());
            routes.addAll(new TokenAuthorization(tokens, new TokenFile(directory), 401, new Refusals(Clock.systemUTC()))
                    .routes());
        }
        Set<String> there = new TreeSet<>();
        routes.forEach(route ->
                there.add(route.method().name().toLowerCase(Locale.ROOT) + " " + Documentation.documentedPath(route)));

        assertThat(new TreeSet<>(operations(whole))).isEqualTo(there);
    }

    @Test
    void operationsHaveUniqueNamesDescribedParametersAndResolvedReferences() throws IOException {
        JsonNode whole = new ObjectMapper().readTree(DocumentationTest.class.getResource("openapi.json"));
        Set<String> names = new HashSet<>();
        whole.path("paths")
                .fields()
                .forEachRemaining(path -> path.getValue().forEach(operation -> {
                    assertThat(names.add(operation.path("operationId").asText()))
                            .as(operation.toString())
                            .isTrue();
                    Set<String> parameters = new HashSet<>();
                    operation.path("parameters").forEach(parameter -> {
                        if (parameter.path("in").asText().equals("path")) {
                            parameters.add("{" + parameter.path("name").asText() + "}");
                        }
                    });
                    assertThat(parameters).allMatch(parameter -> path.getKey().contains(parameter));
                    assertThat(path.getKey().chars().filter(c -> c == '{').count())
                            .isEqualTo(parameters.size());
                }));
        whole.findValuesAsText("$ref")
                .forEach(
                        reference -> assertThat(whole.at(reference.substring(1)).isMissingNode())
                                .as(reference)
                                .isFalse());
    }

    private static List<String> operations(JsonNode document) {
        List<String> operations = new ArrayList<>();
        document.path("paths")
                .fields()
                .forEachRemaining(path -> path.getValue()
                        .fieldNames()
                        .forEachRemaining(method -> operations.add(method + " " + path.getKey())));
        return operations;
    }
}
