package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients of TorchServe 0.12 know by heart: method, path, status and body. */
class CompatibilityTest {

    @TempDir
    Path directory;

    HostUnderTest host;

    @BeforeEach
    void start() {
        host = new HostUnderTest(directory, Map.of());
        host.with("noop-1.11.mar").with("noop-1.2.1.mar").with("sum.mar");
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @ParameterizedTest(name = "{0} {1} -> {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            GET     | /models                              | 200 | "modelName": "noop"
            GET     | /models?limit=1                      | 200 | "nextPageToken": "1"
            GET     | /models?limit=2                      | 200 | "modelUrl": "sum.mar"
            GET     | /models?limit=x&next_page_token=y    | 200 | "modelName": "sum"
            GET     | /models?next_page_token=77           | 200 | "models": []
            GET     | /models?limit=0                      | 200 | "models": []
            PUT     | /models                              | 405 | "Requested method is not allowed, please refer to API document."
            DELETE  | /models                              | 405 | "type": "MethodNotAllowedException"
            POST    | /models                              | 400 | "message": "Parameter url is required."
            POST    | /models?url=                         | 404 | "message": "empty url"
            POST    | /models?url=echo.mar&initial_workers=0 | 200 | "status": "Model \\"echo\\" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the model."
            POST    | /models?url=echo.mar&initial_workers=2 | 200 | "status": "Model \\"echo\\" Version: 1.0 registered with 2 initial workers"
            POST    | /models?url=echo.mar&synchronous=false | 202 | "status": "Processing worker updates..."
            POST    | /models?url=echo.mar&model_name=e2   | 200 | "status": "Model \\"e2\\" Version: 1.0 registered with 1 initial workers"
            POST    | /models?url=noop-1.11.mar            | 409 | "message": "Model version 1.11 is already registered for model noop"
            POST    | /models?url=echo.mar&runtime=cobol   | 400 | "message": "Invalid RuntimeType value: cobol"
            GET     | /models/noop                         | 200 | "modelVersion": "1.11"
            GET     | /models/noop/                        | 200 | "modelVersion": "1.11"
            GET     | /models/noop/1.2.1                   | 200 | "modelVersion": "1.2.1"
            GET     | /models/noop/all                     | 200 | "modelVersion": "1.2.1"
            GET     | /models/none                         | 404 | "message": "Model not found: none"
            GET     | /models/noop/7                       | 404 | "message": "Model version: 7 does not exist for model: noop"
            PUT     | /models/noop?min_worker=3            | 202 | "status": "Processing worker updates..."
            PUT     | /models/noop?min_worker=3&synchronous=true | 200 | "status": "Workers scaled to 3 for model: noop"
            PUT     | /models/noop/1.2.1?min_worker=2&synchronous=true | 200 | "status": "Workers scaled to 2 for model: noop, version: 1.2.1"
            PUT     | /models/noop?min_worker=2&model_version=1.2.1&synchronous=true | 200 | "status": "Workers scaled to 2 for model: noop, version: 1.2.1"
            PUT     | /models/noop?min_worker=0&max_worker=0&synchronous=true&number_gpu=7&timeout=-1 | 200 | "status": "Workers scaled to 0 for model: noop"
            PUT     | /models/noop?min_worker=3&max_worker=1 | 400 | "message": "max_worker cannot be less than min_worker."
            PUT     | /models/none?min_worker=3            | 404 | "type": "ModelNotFoundException"
            PUT     | /models/noop/7?min_worker=3          | 404 | "type": "ModelVersionNotFoundException"
            PUT     | /models/noop/1.2.1/set-default       | 200 | "status": "Default version successfully updated for model \\"noop\\" to \\"1.2.1\\""
            PUT     | /models/none/1/set-default           | 404 | "message": "Model not found: none"
            PUT     | /models/noop/7/set-default           | 404 | "type": "ModelVersionNotFoundException"
            DELETE  | /models/sum                          | 200 | "status": "Model \\"sum\\" unregistered"
            DELETE  | /models/noop/1.2.1?x=y               | 200 | "status": "Model \\"noop\\" unregistered"
            DELETE  | /models/noop                         | 403 | "message": "Cannot remove default version for model noop"
            DELETE  | /models/noop/1.11                    | 403 | "type": "InvalidModelVersionException"
            DELETE  | /models/none                         | 404 | "type": "ModelNotFoundException"
            DELETE  | /models/noop/7                       | 404 | "type": "ModelVersionNotFoundException"
            GET     | /v1/models/noop                      | 200 | "ready": true
            GET     | /v1/models/none                      | 404 | "type": "ModelNotFoundException"
            OPTIONS | /                                    | 200 | "openapi"
            GET     | /api-description                     | 200 | "version": "9.8.7"
            OPTIONS | /models/noop                         | 200 | "/predictions/noop"
            OPTIONS | /models/none                         | 404 | "type": "ModelNotFoundException"
            GET     | /                                    | 405 | "code": 405
            GET     | /nothing/here                        | 404 | "message": "Requested resource is not found, please refer to API document."
            GET     | /workflows                           | 200 | "workflows": [
            """)
    void managementAnswers(String method, String path, int status, String body) {
        HttpResponse<String> answer = host.management(method, path);

        assertThat(answer.body()).contains(body);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(answer.headers().firstValue("x-request-id")).isPresent();
        assertThat(answer.headers().firstValue("pragma")).hasValue("no-cache");
    }

    @ParameterizedTest(name = "{0} {1} -> {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            GET     | /ping                          |               | 200 | "status": "Healthy"
            POST    | /predictions/noop              | x             | 200 | OK
            GET     | /predictions/noop              | ``            | 200 | OK
            PUT     | /predictions/noop/1.2.1        | x             | 200 | OK
            POST    | /predictions/noop/1.2.1/a/b    | x             | 200 | OK
            POST    | /predictions/sum               | [1,2,3]       | 200 | [6.0]
            POST    | /predictions/none              | x             | 404 | "message": "Model not found: none"
            POST    | /predictions/noop/7            | x             | 404 | "type": "ModelVersionNotFoundException"
            POST    | /noop/predict                  | x             | 200 | OK
            POST    | /noop/1.2.1/predict            | x             | 200 | OK
            POST    | /invocations?model_name=noop   | x             | 200 | OK
            POST    | /invocations                   | x             | 400 | "message": "Parameter model_name is required."
            POST    | /models/noop/invoke            | x             | 200 | OK
            POST    | /v1/models/sum:predict         | {"instances":[[1,2,3],[4,5,6]]} | 200 | {"predictions":[[6.0],[15.0]]}
            POST    | /v1/models/none:predict        | {}            | 404 | "type": "ModelNotFoundException"
            POST    | /explanations/noop             | x             | 501 | "type": "NotImplementedException"
            POST    | /v1/models/sum:explain         | {}            | 501 | "type": "NotImplementedException"
            POST    | /wfpredict/w                   | x             | 404 | "type": "WorkflowNotFoundException"
            GET     | /v2                            | ``            | 200 | "name": "holdfast"
            GET     | /v2/health/live                | ``            | 200 | "live": true
            GET     | /v2/health/ready               | ``            | 200 | "ready": true
            OPTIONS | /                              | ``            | 200 | "openapi"
            OPTIONS | /predictions/noop              | ``            | 200 | "/predictions/noop"
            OPTIONS | /predictions/none              | ``            | 404 | "type": "ModelNotFoundException"
            GET     | /nothing                       | ``            | 404 | "message": "Requested resource is not found, please refer to API document."
            DELETE  | /predictions/noop              | x             | 405 | "message": "Requested method is not allowed, please refer to API document."
            DELETE  | /ping                          | ``            | 405 | "message": "Requested method is not allowed, please refer to API document."
            """)
    void inferenceAnswers(String method, String path, String body, int status, String answered) {
        HttpResponse<String> answer = host.inference(method, path, body == null ? "" : body);

        assertThat(answer.body()).contains(answered);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("x-request-id")).isPresent();
    }

    @Test
    void errorsHaveExactlyCodeTypeAndMessage() {
        assertThat(host.management("GET", "/models/none").body()).isEqualTo("""
                        {
                          "code": 404,
                          "type": "ModelNotFoundException",
                          "message": "Model not found: none"
                        }
                        """);
    }

    @Test
    void aModelWithoutWorkersIsUnavailable() {
        host.management("PUT", "/models/noop?min_worker=0&max_worker=0&synchronous=true");

        HttpResponse<String> answer = host.inference("POST", "/predictions/noop", "x");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body())
                .contains("\"type\": \"ServiceUnavailableException\"")
                .contains("has no worker to serve inference request");
        assertThat(host.inference("GET", "/ping", "").statusCode()).isEqualTo(200);
    }

