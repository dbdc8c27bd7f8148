package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ROW = "{\"instances\":[[1,2,3]]}";

    @TempDir
    static Path directory;

    private HostUnderTest host;

    @BeforeEach
    void start() {
        host = new HostUnderTest(directory, Map.of());
        host.with("sum.mar").with("sum-2.0.mar").with("broken.mar");
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private JsonNode stats(String path) throws Exception {
        HttpResponse<String> answer = host.inference("GET", path, "");
        assertThat(answer.statusCode()).isEqualTo(200);
        return JSON.readTree(answer.body()).get("model_stats");
    }

    @Test
    void requestsThatAreAnsweredAreCountedWithTheirTimes() throws Exception {
        long before = System.currentTimeMillis();
        host.inference("POST", "/predictions/sum/1.0", ROW);
        host.inference("POST", "/predictions/sum/1.0", ROW);

        JsonNode one = stats("/v2/models/sum/versions/1.0/stats").get(0);

        assertThat(one.get("name").asText()).isEqualTo("sum");
        assertThat(one.get("version").asText()).isEqualTo("1.0");
        assertThat(one.get("last_inference").asLong()).isBetween(before, System.currentTimeMillis());
        assertThat(one.get("inference_count").asLong()).isEqualTo(2);
        assertThat(one.get("execution_count").asLong()).isEqualTo(2);
        JsonNode requests = one.get("inference_stats");
        assertThat(requests.get("fail").get("count").asLong()).isZero();
        for (String name : new String[] {"success", "queue", "compute_input", "compute_infer", "compute_output"}) {
            assertThat(requests.get(name).get("count").asLong()).as(name).isEqualTo(2);
        }
        assertThat(requests.get("success").get("ns").asLong())
                .isEqualTo(requests.get("queue").get("ns").asLong()
                        + requests.get("compute_infer").get("ns").asLong())
                .isPositive();
        JsonNode batch = one.get("batch_stats").get(0);
        assertThat(batch.get("batch_size").asInt()).isEqualTo(1);
        assertThat(batch.get("compute_infer").get("count").asLong()).isEqualTo(2);
    }

    @Test
    void requestsThatTheModelFailsAreCountedApart() throws Exception {
        host.inference("POST", "/predictions/broken", ROW);

        JsonNode broken = stats("/v2/models/broken/stats").get(0);

        assertThat(broken.get("inference_stats").get("fail").get("count").asLong())
                .isEqualTo(1);
        assertThat(broken.get("inference_stats").get("fail").get("ns").asLong()).isPositive();
        assertThat(broken.get("inference_stats").get("success").toString()).isEqualTo("{\"count\":0,\"ns\":0}");
        assertThat(broken.get("inference_count").asLong()).isZero();
        assertThat(broken.get("execution_count").asLong()).isEqualTo(1);
    }

    @Test
    void eachSizeOfBatchHasItsOwnTimes() throws Exception {
        host.counters.ran("sum", "2.0", 3, 700);
        host.counters.ran("sum", "2.0", 3, 300);
        host.counters.ran("sum", "2.0", 300, 5);

        JsonNode sizes = stats("/v2/models/sum/versions/2.0/stats").get(0).get("batch_stats");

        assertThat(sizes.get(0).get("batch_size").asInt()).isEqualTo(3);
        assertThat(sizes.get(0).get("compute_infer").toString()).isEqualTo("{\"count\":2,\"ns\":1000}");
        assertThat(sizes.get(1).get("batch_size").asInt()).isEqualTo(300);
    }

    @Test
    void withoutAVersionOrANameThereAreAll() throws Exception {
        assertThat(stats("/v2/models/sum/stats").findValuesAsText("version")).containsExactly("1.0", "2.0");
        assertThat(stats("/v2/models/stats").findValuesAsText("name"))
                .containsExactlyInAnyOrder("sum", "sum", "broken");
    }

    @Test
    void whatIsNotServedHasNone() {
        assertThat(host.inference("GET", "/v2/models/none/stats", "").statusCode())
                .isEqualTo(404);
        HttpResponse<String> version = host.inference("GET", "/v2/models/sum/versions/9/stats", "");
        assertThat(version.statusCode()).isEqualTo(404);
        assertThat(version.body()).contains("Model version: 9 does not exist");
    }
}
