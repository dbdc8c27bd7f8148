package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes that are made only on the revision that their caller has seen. */
class ConditionalChangesTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private Path directory;

    private Host host;

    @BeforeEach
    void start() throws Exception {
        Path store = directory.resolve("model-store");
        for (String model : List.of("a", "b", "c", "d")) {
            TestArchives.noop(store, model + ".mar", model, "1.0");
        }
        host = HostsInTests.start(store, directory.resolve("logs"));
        for (String model : List.of("a", "b", "c")) {
            assertThat(call("POST", "/models?url=" + model + ".mar").statusCode())
                    .isEqualTo(200);
        }
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private HttpRequest.Builder request(String method, String path) {
        return HttpRequest.newBuilder(URI.create(host.managementAddress() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
    }

    private HttpResponse<String> call(String method, String path) throws Exception {
        return HTTP.send(request(method, path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> call(String method, String path, String tag) throws Exception {
        return HTTP.send(request(method, path).header("If-Match", tag).build(), HttpResponse.BodyHandlers.ofString());
    }

    private String tag(String path) throws Exception {
        return call("GET", path).headers().firstValue("ETag").orElseThrow();
    }

    @Test
    void aChangeForTheRevisionOfNowIsMadeAndTheSameOnceMoreIsNot() throws Exception {
        String tag = tag("/models");
        assertThat(tag).matches("\"[0-9]+\"").isEqualTo(tag("/models/a")).isEqualTo(tag("/snapshots/status"));

        assertThat(call("DELETE", "/models/a", tag).statusCode()).isEqualTo(200);

        for (String path : List.of("/models/b", "/models/nowhere")) {
            HttpResponse<String> late = call("DELETE", path, tag);
            assertThat(late.statusCode()).isEqualTo(412);
            assertThat(late.body())
                    .contains("PreconditionFailedException", "it was made for revision " + tag.replace("\"", ""));
        }
        assertThat(call("GET", "/models/b").statusCode()).isEqualTo(200);
        assertThat(call("DELETE", "/models/b", tag("/models")).statusCode()).isEqualTo(200);
    }

    @Test
    void whatIsRefusedIsNotBegun() throws Exception {
        String tag = tag("/models");
        assertThat(call("DELETE", "/models/a").statusCode()).isEqualTo(200);
        String now = tag("/models");

        assertThat(call("POST", "/models?url=d.mar", tag).statusCode()).isEqualTo(412);
        assertThat(call("PUT", "/models/b?min_worker=3", tag).statusCode()).isEqualTo(412);
        assertThat(call("POST", "/snapshots?name=mine", tag).statusCode()).isEqualTo(412);
        assertThat(call("POST", "/v2/repository/models/b/unload", tag).statusCode())
                .isEqualTo(412);

        assertThat(tag("/models")).isEqualTo(now);
        assertThat(call("GET", "/models/d").statusCode()).isEqualTo(404);
        assertThat(call("GET", "/snapshots/mine").statusCode()).isEqualTo(404);
    }

    @Test
    void ofManyAtOnceForOneRevisionOneIsMade() throws Exception {
        for (int round = 1; round <= 5; round++) {
            String tag = tag("/models");
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int caller = 0; caller < 9; caller++) {
                String path = "/models/" + "abc".charAt(caller % 3) + "?synchronous=true&min_worker=" + (round % 2 + 1);
                answers.add(HTTP.sendAsync(
                        request("PUT", path).header("If-Match", tag).build(), HttpResponse.BodyHandlers.ofString()));
            }

            List<Integer> codes =
                    answers.stream().map(answer -> answer.join().statusCode()).toList();

            assertThat(codes).containsOnly(200, 412).containsOnlyOnce(200);
        }
    }

    @Test
    void anyRevisionWillDoForAStarAndWhatIsNoRevisionIsABadRequest() throws Exception {
        assertThat(call("PUT", "/models/a?min_worker=1", "*").statusCode()).isEqualTo(202);

        for (String wrong : List.of("yesterday", "W/\"1\"", "\"1\", \"2\"", "-1", "\"\"")) {
            HttpResponse<String> answer = call("PUT", "/models/a?min_worker=1", wrong);
            assertThat(answer.statusCode()).as(wrong).isEqualTo(400);
            assertThat(answer.body()).as(wrong).contains("must be one revision");
        }
    }
}
