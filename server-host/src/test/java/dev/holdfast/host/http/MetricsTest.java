package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.metrics.StoreMeasures;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {

    @TempDir
    Path directory;

    @Test
    void requestsAreCountedUnderTheNamesThatDashboardsKnow() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("sum.mar")) {
            host.inference("POST", "/predictions/sum", "[1,2,3]");
            host.inference("POST", "/predictions/sum", "[1,2,3]");
            host.inference("POST", "/predictions/none", "[1,2,3]");
            org.awaitility.Awaitility.await()
                    .untilAsserted(
                            () -> assertThat(host.metrics("/metrics").body())
                                    .contains(
                                            "ts_inference_requests_total{model_name=\"sum\",model_version=\"1.0\",hostname=\"test-host\",} 2.0\n"));

            HttpResponse<String> answer = host.metrics("/metrics");

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("content-type").orElse(""))
                    .startsWith("text/plain")
                    .contains("version=0.0.4");
            String labels = "{model_name=\"sum\",model_version=\"1.0\",hostname=\"test-host\",} ";
            assertThat(answer.body())
                    .contains(
                            "ts_inference_latency_microseconds" + labels,
                            "ts_queue_latency_microseconds" + labels,
                            "Requests2XX{Level=\"Host\",Hostname=\"test-host\",} ",
                            "Requests4XX{Level=\"Host\",Hostname=\"test-host\",} 1.0\n",
                            "Requests5XX{Level=\"Host\",Hostname=\"test-host\",} 0.0\n",
                            "# TYPE Requests2XX counter\n",
                            "# HELP Requests2XX Torchserve prometheus counter metric with unit: Count\n",
                            "# TYPE ts_inference_latency_microseconds counter\n",
                            "# TYPE QueueTime gauge\n",
                            "QueueTime{",
                            "WorkerThreadTime{",
                            "jvm_memory_used_bytes{",
                            "process_cpu_usage ",
                            "holdfast_snapshot_mode{mode=\"ATTACHED\",store=\"fs\"} 1.0\n",
                            "holdfast_snapshot_mode{mode=\"DETACHED\",store=\"fs\"} 0.0\n",
                            "holdfast_snapshots_spooled 0.0\n",
                            "holdfast_snapshot_revision 7.0\n",
                            "holdfast_models 1.0\n",
                            "holdfast_model_versions{status=\"READY\"} 1.0\n",
                            "holdfast_workers{model_name=\"sum\",model_version=\"1.0\"} 1.0\n");
        }
    }

    @Test
    void timesOfRequestsAndOfTheStoreAreHistograms() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("sum.mar")) {
            host.counters.ran("sum", "1.0", 3, 1_000_000);
            host.counters.predicted("sum", "1.0", 1_000_000, 3_000_000);
            host.counters.predicted("sum", "1.0", 20_000_000, 3_000_000);
            host.store.called("save", StoreMeasures.Outcome.OK, 2_000_000);
            host.store.called("save", StoreMeasures.Outcome.CONFLICT, 60_000_000_000L);

            String labels = "model_name=\"sum\",model_version=\"1.0\"";
            assertThat(host.metrics("/metrics").body())
                    .contains(
                            "# TYPE holdfast_request_seconds histogram\n",
                            "holdfast_request_seconds_bucket{" + labels + ",le=\"0.0025\"} 0\n",
                            "holdfast_request_seconds_bucket{" + labels + ",le=\"0.005\"} 1\n",
                            "holdfast_request_seconds_bucket{" + labels + ",le=\"0.025\"} 2\n",
                            "holdfast_request_seconds_count{" + labels + "} 2\n",
                            "holdfast_request_seconds_sum{" + labels + "} 0.027\n",
                            "holdfast_request_queue_seconds_bucket{" + labels + ",le=\"0.001\"} 1\n",
                            "holdfast_batch_requests_bucket{" + labels + ",le=\"2.0\"} 0\n",
                            "holdfast_batch_requests_bucket{" + labels + ",le=\"4.0\"} 1\n",
                            "holdfast_store_call_seconds_bucket{method=\"save\",outcome=\"ok\",le=\"0.0025\"} 1\n",
                            "holdfast_store_call_seconds_bucket{method=\"save\",outcome=\"conflict\",le=\"30.0\"} 0\n",
                            "holdfast_store_call_seconds_bucket{method=\"save\",outcome=\"conflict\",le=\"+Inf\"} 1\n",
                            "holdfast_snapshot_saved_bytes_total 0.0\n",
                            "holdfast_plugins{state=\"loaded\"} ")
                    .doesNotContain("holdfast_snapshot_last_saved_timestamp_seconds");
        }
    }

    @Test
    void onlyTheNamedMetricsAreGivenWhereSomeAreNamed() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("sum.mar")) {
            host.counters.predicted("sum", "1.0", 1_000, 2_000);

            String some = host.metrics("/metrics?name[]=ts_inference_requests_total&name[]=holdfast_models"
                            .replace("[", "%5B")
                            .replace("]", "%5D"))
                    .body();

            assertThat(some.lines().filter(line -> !line.startsWith("#")))
                    .containsExactlyInAnyOrder(
                            "ts_inference_requests_total{model_name=\"sum\",model_version=\"1.0\",hostname=\"test-host\",} 1.0",
                            "holdfast_models 1.0");
        }
    }

    @Test
    void whatIsNotServedAnyMoreIsNotCountedAnyMore() {
        try (HostUnderTest host = new HostUnderTest(directory, Map.of()).with("sum.mar")) {
            host.counters.predicted("sum", "1.0", 1_000, 2_000);
            for (int i = 0; i < 1_000; i++) {
                host.counters.predicted("gone-" + i, "1.0", 1_000, 2_000);
            }

            assertThat(host.metrics("/metrics").body())
                    .contains("model_name=\"sum\"")
                    .doesNotContain("gone-");
        }
    }
}
