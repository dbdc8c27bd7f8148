package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What handlers say of themselves, and the envelopes around what they are asked. */
class PythonDescriptionIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String DESCRIBED = """
            def handle(data, context):
                if data is None:
                    return None
                if context.get_request_header(0, "describe") == "True":
                    return [{"rows": len(data), "parameters": data[0], "half": 0.5, "none": None}]
                return ["predicted %s" % context.get_request_header(0, "describe")]
            """;

    @TempDir
    static Path store;

    @TempDir
    static Path logs;

    private static PythonHost host;

    @BeforeAll
    static void startHost() {
        host = new PythonHost(store, logs, Map.of("service_envelope", "body"));
    }

    @AfterAll
    static void stopHost() {
        if (host != null) {
            host.close();
        }
    }

    private static JsonNode customized(String path) throws IOException, InterruptedException {
        return JSON.readTree(host.management("GET", path).body());
    }

    @Test
    void aHandlerDescribesItsModelWhereItIsAskedTo() throws Exception {
        host.register("described", DESCRIBED);

        for (String path : new String[] {"/models/described", "/models/described/1.0"}) {
            JsonNode described = customized(path + "?customized=true");
            assertThat(described).hasSize(1);
            assertThat(described.get(0).path("modelName").asText()).isEqualTo("described");
            assertThat(described.get(0).path("customizedMetadata"))
                    .isEqualTo(JSON.readTree("{\"rows\": 1, \"parameters\": null, \"half\": 0.5, \"none\": null}"));
        }
        assertThat(customized("/models/described").get(0).has("customizedMetadata"))
                .isFalse();
        assertThat(customized("/models/described/all?customized=true").get(0).has("customizedMetadata"))
                .isFalse();
        assertThat(host.predict("/predictions/described", "x", "describe", "True")
                        .body())
                .isEqualTo("predicted None");
    }

    @Test
    void whatIsNoObjectIsLeftOutAndFailuresAreTold() throws Exception {
        host.register("odd", "def handle(data, context):\n    return ['text'] if data else None\n");
        host.register("fails", "def handle(data, context):\n    if data is not None:\n        raise ValueError('x')\n");

        assertThat(customized("/models/odd?customized=true").get(0).path("customizedMetadata"))
                .isEqualTo(JSON.createObjectNode());
        assertThat(host.management("GET", "/models/fails?customized=true").statusCode())
                .isEqualTo(503);
        assertThat(host.management("GET", "/models/none?customized=true").statusCode())
                .isEqualTo(404);
        host.management("PUT", "/models/odd?min_worker=0&max_worker=0&synchronous=true");
        assertThat(host.management("GET", "/models/odd?customized=true").statusCode())
                .isEqualTo(503);
    }

    @Test
    void anEnvelopeIsThatOfTheArchiveOrElseTheHosts() throws Exception {
        String echo = "def handle(data, context):\n    return [row for row in data] if data else None\n";
        host.register("usual", echo);
        PythonArchives.mar(
                store, "own", "\"handler\": \"handler.py\", \"envelope\": \"kserve\"", Map.of("handler.py", echo));
        host.registerArchive("own");

        assertThat(host.predict("/predictions/usual", "x", "Content-Type", "text/plain")
                        .body())
                .isEqualTo("x");
        String rows = "{\"instances\": [1, 2]}";
        assertThat(JSON.readTree(host.predict("/v1/models/own:predict", rows).body()))
                .isEqualTo(JSON.readTree("{\"predictions\": [1, 2]}"));
        assertThat(JSON.readTree(host.predict("/v1/models/own:explain", rows).body()))
                .isEqualTo(JSON.readTree("{\"explanations\": [1, 2]}"));
        assertThat(host.predict("/v1/models/own:predict", "[]", "Content-Type", "application/json")
                        .statusCode())
                .isEqualTo(400);
    }
}
