package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What TorchServe's collections of inference, explanation and KServe calls ask of models with handlers, row by row. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TorchServeCollectionsIT {

    /** Answers what it was asked for and how, or does what the body says. */
    private static final String HANDLER = """
            import json, os
            from ts.utils.util import PredictionException

            def handle(data, context):
                if data is None:
                    return None
                answers = []
                for i, row in enumerate(data):
                    row = {name: v.decode() if isinstance(v, bytearray) else v for name, v in row.items()}
                    what = row.get("body", row)
                    if what == "custom":
                        raise PredictionException("Some Prediction Error", 599)
                    if what == "memory":
                        raise MemoryError()
                    if what == "raise":
                        raise ValueError()
                    if what == "exit":
                        os._exit(1)
                    if context.get_request_header(i, "describe") == "True":
                        answers.append({"inputs": "text"})
                        continue
                    asked = "explain" if context.get_request_header(i, "explain") == "True" else "predict"
                    answers.append("%s %s" % (asked, json.dumps(what)))
                return answers
            """;

    private static final String KSERVE = """
            def handle(data, context):
                return [{"sum": sum(row)} for row in data] if data is not None else None
            """;

    @TempDir
    private static Path store;

    @TempDir
    private static Path logs;

    private PythonHost host;

    @BeforeAll
    void start() throws Exception {
        host = new PythonHost(store, logs);
        host.register("m", HANDLER);
        host.register("sleeping", HANDLER);
        host.management("PUT", "/models/sleeping?min_worker=0&max_worker=0&synchronous=true");
        PythonArchives.mar(
                store,
                "enveloped",
                "\"handler\": \"handler.py\", \"envelope\": \"kserve\"",
                Map.of("handler.py", KSERVE));
        host.management("POST", "/models?url=enveloped.mar&initial_workers=1");
    }

    @AfterAll
    void stop() {
        if (host != null) {
            host.close();
        }
    }

    @ParameterizedTest(name = "POST {0} {2} -> {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /predictions/m                 | text/plain       | hello        | 200 | predict "hello"
            /predictions/m/1.0             | text/plain       | hello        | 200 | predict "hello"
            /predictions/m/1.0/any/path    | text/plain       | hello        | 200 | predict "hello"
            /predictions/m                 | application/json | {"a": 1}     | 200 | predict {"a": 1}
            /predictions/m                 | application/x-www-form-urlencoded | data=hello | 200 | predict {"data": "hello"}
            /predictions/m?data=hello      | text/plain       | x            | 200 | predict "x"
            /predictions/m/2.0             | text/plain       | hello        | 404 | "message": "Model version: 2.0 does not exist for model: m"
            /predictions/none              | text/plain       | hello        | 404 | "message": "Model not found: none"
            /predictions/sleeping          | text/plain       | hello        | 503 | has no worker to serve inference request. Please use scale workers API to add workers.
            /predictions/m                 | text/plain       | custom       | 599 | "message": "Some Prediction Error"
            /predictions/m                 | text/plain       | memory       | 507 | "message": "Out of resources"
            /predictions/m                 | text/plain       | raise        | 503 | "message": "Prediction failed"
            /predictions/m                 | text/plain       | exit         | 500 | "message": "Worker died.
            /models/m/invoke               | text/plain       | hello        | 200 | predict "hello"
            /invocations?model_name=m      | text/plain       | hello        | 200 | predict
            /m/predict                     | text/plain       | hello        | 200 | predict "hello"
            /m/1.0/predict                 | text/plain       | hello        | 200 | predict "hello"
            /explanations/m                | text/plain       | hello        | 200 | explain "hello"
            /explanations/m/1.0            | text/plain       | hello        | 200 | explain "hello"
            /explanations/m                | application/json | {"a": 1}     | 200 | explain {"a": 1}
            /explanations/m/2.0            | text/plain       | hello        | 404 | "type": "ModelVersionNotFoundException"
            /explanations/none             | text/plain       | hello        | 404 | "type": "ModelNotFoundException"
            /explanations/sleeping         | text/plain       | hello        | 503 | "type": "ServiceUnavailableException"
            /explanations/m                | text/plain       | custom       | 599 | "message": "Some Prediction Error"
            /explanations/m                | text/plain       | raise        | 503 | "message": "Prediction failed"
            /v1/models/m:predict           | application/json | {"a": 1}     | 200 | predict {"a": 1}
            /v1/models/m:explain           | application/json | {"a": 1}     | 200 | explain {"a": 1}
            /v1/models/none:predict        | application/json | {}           | 404 | "message": "Model not found: none"
            /v1/models/none:explain        | application/json | {}           | 404 | "message": "Model not found: none"
            /v1/models/sleeping:predict    | application/json | {}           | 503 | "type": "ServiceUnavailableException"
            /v1/models/enveloped:predict   | application/json | {"instances": [[1, 2]]} | 200 | "predictions"
            /v1/models/enveloped:explain   | application/json | {"instances": [[1, 2]]} | 200 | "explanations"
            /v2/models/m/infer             | application/json | {"a": 1}     | 200 | predict {"a": 1}
            /v2/models/m/versions/1.0/infer | application/json | {"a": 1}    | 200 | predict {"a": 1}
            /v2/models/m/explain           | application/json | {"a": 1}     | 200 | explain {"a": 1}
            /v2/models/none/infer          | application/json | {}           | 404 | none
            /v2/models/none/explain        | application/json | {}           | 404 | none
            """)
    void predictionsAndExplanationsAnswer(String path, String type, String body, int status, String answered)
            throws Exception {
        HttpResponse<String> answer = host.predict(path, body, "Content-Type", type);

        assertThat(answer.body()).contains(answered);
        assertThat(answer.statusCode()).isEqualTo(status);
    }

    @ParameterizedTest(name = "GET {0} -> {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /models/m?customized=true        | 200 | "customizedMetadata": {
            /models/m/1.0?customized=true    | 200 | "inputs": "text"
            /models/m/2.0?customized=true    | 404 | "type": "ModelVersionNotFoundException"
            /models/none?customized=true     | 404 | "type": "ModelNotFoundException"
            /models/sleeping?customized=true | 503 | has no worker to serve
            /v1/models/m                     | 200 | "ready": true
            /v1/models/none                  | 404 | "type": "ModelNotFoundException"
            """)
    void descriptionsAnswer(String path, int status, String answered) throws Exception {
        HttpResponse<String> answer = host.management("GET", path);

        assertThat(answer.body()).contains(answered);
        assertThat(answer.statusCode()).isEqualTo(status);
    }
}
