package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.snapshot.States;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The dashboard and the alert rules that the manual offers, against a scrape and by the tool of Prometheus. */
class MonitoringFilesTest {

    private static final Path DOCS = Path.of("..", "docs");
    private static final Pattern OURS = Pattern.compile("holdfast_[a-z_]+");

    @TempDir
    Path directory;

    private static Set<String> metrics(String text) {
        Set<String> names = new TreeSet<>();
        OURS.matcher(text)
                .results()
                .map(match -> match.group().replaceFirst("_(bucket|count|sum)$", ""))
                .forEach(names::add);
        return names;
    }

    @ParameterizedTest
    @ValueSource(strings = {"prometheus/alerts.yml", "grafana/holdfast.json", "operators-manual.md"})
    void everyMetricThatAFileNamesIsInAScrape(String file) throws IOException {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("sum.mar")) {
            host.inference("POST", "/predictions/sum", "[1,2,3]");
            host.snapshots.journal = Optional.of(new StoreStatus.JournalUse(0, 1_000, 0, false));
            host.store.called("save", StoreMeasures.Outcome.OK, 1);
            host.measures.rpc().called("train", true, 1);
            host.store.saved(States.snapshot(1, "m").header());

            assertThat(metrics(host.metrics("/metrics").body()))
                    .containsAll(metrics(Files.readString(DOCS.resolve(file))));
        }
    }

    @Test
    void everyPanelOfTheDashboardHasAnExpressionAndAPlace() throws IOException {
        JsonNode dashboard = new ObjectMapper()
                .readTree(DOCS.resolve("grafana/holdfast.json").toFile());

        assertThat(dashboard.get("panels")).hasSizeGreaterThan(10).allSatisfy(panel -> {
            assertThat(panel.at("/targets/0/expr").asText()).isNotEmpty();
            assertThat(panel.at("/gridPos/w").asInt() + panel.at("/gridPos/x").asInt())
                    .isBetween(1, 24);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"check rules alerts.yml", "test rules alerts-test.yml"})
    void theRulesAreRightByTheToolOfPrometheus(String arguments) throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/promtool")),
                "promtool is not installed, so the rules are not run");
        Process promtool = new ProcessBuilder(("/usr/bin/promtool " + arguments).split(" ", -1))
                .directory(DOCS.resolve("prometheus").toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(promtool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(promtool.exitValue()).as(said).isZero();
    }
}
