package dev.holdfast.host.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.testsupport.LogLines;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandlerMetricsTest {

    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(7), ZoneOffset.UTC);

    private static final String DECLARED = """
            dimensions:
              - &model_name "ModelName"
            ts_metrics:
              counter:
                - name: Requests2XX
                  unit: Count
                  dimensions: [Level, Hostname]
            model_metrics:
              counter:
                - name: Calls
                  unit: Count
                  dimensions: [*model_name]
              gauge:
                - name: Temperature
                  unit: Degrees
                  dimensions: [*model_name, "Level"]
              histogram:
                - name: Size
                  unit: MB
                  dimensions: [*model_name]
            """;

    @RegisterExtension
    final LogLines log = new LogLines(HandlerMetrics.class);

    private static HandlerMetrics metrics(boolean detects) {
        return new HandlerMetrics(
                DeclaredMetrics.read(DECLARED, "m.yaml"), detects, MetricsMode.PROMETHEUS, "h", CLOCK);
    }

    private static String text(HandlerMetrics metrics) {
        MetricText text = new MetricText(Set.of());
        metrics.write(text, model -> model.equals("m"));
        return text.toString();
    }

    private static String line(String begin, String dimensions, String type) {
        return "[METRICS]" + begin + "|#" + dimensions + "|#type:" + type + "|#hostname:w,1700000000,r0,r1";
    }

    @Test
    void declaredMetricsAreWrittenAsTorchServeWritesThem() {
        HandlerMetrics metrics = metrics(false);

        assertThat(metrics.take("m", line("Calls.Count:1", "ModelName:m", "COUNTER")))
                .isTrue();
        metrics.take("m", line("Calls.Count:2.5", "ModelName:m", "COUNTER"));
        metrics.take("m", line("Temperature.Degrees:3", "ModelName:a \"b\"\\,Level:Model", "GAUGE"));
        metrics.take("m", line("Temperature.Degrees:-4e-1", "ModelName:a \"b\"\\,Level:Model", "GAUGE"));
        metrics.take("m", line("Size.MB:0.07", "ModelName:m", "HISTOGRAM"));
        metrics.take("m", line("Size.MB:100", "ModelName:m", "HISTOGRAM"));

        assertThat(text(metrics))
                .startsWith("# HELP Calls Torchserve prometheus counter metric with unit: Count\n"
                        + "# TYPE Calls counter\n"
                        + "Calls{ModelName=\"m\",Hostname=\"h\",} 3.5\n"
                        + "# HELP Size Torchserve prometheus histogram metric with unit: MB\n"
                        + "# TYPE Size histogram\n")
                .contains("Size_bucket{ModelName=\"m\",Hostname=\"h\",le=\"0.05\",} 0.0\n")
                .contains("Size_bucket{ModelName=\"m\",Hostname=\"h\",le=\"0.075\",} 1.0\n")
                .contains("Size_bucket{ModelName=\"m\",Hostname=\"h\",le=\"+Inf\",} 2.0\n")
                .contains("Size_count{ModelName=\"m\",Hostname=\"h\",} 2.0\n")
                .contains("Size_sum{ModelName=\"m\",Hostname=\"h\",} 100.07\n")
                .endsWith("# TYPE Temperature gauge\n"
                        + "Temperature{ModelName=\"a \\\"b\\\"\\\\\",Level=\"Model\",Hostname=\"h\",} -0.4\n");
    }

    @Test
    void whatIsNotDeclaredIsSaidOnceOrFound() {
        HandlerMetrics metrics = metrics(false);
        HandlerMetrics detecting = metrics(true);

        for (int i = 0; i < 3; i++) {
            assertThat(metrics.take("m", line("New.ms:1", "A:b", "GAUGE"))).isTrue();
            detecting.take("m", line("New.ms:1", "A:b", "GAUGE"));
        }

        assertThat(text(metrics)).doesNotContain("New");
        assertThat(text(detecting)).contains("# TYPE New gauge\nNew{A=\"b\",Hostname=\"h\",} 1.0\n");
        assertThat(log.warnings())
                .containsExactly(
                        "The metric New of model m is not declared: name it in the file of metrics_config, or set"
                                + " model_metrics_auto_detect=true; it is not in the metrics");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[METRICS]Failed to update metric with name:x",
                "[METRICS]",
                "[METRICS]a.b:1",
                "[METRICS]a.b:|#|#hostname:h,1",
                "[METRICS]a.b:1f|#|#hostname:h,1",
                "[METRICS]a:1|#|#hostname:h,1",
                "[METRICS]a.b:1|#novalue|#hostname:h,1",
                "metrics"
            })
    void whatIsNoMetricIsALineOfTheLog(String line) {
        assertThat(metrics(true).take("m", line)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "Calls.Count:-1;ModelName:m;COUNTER",
                "Calls.Count:inf;ModelName:m;COUNTER",
                "Calls.Count:nan;ModelName:m;COUNTER",
                "Size.MB:inf;ModelName:m;HISTOGRAM",
                "Calls.Count:1;ModelName:m,More:x;COUNTER",
                "no name.ms:1;A:b;GAUGE",
                "Ok.ms:1;no dimension:b;GAUGE",
                "Ok.ms:1;A:b,A:c;GAUGE",
                "Requests2XX.Count:1;Level:Host;COUNTER",
                "holdfast_models.Count:1;A:b;COUNTER",
                "ts_inference_requests_total.Count:1;A:b;COUNTER"
            })
    void hostileValuesAreSaidAndSpoilNothing(String begin, String dimensions, String type) {
        HandlerMetrics metrics = metrics(true);
        String before = text(metrics);

        assertThat(metrics.take("m", line(begin, dimensions, type))).isTrue();

        assertThat(text(metrics)).isEqualTo(before);
        assertThat(log.warnings()).hasSize(1);
    }

    @Test
    void aGaugeMayBeInfinite() {
        HandlerMetrics metrics = metrics(false);

        metrics.take("m", line("Temperature.Degrees:-inf", "ModelName:m,Level:x", "GAUGE"));

        assertThat(text(metrics)).contains("Level=\"x\",Hostname=\"h\",} -Inf\n");
    }

    @Test
    void theNumberOfSeriesIsBoundedAndSaidOnceAndThoseOfModelsThatAreGoneGo() {
        HandlerMetrics metrics = metrics(true);

        for (int i = 0; i < 10_050; i++) {
            metrics.take("gone", line("Calls.Count:1", "ModelName:m" + i, "COUNTER"));
        }
        for (int i = 0; i < 1_050; i++) {
            metrics.take("gone", line("New" + i + ".ms:1", "A:b", "GAUGE"));
        }

        assertThat(log.warnings()).hasSize(2);
        assertThat(text(metrics)).doesNotContain("Calls{", "New");
        metrics.take("m", line("New.ms:1", "A:b", "GAUGE"));
        assertThat(text(metrics)).contains("New{A=\"b\",Hostname=\"h\",} 1.0\n");
    }

    @Test
    void whateverIsPrintedIsTakenOrNot() {
        HandlerMetrics metrics = metrics(true);
        String good = line("Calls.Count:1", "ModelName:m", "COUNTER");
        Random random = new Random(16);

        for (int i = 0; i < 20_000; i++) {
            StringBuilder bad = new StringBuilder(good);
            for (int j = random.nextInt(5); j >= 0; j--) {
                bad.setCharAt(random.nextInt(bad.length()), "|#:,.[]\u00e4\n\"\\0e-".charAt(random.nextInt(14)));
            }
            metrics.take("m", bad.toString());
        }

        assertThat(text(metrics).lines())
                .allMatch(line -> line.startsWith("#") || line.matches("[a-zA-Z_:][\\w:]*(\\{.*,\\})? [-+]?[\\w.+-]+"));
    }

    @Test
    void inTheModeLogEachIsALineOfModelMetrics() {
        HandlerMetrics metrics = new HandlerMetrics(DeclaredMetrics.USUAL, false, MetricsMode.LOG, "h", CLOCK);
        try (LogLines all = LogLines.ofAll(ch.qos.logback.classic.Level.INFO)) {
            metrics.take("m", line("Any.ms:1.50", "ModelName:m,Level:Model", "GAUGE"));

            assertThat(all.info())
                    .containsExactly("Any.ms:1.50|#ModelName:m,Level:Model|#hostname:h,requestID:r0,r1,timestamp:7");
        }
        assertThat(text(metrics)).isEmpty();
    }

    @Test
    void aFileThatDeclaresNothingRightIsNamedWithTheRule() {
        assertRefused("a: 1", "must have a section model_metrics");
        assertRefused("[1]", "must have a section model_metrics");
        assertRefused("model_metrics: 3", "must hold keys with values");
        assertRefused("model_metrics: {meter: []}", "is none of counter, gauge and histogram");
        assertRefused("model_metrics: {gauge: {}}", "must be a list");
        assertRefused("model_metrics: {gauge: [{name: a b}]}", "'a b': a metric's name must match");
        assertRefused("model_metrics: {gauge: [{name: a}], counter: [{name: a}]}", "declares 'a' twice");
        assertRefused("model_metrics: {gauge: [{name: a, dimensions: [b-c]}]}", "the name of a dimension must match");
    }

    private static void assertRefused(String text, String message) {
        assertThatThrownBy(() -> DeclaredMetrics.read(text, "m.yaml"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("m.yaml")
                .hasMessageContaining(message);
    }
}