    @Test
    void describedFieldsComeInTorchservesOrderAndOursAfterThem() {
        String described = host.management("GET", "/models/sum").body();

        assertThat(described).startsWith("[\n");
        assertThat(described)
                .containsSubsequence(
                        "modelName",
                        "modelVersion",
                        "modelUrl",
                        "\"runtime\": \"fake\"",
                        "minWorkers",
                        "maxWorkers",
                        "batchSize",
                        "\"maxBatchDelay\": 0",
                        "responseTimeout",
                        "startupTimeout",
                        "maxRetryTimeoutInSec",
                        "clientTimeoutInMills",
                        "parallelType",
                        "parallelLevel",
                        "deviceType",
                        "continuousBatching",
                        "useJobTicket",
                        "useVenv",
                        "stateful",
                        "sequenceMaxIdleMSec",
                        "sequenceTimeoutMSec",
                        "maxNumSequence",
                        "maxSequenceJobQueueSize",
                        "\"loadedAtStartup\": false",
                        "workers",
                        "id",
                        "startTime",
                        "\"status\": \"READY\"",
                        "memoryUsage",
                        "pid",
                        "gpu",
                        "\"gpuUsage\": \"N/A\"",
                        "jobQueueStatus",
                        "remainingCapacity",
                        "pendingRequests",
                        "\"status\": \"READY\"",
                        "\"defaultVersion\": true",
                        "\"runtimeType\": \"python\"",
                        "\"platform\": \"fake_v1\"",
                        "\"snapshot\": \"last.cfg\"");
    }

