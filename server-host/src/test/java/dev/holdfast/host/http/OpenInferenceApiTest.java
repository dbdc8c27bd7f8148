package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenInferenceApiTest {

    private static final String INPUT = "{\"name\":\"x\",\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6]}";

    @TempDir
    static Path directory;

    HostUnderTest host;

    @BeforeAll
    void start() {
        host = new HostUnderTest(directory, Map.of());
        host.with("wide.mar").with("wide-2.0.mar").with("echo.mar").with("idle.mar");
        host.management("PUT", "/models/idle?min_worker=0&max_worker=0&synchronous=true");
    }

    @AfterAll
    void stop() {
        host.close();
    }

    @Test
    void allOutputsAreGivenFlatWithTheRequestsId() {
        HttpResponse<String> answer =
                host.inference("POST", "/v2/models/wide/infer", "{\"id\":\"a1\",\"inputs\":[" + INPUT + "]}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body())
                .isEqualTo("{\"model_name\":\"wide\",\"model_version\":\"1.0\",\"id\":\"a1\",\"outputs\":["
                        + "{\"name\":\"y\",\"shape\":[2,1],\"datatype\":\"FP32\",\"data\":[6.0,15.0]},"
                        + "{\"name\":\"z\",\"shape\":[2],\"datatype\":\"INT64\",\"data\":[0,1]}]}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"inputs\":[INPUT],\"model_name\":\"wide\",\"parameters\":null,\"outputs\":null}",
                "{\"id\":null,\"more\":{\"y\":[1]},\"inputs\":[INPUT],\"raw_input_contents\":[]}",
                "{\"inputs\":[{\"contents\":null,\"parameters\":null,\"z\":[{}],FIELDS}]}",
                "{\"inputs\":[{FIELDS}],\"outputs\":[{\"name\":\"y\",\"shape\":null,\"datatype\":\"FP32\"},{\"name\":\"z\"}]}",
                "{\"inputs\":[INPUT],\"parameters\":{\"binary_data_output\":null,\"x\":null}}"
            })
    void unknownFieldsAndNullsAreAsIfTheyWereNotThere(String body) {
        String whole = body.replace("INPUT", INPUT).replace("FIELDS", INPUT.substring(1, INPUT.length() - 1));

        HttpResponse<String> answer = host.inference("POST", "/v2/models/wide/infer", whole);
        HttpResponse<String> ofTheOtherPath = host.inference("POST", "/predictions/wide", whole);

        assertThat(answer.body()).contains("\"data\":[6.0,15.0]").doesNotContain("\"id\"");
        assertThat(ofTheOtherPath.body()).isEqualTo(answer.body());
    }

    @Test
    void besideTheInstancesOfVersion1AnythingMayStand() {
        String body = "{\"signature_name\":null,\"instances\":[[1,2,3]],\"outputs\":null,\"model_name\":\"wide\"}";

        assertThat(host.inference("POST", "/v1/models/wide:predict", body).statusCode())
                .isEqualTo(200);
        assertThat(host.inference("POST", "/v1/models/wide:predict", "{\"instance\":[[1,2,3]]}")
                        .body())
                .contains("There is no input 'instance'");
    }

    @Test
    void outputsAreSelectedByName() {
        HttpResponse<String> answer = host.inference(
                "POST",
                "/v2/models/wide/versions/2.0/infer",
                "{\"inputs\":[" + INPUT + "],\"outputs\":[{\"name\":\"z\",\"parameters\":{\"binary_data\":false}}]}");

        assertThat(answer.body())
                .isEqualTo("{\"model_name\":\"wide\",\"model_version\":\"2.0\",\"outputs\":["
                        + "{\"name\":\"z\",\"shape\":[2],\"datatype\":\"INT64\",\"data\":[0,1]}]}");
    }

    @Test
    void rawModelsTakeTextAsBytes() {
        HttpResponse<String> answer = host.inference(
                "POST",
                "/v2/models/echo/infer",
                "{\"inputs\":[{\"name\":\"body\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"hé\"]}]}");

        assertThat(answer.body()).contains("\"data\":[\"hé\"]");
    }

    @Test
    void metadataNamesVersionsInputsAndOutputs() {
        assertThat(host.inference("GET", "/v2/models/wide", "").body().replaceAll("\\s", ""))
                .isEqualTo("{\"name\":\"wide\",\"versions\":[\"1.0\",\"2.0\"],\"platform\":\"fake\",\"inputs\":"
                        + "[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,3]}],\"outputs\":"
                        + "[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[-1,1]},"
                        + "{\"name\":\"z\",\"datatype\":\"INT64\",\"shape\":[-1]}]}");
        assertThat(host.inference("GET", "/v2", "").body())
                .contains("\"version\": \"9.8.7\"", "\"binary_tensor_data\"");
    }

    @Test
    void readinessIsReal() {
        assertThat(host.inference("GET", "/v2/models/wide/versions/2.0/ready", "")
                        .body())
                .contains("\"ready\": true");
        HttpResponse<String> idle = host.inference("GET", "/v2/models/idle/ready", "");
        assertThat(idle.statusCode()).isEqualTo(503);
        assertThat(idle.body()).contains("\"ready\": false");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /v2/models/none/infer            | {}                     | 404 | Model not found: none
            /v2/models/wide/versions/9/infer | {}                     | 404 | Model version: 9 does not exist
            /v2/models/wide/infer            | {"inputs"              | 400 | The body is no JSON
            /v2/models/wide/infer            | []                     | 400 | The body must be an object
            /v2/models/wide/infer            | {}                     | 400 | The request has no 'inputs'
            /v2/models/wide/infer            | {"inputs":[]}          | 400 | An input is missing
            /v2/models/wide/infer            | {"inputs":{}}          | 400 | must be an array of tensors
            /v2/models/wide/infer            | {"inputs":[[1]]}       | 400 | must be an array of tensors
            /v2/models/wide/infer            | {"input":[]}           | 400 | The request has no 'inputs'
            /v2/models/wide/infer            | {"id":5}               | 400 | 'id' must be a text
            /v2/models/wide/infer            | {"inputs":[{"name":"x","shape":[1,3],"datatype":"FP64","data":[1,2,3]}]} | 400 | Input 'x' wants FP32
            /v2/models/wide/infer            | {"inputs":[{"name":"q","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]} | 400 | There is no input 'q'
            /v2/models/wide/infer            | {"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}]} | 400 | no header Inference-Header-Content-Length
            /v2/models/wide/infer            | {"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}],"outputs":[{"name":"q"}]} | 400 | The model has no output 'q'; it has [y, z]
            /v2/models/idle/infer            | {"inputs":[{"name":"body","shape":[1],"datatype":"BYTES","data":["x"]}]} | 503 | has no worker
            /v2/models/wide/explain          | {}                     | 501 | Explanations are not supported
            /v2/models/a%2Fb/infer           | {}                     | 400 | Model name 'a/b' must match
            /v2/nothing                      | {}                     | 404 | Requested resource is not found
            """)
    void errorsHaveTheProtocolsShape(String path, String body, int status, String message) {
        HttpResponse<String> answer = host.inference("POST", path, body);

        assertThat(answer.body()).startsWith("{\n  \"error\": \"").contains(message);
        assertThat(answer.statusCode()).isEqualTo(status);
    }
}
