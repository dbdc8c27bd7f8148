package dev.holdfast.plugin.ddb;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpFullResponse;

/**
 * What lies between the SDK and the network, with switches for what goes wrong there. It notes every request
 * and its reply.
 */
final class FaultyHttpClient implements SdkHttpClient {

    /** One request. */
    record Call(String operation, String uri, String authorization, String body, String reply) {}

    /** What happens to a request instead of what should. */
    interface Fault {
        HttpExecuteResponse instead(HttpExecuteRequest request, SdkHttpClient client) throws IOException;
    }

    private record Rule(Predicate<String> operations, Fault fault, int[] left) {}

    private final SdkHttpClient client;
    private final List<Call> calls = new CopyOnWriteArrayList<>();
    private final List<Rule> rules = new CopyOnWriteArrayList<>();

    FaultyHttpClient(SdkHttpClient client) {
        this.client = client;
    }

    /** The next {@code times} requests of an operation go wrong; of every operation if it is empty. */
    FaultyHttpClient fault(String operation, int times, Fault fault) {
        rules.add(new Rule(name -> operation.isEmpty() || name.equals(operation), fault, new int[] {times}));
        return this;
    }

    void mend() {
        rules.clear();
    }

    /** Without the looks at how a table is made, which are free and come once before all else. */
    List<Call> calls() {
        return calls.stream().filter(call -> !isLook(call)).toList();
    }

    List<String> operations() {
        return calls().stream().map(Call::operation).toList();
    }

    /** How often the wire was asked how a table is made. */
    long looks() {
        return calls.stream().filter(FaultyHttpClient::isLook).count();
    }

    private static boolean isLook(Call call) {
        return call.operation().equals("DescribeTable");
    }

    void forget() {
        calls.clear();
    }

    /** The service answers with an error. */
    static Fault error(int status, String code) {
        return (request, client) -> answer(
                status, "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" + code + "\",\"message\":\"said the test\"}");
    }

    /** A transaction is refused, for these reasons of its single writes. */
    static Fault cancelled(String... codes) {
        String reasons =
                Stream.of(codes).map(code -> "{\"Code\":\"" + code + "\"}").collect(Collectors.joining(","));
        return (request, client) -> answer(
                400,
                "{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\","
                        + "\"Message\":\"said the test\",\"CancellationReasons\":[" + reasons + "]}");
    }

    /** A batch is taken, and nothing of it is written. */
    static Fault allItemsLeft() {
        return (request, client) -> answer(200, "{\"UnprocessedItems\":" + requestItems(request) + "}");
    }

    /** A batch is taken, and nothing of it is read. */
    static Fault allKeysLeft() {
        return (request, client) -> answer(200, "{\"Responses\":{},\"UnprocessedKeys\":" + requestItems(request) + "}");
    }

    /** What a batch asks for, as it stands in its request; it asks for nothing else. */
    private static String requestItems(HttpExecuteRequest request) {
        String body = body(request);
        String name = "{\"RequestItems\":";
        if (!body.startsWith(name)) {
            throw new IllegalStateException("not a batch: " + body);
        }
        return body.substring(name.length(), body.length() - 1);
    }

    /** The request is carried out, and the reply never comes. */
    static Fault replyLost() {
        return (request, client) -> {
            client.prepareRequest(request).call();
            throw new IOException("Connection reset by the test");
        };
    }

    static Fault refused() {
        return (request, client) -> {
            throw new java.net.ConnectException("Connection refused by the test");
        };
    }

    private static HttpExecuteResponse answer(int status, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return HttpExecuteResponse.builder()
                .response(SdkHttpFullResponse.builder()
                        .statusCode(status)
                        .putHeader("Content-Type", "application/x-amz-json-1.0")
                        .putHeader("Content-Length", Integer.toString(bytes.length))
                        .build())
                .responseBody(AbortableInputStream.create(new ByteArrayInputStream(bytes)))
                .build();
    }

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        String operation = request.httpRequest()
                .firstMatchingHeader("X-Amz-Target")
                .map(target -> target.substring(target.indexOf('.') + 1))
                .orElse("");
        Optional<Rule> rule = rules.stream()
                .filter(one -> one.operations().test(operation) && one.left()[0] > 0)
                .findFirst();
        String body = body(request);
        String uri = request.httpRequest().getUri().toString();
        if (rule.isEmpty()) {
            return noted(request, operation, uri, body);
        }
        rule.get().left()[0]--;
        calls.add(new Call(operation, uri, authorization(request), body, ""));
        return new ExecutableHttpRequest() {
            @Override
            public HttpExecuteResponse call() throws IOException {
                return rule.get().fault().instead(request, client);
            }

            @Override
            public void abort() {}
        };
    }

    private ExecutableHttpRequest noted(HttpExecuteRequest request, String operation, String uri, String body) {
        ExecutableHttpRequest prepared = client.prepareRequest(request);
        return new ExecutableHttpRequest() {
            @Override
            public HttpExecuteResponse call() throws IOException {
                HttpExecuteResponse response = prepared.call();
                byte[] reply = response.responseBody().isPresent()
                        ? response.responseBody().get().readAllBytes()
                        : new byte[0];
                calls.add(new Call(
                        operation, uri, authorization(request), body, new String(reply, StandardCharsets.UTF_8)));
                return HttpExecuteResponse.builder()
                        .response(response.httpResponse())
                        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(reply)))
                        .build();
            }

            @Override
            public void abort() {
                prepared.abort();
            }
        };
    }

    private static String authorization(HttpExecuteRequest request) {
        return request.httpRequest().firstMatchingHeader("Authorization").orElse("");
    }

    private static String body(HttpExecuteRequest request) {
        if (request.contentStreamProvider().isEmpty()) {
            return "";
        }
        try (InputStream stream = request.contentStreamProvider().get().newStream()) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        client.close();
    }

    @Override
    public String clientName() {
        return "FaultyHttpClient";
    }
}
