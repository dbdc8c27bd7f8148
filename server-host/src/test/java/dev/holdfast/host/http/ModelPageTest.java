package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.serving.VersionStatus;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ModelPageTest {

    @TempDir
    static Path directory;

    private HostUnderTest host;

    @BeforeAll
    void start() {
        host = new HostUnderTest(directory, Map.of());
        host.with("wide.mar").with("wide-2.0.mar").with("echo.mar");
    }

    @AfterAll
    void stop() {
        host.close();
    }

    @Test
    void thePageOfAModelNeedsNothingElseAndSaysWhatGoesInAndOut() {
        HttpResponse<String> answer = host.inference("GET", "/v2/models/wide/docs", "");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/html;charset=utf-8");
        assertThat(answer.headers().firstValue("Content-Security-Policy"))
                .hasValue("default-src 'none'; style-src 'unsafe-inline'");
        assertThat(answer.body())
                .contains("<h1>wide</h1>", "Version 1.0, the default", "<code>fake</code>")
                .contains("<tr><td><code>x</code><td>FP32<td>any × 3</tr>")
                .contains("<tr><td><code>z</code><td>INT64<td>any</tr>")
                .contains("<a href=\"/v2/models/wide/versions/2.0/docs\">2.0</a>")
                .contains(host.apis.inference() + "/v2/models/wide/infer")
                .doesNotContain("<script", "src=", "INFERENCE_TOKEN");
    }

    @Test
    void eachVersionHasAPageAndWhatIsNotThereHasNone() {
        assertThat(host.inference("GET", "/v2/models/wide/versions/2.0/docs", "")
                        .body())
                .contains(
                        "Version 2.0, run by",
                        "/v2/models/wide/versions/2.0/infer",
                        "/v2/models/wide/versions/2.0/stats");
        assertThat(host.inference("GET", "/v2/models/none/docs", "").statusCode())
                .isEqualTo(404);
        assertThat(host.inference("GET", "/v2/models/wide/versions/3.0/docs", "")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void aModelThatTakesBodiesAsTheyAreIsAskedSo() {
        assertThat(host.inference("GET", "/v2/models/echo/docs", "").body())
                .contains("It takes the body of a request as it is")
                .contains("--data-binary &#39;hello&#39; &#39;" + host.apis.inference() + "/predictions/echo&#39;");
    }

    @Test
    void whereCallersShowTokensTheSamplesDoToo() {
        ModelSignature signature = new ModelSignature(
                "fake", List.of(new TensorSpec("x", TensorType.FP32, List.of(-1L))), List.of(), false);
        SampleRequest sample = new SampleRequest(signature, true);

        assertThat(sample.curl("http://h")).contains("-H \"Authorization: Bearer $INFERENCE_TOKEN\"");
        assertThat(sample.python("http://h")).contains("\"Bearer \" + os.environ[\"INFERENCE_TOKEN\"]");
    }

    @Test
    void namesOfTensorsAreTextWhateverIsInThem() {
        String nasty = "</pre><script>alert('1')</script>\"&amp;";
        VersionStatus real = host.operations.models().status("wide", Optional.empty());
        ModelSignature signature = new ModelSignature(
                "<b>",
                List.of(new TensorSpec(nasty, TensorType.FP32, List.of(2L))),
                List.of(),
                List.of(new TensorSpec(nasty, TensorType.BYTES, List.of())),
                List.of(),
                Map.of("<i>", "<u>"),
                false);
        VersionStatus status = new VersionStatus(
                real.model(),
                real.version(),
                true,
                real.state(),
                true,
                real.runtime(),
                Optional.of(signature),
                Optional.of("<s>"),
                real.hold(),
                List.of(),
                List.of(),
                0,
                0,
                Optional.empty(),
                Optional.empty(),
                real.retryTimeout(),
                Optional.empty(),
                0);

        String html = new ModelPage(status, List.of(status), Optional.empty(), "http://h", false).html();

        assertThat(html)
                .contains("&lt;/pre&gt;&lt;script&gt;", "&quot;&amp;amp;", "<td>one element</tr>")
                .doesNotContain("<script", "alert('", "<b>", "<i>", "<u>", "<s>");
    }

    @Test
    void aHostNameThatIsNoneIsNotRepeated() {
        assertThat(HostUnderTest.raw(
                        host.apis.inference(),
                        "GET /v2/models/wide/docs HTTP/1.1\r\nHost: a\"><script>\r\nConnection: close\r\n\r\n"))
                .doesNotContain("<script>");
    }
}
