package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.serving.ServingState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad input gets a clear answer, changes nothing, and the host goes on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputTest {

    @TempDir
    static Path directory;

    HostUnderTest host;
    ServingState before;

    @BeforeAll
    void start() {
        host = new HostUnderTest(directory, Map.of("max_request_size", "10000", "max_response_size", "10000"));
        host.with("noop.mar")
                .with("sum.mar")
                .with("pair.mar")
                .with("words.mar")
                .with("big.mar")
                .with("broken.mar");
        before = host.serving.state();
    }

    @AfterAll
    void stop() {
        host.close();
    }

    @AfterEach
    void nothingHasChangedAndTheHostGoesOn() {
        assertThat(host.serving.state()).isEqualTo(before);
        assertThat(host.inference("POST", "/predictions/sum", "[1,2,3]").body()).isEqualTo("[6.0]");
        assertThat(host.management("GET", "/models/noop").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest(name = "{0} {1} -> {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            GET    | /models/%2e%2e                       | 400 | Model name '..' must match
            GET    | /models/..%2f..%2fetc                | 400 | Model name '../../etc' must match
            GET    | /models/%2e%2e/1.0                   | 400 | Model name '..' must match
            GET    | /models/noop/..%2f                   | 400 | Model version '../' must match
            GET    | /models/a%0Ab                        | 400 | Model name 'a?b' must match
            GET    | /models/a%1B%5B31m                   | 400 | Model name 'a?[31m' must match
            GET    | /models/noop/one                     | 404 | Model version: one does not exist for model: noop
            DELETE | /models/noop/-1                      | 404 | Model version: -1 does not exist for model: noop
            POST   | /models?url=noop.mar&model_name=..   | 400 | Model name '..' must match
            POST   | /models?url=noop.mar&model_name=a%2Fb | 400 | Model name 'a/b' must match
            POST   | /models?url=noop-all.mar             | 400 | Model version 'all' must match
            POST   | /models?url=nothing-here             | 400 | Model not found at: nothing-here
            POST   | /models?url=e.mar&initial_workers=-1 | 400 | initial_workers -1 must be from 0 to 1024
            POST   | /models?url=e.mar&initial_workers=1000000 | 400 | initial_workers 1000000 must be from 0 to 1024
            POST   | /models?url=e.mar&initial_workers=99999999999 | 400 | Parameter initial_workers '99999999999' must be a whole number
            POST   | /models?url=e.mar&batch_size=0       | 400 | batch_size 0 must be from 1
            POST   | /models?url=e.mar&max_batch_delay=-5 | 400 | max_batch_delay -5 must be from 0
            POST   | /models?url=e.mar&response_timeout=0 | 400 | response_timeout 0 must be from 1
            POST   | /models?url=e.mar&startup_timeout=x  | 400 | Parameter startup_timeout 'x' must be a whole number
            POST   | /models?url=e.mar&synchronous=maybe  | 400 | Parameter synchronous 'maybe' must be true or false
            PUT    | /models/noop?min_worker=-1           | 400 | min_worker -1 must be from 0 to 1024
            PUT    | /models/noop?min_worker=1000000      | 400 | min_worker 1000000 must be from 0 to 1024
            PUT    | /models/noop?min_worker=two          | 400 | Parameter min_worker 'two' must be a whole number
            PUT    | /models/noop?min_worker=1&max_worker=-1 | 400 | max_worker -1 must be from 0 to 1024
            PATCH  | /models/noop                         | 405 | Requested method is not allowed
            POST   | /models/noop/1.0/set-default         | 405 | Requested method is not allowed
            GET    | /snapshots?limit=0                   | 400 | List limit 0 must be 1 to 1000
            GET    | /snapshots?kind=odd                  | 400 | Snapshot kind 'odd' must be one of
            GET    | /snapshots?from=yesterday            | 400 | Parameter from 'yesterday' must be a time like
            GET    | /snapshots?next_page_token=zz        | 400 | Page token is not the store's
            GET    | /snapshots/%2e%2e                    | 400 | Snapshot name '..' must match
            GET    | /snapshots/none.cfg                  | 404 | There is no snapshot none.cfg
            DELETE | /snapshots/%2e%2e                    | 400 | Snapshot name '..' must match
            DELETE | /snapshots/none.cfg                  | 404 | There is no snapshot none.cfg
            POST   | /snapshots                           | 400 | Parameter name is required.
            POST   | /snapshots?name=a%2Fb                | 400 | Snapshot name 'a/b' must match
            POST   | /snapshots/attach                    | 400 | Parameter take '' must be store
            POST   | /snapshots/attach?take=store         | 409 | The host is not detached
            """)
    void managementRefuses(String method, String path, int status, String message) {
        HttpResponse<String> answer = host.management(method, path);

        assertThat(answer.body())
                .startsWith("{\n  \"code\": " + status + ",\n  \"type\": \"")
                .contains("\"message\": \"" + message);
        assertThat(answer.statusCode()).isEqualTo(status);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"url": "e.mar"                  | The body is no JSON
            {                                | The body is no JSON: Unexpected end-of-input: expected close marker for Object (line
            {"url": "e.mar", "url": "f.mar"} | The body is no JSON: Duplicate
            ``                               | Parameter url is required.
            []                               | The body must be a JSON object
            {"url": ["e.mar"]}               | Parameter url must be a text
            {"url": "e.mar"} {}              | nothing after it
            {"batch_size": 3}                | Parameter url is required.
            {"url":"e.mar","batch_size":1.5} | Parameter batch_size '1.5' must be a whole number
            """)
    void aBrokenRegistrationBodyIsABadRequest(String body, String message) {
        HttpResponse<String> answer =
                HostUnderTest.call(host.apis.management(), "POST", "/models", body, "Content-Type", "application/json");

        assertThat(answer.body()).contains("\"type\": \"BadRequestException\"").contains(message);
        assertThat(answer.statusCode()).isEqualTo(400);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            sum   | {"x": [1,2,3]                          | The body is no JSON
            sum   | ``                                     | The body is empty. The model wants JSON with 'x' FP32[-1, 3].
            sum   | hello                                  | The body is no JSON
            sum   | [1,2,3] [4]                            | goes on after its first value
            sum   | [1,2]                                  | Input 'x' wants FP32[-1, 3]
            sum   | [[1,2,3],[4,5]]                        | rows are not all of one length
            sum   | [[1,2,3],4]                            | rows are not all of one length
            sum   | [1,[2],3]                              | rows are not all of one length
            sum   | [[],1]                                 | rows are not all of one length
            sum   | [[[1,2,3]]]                            | Input 'x' has the shape [1, 1, 3]
            sum   | 5                                      | Input 'x' has the shape []
            sum   | [1,2,"3"]                              | element 2 is \\"3\\", which is no number
            sum   | [1,2,null]                             | element 2 is null
            sum   | [1,2,true]                             | element 2 is true
            sum   | [1,2,NaN]                              | The body is no JSON
            sum   | [1,2,1e999]                            | element 2 is 1e999, which is no number in the range of FP32
            sum   | [1,2,1e39]                             | which is no number in the range of FP32 (-3.4028E38 to 3.4028E38), nor one of the texts NaN, Infinity and -Infinity
            sum   | [1,2,"nan"]                            | element 2 is \\"nan\\", which is no number in the range of FP32
            sum   | [1,2,"+Infinity"]                      | nor one of the texts NaN, Infinity and -Infinity
            sum   | [1,2,Infinity]                         | The body is no JSON
            sum   | [1,2,-Infinity]                        | The body is no JSON
            sum   | [1,2,{"a":1}]                          | There is no input 'a'
            sum   | {"x":{"a":1}}                          | an object where elements of FP32 are wanted
            sum   | {"z":[1,2,3]}                          | There is no input 'z'
            sum   | {"x":[1,2,3],"x":[1,2,3]}              | Duplicate
            sum   | {}                                     | Input 'x' is missing
            sum   | {"inputs":{"z":[1]}}                   | There is no input 'z'
            pair  | [1,2,3]                                | each needs its name
            pair  | {"x":[[1,2,3]]}                        | Input 'k' is missing
            pair  | {"x":[[1,2,3]],"k":[[1.5]]}            | element 0 is 1.5, which is no whole number in the range of INT64
            pair  | {"x":[[1,2,3]],"k":[[9223372036854775808]]} | which is no whole number in the range of INT64
            pair  | [{"x":[1,2,3],"k":[1]},{"x":[1,2,3]}]  | Some rows lack an input
            words | ["a", 5]                               | element 1 is 5, which is no text
            words | ["\\ud800"]                            | has half of a surrogate pair
            sum   | {"inputs":[{"name":"x"}]}              | needs name, shape, datatype and data
            sum   | {"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3]}]} | has 3 elements where its shape [1, 4] needs 4
            sum   | {"inputs":[{"name":"x","shape":[1,-3],"datatype":"FP32","data":[1,2,3]}]} | dimension of -3
            sum   | {"inputs":[{"name":"x","shape":[9223372036854775807,9],"datatype":"FP32","data":[1,2,3]}]} | more than 2^63
            sum   | {"inputs":[{"name":"x","shape":[1,3],"datatype":"FP31","data":[1,2,3]}]} | Datatype 'FP31' is not one of
            sum   | {"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[[1,2],[3,4]]}]} | has data of shape [2, 2] where its shape says [1, 3]
            """)
    void aPredictionRefusesWhatTheModelDoesNotWant(String model, String body, String message) {
        HttpResponse<String> answer = host.inference("POST", "/predictions/" + model, body);

        assertThat(answer.body())
                .startsWith("{\n  \"code\": 400,\n  \"type\": \"BadRequestException\",\n  \"message\": \"")
                .contains(message.replace("\\ud", "ud"));
        assertThat(answer.statusCode()).isEqualTo(400);
    }

    @Test
    void whatIsNoJsonIsToldInWordsForCallersAndNotForProgrammers() {
        String numbers =
                "NaN and the infinities are written as the texts \\\"NaN\\\", \\\"Infinity\\\" and \\\"-Infinity\\\".";
        Map<String, String> bodies = Map.of(
                "[NaN]",
                "Non-standard token 'NaN' (line 1, column 5). " + numbers,
                "[Infinity]",
                numbers,
                "[-Infinity]",
                numbers,
                "{\"id\": " + "[".repeat(70),
                "nesting depth (65) exceeds the maximum allowed (64)",
                "[" + "1".repeat(1001) + "]",
                "length (1001) exceeds the maximum allowed (1000)",
                "{\"" + "x".repeat(2000) + "\": 1}",
                "exceeds the maximum allowed (1000)");
        bodies.forEach((body, message) -> assertThat(
                        host.inference("POST", "/predictions/sum", body).body())
                .contains("The body is no JSON: ", message)
                .doesNotContain("`", "enable", "StreamRead"));
    }

    private HttpResponse<String> post(String path, byte[] body) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(host.apis.inference() + path))
                                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void bytesThatAreNoUtf8AreRefusedAndNotMended() throws Exception {
        for (byte[] malformed : List.of(
                new byte[] {(byte) 0xc0, (byte) 0xaf},
                new byte[] {(byte) 0xe0, (byte) 0x80, (byte) 0xaf},
                new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
                new byte[] {(byte) 0xff})) {
            for (String path : List.of("/predictions/words", "/v1/models/words:predict", "/v2/models/words/infer")) {
                ByteArrayOutputStream body = new ByteArrayOutputStream();
                body.writeBytes("{\"inputs\":[{\"name\":\"w\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\""
                        .getBytes(StandardCharsets.UTF_8));
                int at = body.size();
                body.writeBytes(malformed);
                body.writeBytes("\"]}]}".getBytes(StandardCharsets.UTF_8));

                HttpResponse<String> answer = post(path, body.toByteArray());

                assertThat(answer.body()).contains("The body is no JSON: byte ").contains(", is not UTF-8.");
                assertThat(Integer.parseInt(answer.body().replaceAll("(?s).*byte (\\d+),.*", "$1")))
                        .isBetween(at, at + malformed.length);
                assertThat(answer.statusCode()).isEqualTo(400);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"x\":", "{\"inputs\":", "{\"id\":["})
    void deepNestingIsRefused(String opening) {
        HttpResponse<String> answer =
                host.inference("POST", "/predictions/sum", opening.repeat(9_000 / opening.length()));

        assertThat(answer.body()).contains("\"type\": \"BadRequestException\"");
        assertThat(answer.statusCode()).isEqualTo(400);
    }

    @Test
    void aBodyAnnouncedAsTooLargeIsRefusedUnread() {
        String answer = HostUnderTest.raw(
                host.apis.inference(),
                "POST /predictions/noop HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nabc");

        assertThat(answer)
                .startsWith("HTTP/1.1 413 ")
                .contains("\"code\": 413", "RequestEntityTooLargeException", "max_request_size, 10000 bytes");
    }

    @Test
    void anUnannouncedBodyIsReadUpToTheLimit() {
        String chunk = "1000\r\n" + "x".repeat(0x1000) + "\r\n";

        String answer = HostUnderTest.raw(
                host.apis.inference(),
                "POST /predictions/noop HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(8));

        assertThat(answer).startsWith("HTTP/1.1 413 ").contains("max_request_size, 10000 bytes");
    }

    @Test
    void aBodyOfJustTheLimitPasses() {
        assertThat(host.inference("POST", "/predictions/noop", "x".repeat(10_000))
                        .statusCode())
                .isEqualTo(200);
        assertThat(host.inference("POST", "/predictions/noop", "x".repeat(10_001))
                        .statusCode())
                .isEqualTo(413);
    }

    @Test
    void anAnswerOverTheLimitIsAnError() {
        HttpResponse<String> answer = host.inference("POST", "/predictions/big", "x");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).contains("larger than max_response_size, 10000 bytes");
    }

    @Test
    void aModelThatFailsSaysSoWithoutInternals() {
        HttpResponse<String> answer = host.inference("POST", "/predictions/broken", "[1,2,3]");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body())
                .contains("\"type\": \"InternalServerException\"", "the engine stumbled")
                .doesNotContain("dev.holdfast", "\tat ");
    }

    @Test
    void aMultipartBodyIsRefusedClearly() {
        HttpResponse<String> answer = host.inference(
                "POST",
                "/predictions/noop",
                "--b\r\n\r\nx\r\n--b--",
                "Content-Type",
                "multipart/form-data; boundary=b");

        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat(answer.body()).contains("--data-binary");
    }

    @Test
    void aVeryLongModelNameIsRefusedWithoutRepeatingIt() {
        HttpResponse<String> answer = host.management("GET", "/models/" + "x".repeat(5_000));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).hasSizeLessThan(400).contains("must match [A-Za-z0-9._-]{1,128}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /models/a%00b HTTP/1.1",
                "GET /models/%zz HTTP/1.1",
                "GET /models/../../../etc/passwd HTTP/1.1",
                "GET /models/a b HTTP/1.1",
                "NONSENSE",
            })
    void whatIsNoHttpIsAnsweredInTheSameShape(String line) {
        String answer = HostUnderTest.raw(host.apis.management(), line + "\r\nHost: h\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 400 ").contains("\"code\": 400", "\"type\": \"BadRequestException\"");
    }

    @Test
    void aHugeHeaderIsAnsweredInTheSameShape() {
        String answer = HostUnderTest.raw(
                host.apis.management(),
                "GET /models HTTP/1.1\r\nHost: h\r\nX: " + "x".repeat(9_000) + "\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 431 ").contains("\"code\": 431");
    }

    @Test
    void brokenChunksAreABadRequest() {
        String answer = HostUnderTest.raw(
                host.apis.inference(),
                "POST /predictions/noop HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc");

        assertThat(answer).startsWith("HTTP/1.1 400 ").contains("\"code\": 400");
    }
}
