package dev.holdfast.host.grpc;

import com.google.protobuf.ByteString;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.HandlerRequest.Parameter;
import dev.holdfast.host.runtime.Header;
import io.grpc.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Calls of models whose handlers read requests themselves: the input is parameters to them, the metadata headers. */
final class HandlerCalls {

    /** What is the host's own, or the connection's, and what the host says to handlers itself. */
    private static final Set<String> WITHHELD = Set.of(
            "authorization",
            "protocol-token",
            "te",
            "user-agent",
            "grpc-accept-encoding",
            "grpc-encoding",
            "grpc-timeout",
            "url_path",
            "explain",
            "describe");

    /** Where TorchServe's handlers look for the sequence of a request. */
    private static final String SEQUENCE = "ts_request_sequence_id";

    private static final int LEAST_FAILURE = 400;

    private HandlerCalls() {}

    static HandlerRequest request(CallFacts call, Map<String, ByteString> input, Optional<String> sequence) {
        List<Parameter> parameters = new ArrayList<>();
        input.forEach((name, value) -> parameters.add(Parameter.of(name, "", value.toByteArray())));
        return request(call, parameters, sequence);
    }

    /** A request with a body of JSON alone. */
    static HandlerRequest request(CallFacts call, byte[] json) {
        return request(call, List.of(Parameter.of("body", "application/json", json)), Optional.empty());
    }

    private static HandlerRequest request(CallFacts call, List<Parameter> parameters, Optional<String> sequence) {
        List<Header> headers = headers(call.metadata());
        sequence.ifPresent(id -> headers.add(new Header(SEQUENCE, id)));
        headers.add(new Header("url_path", ""));
        headers.add(new Header("explain", "False"));
        return new HandlerRequest(call.id(), headers, parameters);
    }

    /** The question what the model says of itself. */
    static HandlerRequest description(CallFacts call) {
        return new HandlerRequest(call.id(), List.of(new Header("describe", "True")), List.of());
    }

    private static List<Header> headers(Metadata metadata) {
        List<Header> headers = new ArrayList<>();
        for (String name : metadata.keys()) {
            if (WITHHELD.contains(name) || name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                continue;
            }
            Iterable<String> values = metadata.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
            if (values != null) {
                values.forEach(value -> headers.add(new Header(name, value)));
            }
        }
        return headers;
    }

    /**
     * The bytes that a handler answers.
     *
     * @throws io.grpc.StatusRuntimeException if it answers with a failure
     */
    static byte[] body(HandlerAnswer answer) {
        if (answer.failed() || answer.status() >= LEAST_FAILURE) {
            throw CallStatus.ofHttp(answer.status(), new String(answer.bytes(), StandardCharsets.UTF_8))
                    .asRuntimeException();
        }
        return answer.bytes();
    }
}
