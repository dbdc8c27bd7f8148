package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading and unloading as Triton's clients ask for it. */
class RepositoryApiTest {

    @TempDir
    private Path directory;

    private HostUnderTest host(String... settings) {
        return new HostUnderTest(directory, settings.length == 0 ? Map.of() : Map.of(settings[0], settings[1]))
                .with("sum.mar")
                .with("sum-2.0.mar");
    }

    private static HttpResponse<String> call(HostUnderTest host, String path, String body) {
        return HostUnderTest.call(host.apis.management(), "POST", path, body);
    }

    @Test
    void theIndexHasWhatIsServedAndWhatLiesInTheStore() {
        try (HostUnderTest host = host()) {
            host.models.stored = List.of("sum.mar", "wide.mar");

            assertThat(call(host, "/v2/repository/index", "").body())
                    .contains("\"name\": \"sum\"", "\"version\": \"2.0\"", "\"state\": \"READY\"")
                    .contains("\"name\": \"wide\"", "\"state\": \"UNAVAILABLE\"", "\"reason\": \"not loaded\"");
            assertThat(call(host, "/v2/repository/index", "{\"ready\":true}").body())
                    .contains("sum")
                    .doesNotContain("wide");
        }
    }

    @Test
    void aModelOfTheStoreIsLoadedByItsNameAndUnloadedAndLoadedAgain() throws Exception {
        try (HostUnderTest host = host()) {
            host.models.stored = List.of("sum.mar", "wide.mar");
            int before = host.snapshots.changes.get();

            assertThat(call(host, "/v2/repository/models/wide/load", "{}").statusCode())
                    .isEqualTo(200);
            assertThat(host.inference("POST", "/predictions/wide", "[1,2,3]").statusCode())
                    .isEqualTo(200);
            HttpResponse<String> unloaded =
                    call(host, "/v2/repository/models/wide/unload", "{\"parameters\":{\"unload_dependents\":true}}");
            assertThat(unloaded.body()).contains("Model \\\"wide\\\" unloaded");
            assertThat(host.inference("POST", "/predictions/wide", "[1,2,3]").statusCode())
                    .isEqualTo(503);
            assertThat(call(host, "/v2/repository/index", "").body()).contains("\"reason\": \"unloaded\"");
            assertThat(call(host, "/v2/repository/models/wide/load", "").body()).contains("Model \\\"wide\\\" loaded");
            assertThat(host.inference("POST", "/predictions/wide", "[1,2,3]").statusCode())
                    .isEqualTo(200);
            assertThat(host.snapshots.changes.get()).as("each is durable").isEqualTo(before + 3);
            assertThat(Files.readString(directory.resolve("audit.log")))
                    .contains("/v2/repository/models/wide/unload")
                    .doesNotContain("/v2/repository/index");
        }
    }

    @Test
    void aModelThatIsLoadedAgainHasTheWorkersThatItHad() {
        try (HostUnderTest host = host()) {
            host.management("PUT", "/models/sum/1.0?min_worker=2&max_worker=3&synchronous=true");

            call(host, "/v2/repository/models/sum/unload", "");
            call(host, "/v2/repository/models/sum/unload", "");
            call(host, "/v2/repository/models/sum/load", "");

            assertThat(host.management("GET", "/models/sum/1.0").body())
                    .contains("\"minWorkers\": 2", "\"maxWorkers\": 3");
            assertThat(host.management("GET", "/models/sum/2.0").body())
                    .contains("\"minWorkers\": 1", "\"maxWorkers\": 1");
        }
    }

    @Test
    void allVersionsOfAModelAreUnloaded() {
        try (HostUnderTest host = host()) {
            call(host, "/v2/repository/models/sum/unload", "");

            assertThat(host.inference("POST", "/predictions/sum/1.0", "[1,2,3]").statusCode())
                    .isEqualTo(503);
            assertThat(host.inference("POST", "/predictions/sum/2.0", "[1,2,3]").statusCode())
                    .isEqualTo(503);
        }
    }

    @Test
    void whatIsNotThereOrNotSupportedIsSaid() {
        try (HostUnderTest host = host()) {
            HttpResponse<String> none = call(host, "/v2/repository/models/none/load", "");
            assertThat(none.statusCode()).isEqualTo(404);
            assertThat(none.body()).contains("Model not found: none.", "the model store has no archive of that name");
            assertThat(call(host, "/v2/repository/models/none/unload", "").statusCode())
                    .isEqualTo(404);
            HttpResponse<String> other =
                    call(host, "/v2/repository/models/sum/load", "{\"parameters\":{\"config\":\"{}\"}}");
            assertThat(other.statusCode()).isEqualTo(400);
            assertThat(other.body()).contains("Parameter 'config' is not supported");
        }
    }

    @Test
    void theInferenceAddressHasTheCallsWhereTokensTellWhoMay() throws Exception {
        try (HostUnderTest host = host("disable_token_authorization", "false")) {
            String file = Files.readString(directory.resolve("key_file.json"));
            String management = file.replaceFirst("(?s).*\"management\": \\{\\s*\"key\": \"([^\"]*)\".*", "$1");
            String inference = file.replaceFirst("(?s).*\"inference\": \\{\\s*\"key\": \"([^\"]*)\".*", "$1");

            assertThat(host.inference("POST", "/v2/repository/index", "", "Authorization", "Bearer " + management)
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.inference("POST", "/v2/repository/index", "", "Authorization", "Bearer " + inference)
                            .statusCode())
                    .isEqualTo(403);
        }
        try (HostUnderTest host = host()) {
            assertThat(host.inference("POST", "/v2/repository/index", "").statusCode())
                    .isEqualTo(404);
        }
    }
}