    @Test
    void aBuiltInHandlerHasTheRuntimeThatTorchserveWouldSay() {
        assertThat(host.management("GET", "/models/noop").body())
                .contains("\"runtime\": \"python\"", "\"runtimeType\": \"python\"");
    }

    @Test
    void aModelIsRegisteredByALenientJsonBody() {
        HttpResponse<String> answer = HostUnderTest.call(
                host.apis.management(),
                "POST",
                "/models",
                "{'url': 'echo.mar', batch_size: '4', \"initial_workers\": 2, 'synchronous': true, 'handler': null}",
                "Content-Type",
                "application/json");

        assertThat(answer.body()).contains("registered with 2 initial workers");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(host.management("GET", "/models/echo").body()).contains("\"batchSize\": 4");
    }

    @Test
    void withoutTheModelApiModelsCanBeScaledButNeitherRegisteredNorUnregistered() {
        try (HostUnderTest closed = new HostUnderTest(directory, Map.of("enable_model_api", "false"))) {
            closed.with("noop.mar");

            assertThat(closed.management("POST", "/models?url=echo.mar").statusCode())
                    .isEqualTo(405);
            assertThat(closed.management("DELETE", "/models/noop").statusCode()).isEqualTo(405);
            assertThat(closed.management("PUT", "/models/noop?min_worker=2").statusCode())
                    .isEqualTo(202);
            assertThat(closed.serving.state().models()).containsOnlyKeys("noop");
        }
    }
}
