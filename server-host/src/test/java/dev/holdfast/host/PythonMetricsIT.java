package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What handlers measure is in the scrape, as it is with TorchServe. */
class PythonMetricsIT {

    private static final String HANDLER = """
            from ts.metrics.dimension import Dimension
            from ts.metrics.metric_type_enum import MetricTypes

            def handle(data, context):
                metrics = context.metrics
                if data is None:
                    metrics.add_metric_to_cache("Cached", "Count", ["Kind"], MetricTypes.COUNTER)
                    return None
                metrics.get_metric("Declared", MetricTypes.COUNTER).add_or_update(2, ["x"])
                metrics.get_metric("Cached").add_or_update(3, ["y"])
                metrics.add_time("Took", 1.5, 0, "ms", [Dimension("Kind", "z")])
                metrics.add_counter("Undeclared", 1)
                return ["done"] * len(data)
            """;

    private static final String DECLARED = """
            model_metrics:
              counter:
                - name: Declared
                  unit: Count
                  dimensions: [Kind]
                - name: Cached
                  unit: Count
                  dimensions: [Kind]
              gauge:
                - name: Took
                  unit: ms
                  dimensions: [Kind]
            """;

    @TempDir
    Path directory;

    @BeforeEach
    void makeStore() throws IOException {
        Files.createDirectory(directory.resolve("store"));
    }

    @Test
    void declaredMetricsOfHandlersAndTheHostsOwnAreScraped() throws Exception {
        Path declared = directory.resolve("metrics.yaml");
        Files.writeString(declared, DECLARED);
        try (PythonHost host = new PythonHost(
                directory.resolve("store"),
                directory.resolve("logs"),
                Map.of("metrics_config", declared.toString(), "host_name", "h"))) {
            host.register("measured", HANDLER);
            host.predict("/predictions/measured", "");
            host.predict("/predictions/measured", "");

            await().untilAsserted(() -> assertThat(host.metrics())
                    .contains("Declared{Kind=\"x\",Hostname=\"h\",} 4.0\n")
                    .contains("Cached{Kind=\"y\",Hostname=\"h\",} 6.0\n")
                    .contains("# TYPE Took gauge\nTook{Kind=\"z\",Hostname=\"h\",} 1.5\n")
                    .contains(
                            "ts_inference_requests_total{model_name=\"measured\",model_version=\"1.0\",hostname=\"h\",}"
                                    + " 2.0\n")
                    .containsPattern(
                            "WorkerLoadTime\\{WorkerName=\"W-9000-measured_1.0\",Level=\"Host\",Hostname=\"h\",\\}"
                                    + " \\d+\\.0\n")
                    .containsPattern("CPUUtilization\\{Level=\"Host\",Hostname=\"h\",\\} \\d+\\.\\d+")
                    .containsPattern("MemoryAvailable\\{Level=\"Host\",Hostname=\"h\",\\} \\d+\\.\\d+")
                    .containsPattern("DiskUsage\\{Level=\"Host\",Hostname=\"h\",\\} \\d+\\.\\d+")
                    .doesNotContain("Undeclared"));
            host.management("DELETE", "/models/measured");
            assertThat(host.metrics()).doesNotContain("Took{", "measured");
        }
    }

    @Test
    void whatIsNotDeclaredIsFoundWhereThatIsAskedForAndTheUsualMetricsAreDeclared() throws Exception {
        try (PythonHost host = new PythonHost(
                directory.resolve("store"),
                directory.resolve("logs"),
                Map.of("model_metrics_auto_detect", "true", "host_name", "h", "disable_system_metrics", "true"))) {
            host.register(
                    "found",
                    "def handle(data, context):\n    if data:\n        context.metrics.add_counter('Hits', 1)\n"
                            + "    return [''] if data else None\n");
            host.predict("/predictions/found", "");

            await().untilAsserted(() -> assertThat(host.metrics())
                    .contains("# TYPE Hits counter\nHits{ModelName=\"found\",Level=\"Model\",Hostname=\"h\",} 1.0\n")
                    .containsPattern(
                            "PredictionTime\\{ModelName=\"found\",Level=\"Model\",Hostname=\"h\",\\} \\d+\\.\\d+")
                    .doesNotContain("CPUUtilization"));
        }
    }

    @Test
    void inTheModeLogEachValueIsALineAndSoIsHowLongAWorkerTookToLoad() throws Exception {
        Path declared = Files.writeString(directory.resolve("metrics.yaml"), DECLARED);
        try (LogLines lines = LogLines.of(Level.INFO, "TS_METRICS", "MODEL_METRICS");
                PythonHost host = new PythonHost(
                        directory.resolve("store"),
                        directory.resolve("logs"),
                        Map.of("metrics_mode", "log", "metrics_config", declared.toString()))) {
            host.register("measured", HANDLER);
            host.predict("/predictions/measured", "");
            host.predict("/predictions/measured", "");

            await().untilAsserted(() -> assertThat(lines.info())
                    .anySatisfy(line -> assertThat(line)
                            .matches("WorkerLoadTime.Milliseconds:\\d+.0\\|#WorkerName:W-\\d+-measured_1.0,Level:Host"
                                    + "\\|#hostname:.*,timestamp:\\d+")));
            await().untilAsserted(() -> assertThat(lines.info())
                    .filteredOn(line -> line.startsWith("Undeclared.Count:1|"))
                    .hasSize(2));
        }
    }

    @Test
    void inTheModeLogAScrapeHasNoneOfThem() throws Exception {
        try (PythonHost host =
                new PythonHost(directory.resolve("store"), directory.resolve("logs"), Map.of("metrics_mode", "log"))) {
            assertThat(host.metrics())
                    .contains("holdfast_models")
                    .doesNotContain(
                            "Requests2XX", "PredictionTime", "ts_inference", "CPUUtilization", "WorkerLoadTime");
        }
        try (PythonHost host = new PythonHost(
                directory.resolve("store"), directory.resolve("logs2"), Map.of("metrics_mode", "legacy"))) {
            assertThat(host.metrics())
                    .contains("# TYPE ts_inference_requests_total counter")
                    .doesNotContain("Requests2XX", "CPUUtilization");
        }
    }
}
