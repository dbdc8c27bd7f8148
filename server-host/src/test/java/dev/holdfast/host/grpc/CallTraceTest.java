package dev.holdfast.host.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.protocol.torchserve.management.DescribeModelRequest;
import dev.holdfast.protocol.torchserve.management.ManagementAPIsServiceGrpc;
import dev.holdfast.protocol.torchserve.management.ManagementAPIsServiceGrpc.ManagementAPIsServiceBlockingStub;
import dev.holdfast.protocol.torchserve.management.RegisterModelRequest;
import dev.holdfast.testsupport.LogLines;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A caller's trace goes over into the answers and log lines of gRPC as it does over HTTP. */
class CallTraceTest {

    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static final Metadata.Key<String> HEADER = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> REQUEST_ID =
            Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

    @TempDir
    private Path directory;

    private final AtomicReference<Metadata> headers = new AtomicReference<>();
    private final AtomicReference<Metadata> trailers = new AtomicReference<>();

    private ManagementAPIsServiceBlockingStub caller(GrpcUnderTest host, String trace) {
        Metadata sent = new Metadata();
        sent.put(HEADER, trace);
        return ManagementAPIsServiceGrpc.newBlockingStub(host.management())
                .withInterceptors(
                        MetadataUtils.newAttachHeadersInterceptor(sent),
                        MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    }

    private static Status.Code refused(ManagementAPIsServiceBlockingStub caller) {
        return catchThrowableOfType(
                        StatusRuntimeException.class,
                        () -> caller.describeModel(DescribeModelRequest.newBuilder()
                                .setModelName("none")
                                .build()))
                .getStatus()
                .getCode();
    }

    private static RegisterModelRequest register(String archive) {
        return RegisterModelRequest.newBuilder()
                .setUrl(archive)
                .setInitialWorkers(1)
                .setSynchronous(true)
                .build();
    }

    private static Map<String, Object> pairs(ILoggingEvent line) {
        Map<String, Object> pairs = new TreeMap<>();
        line.getKeyValuePairs().forEach(pair -> {
            if (pair.value != null) {
                pairs.put(pair.key, pair.value);
            }
        });
        return pairs;
    }

    @Test
    void theTraceOfACallIsInItsAnswerTheHostsLogTheRequestLogAndTheAudit() throws Exception {
        try (LogLines requests = LogLines.of(Level.INFO, "ACCESS_LOG");
                LogLines serving = LogLines.of(Level.INFO, "dev.holdfast.host.serving");
                GrpcUnderTest host = new GrpcUnderTest(directory, Map.of("access_log", "true"))) {
            caller(host, TRACE).registerModel(register("noop.mar"));

            assertThat(headers.get().get(HEADER)).isEqualTo(TRACE);
            String id = headers.get().get(REQUEST_ID);
            assertThat(id).isNotNull();
            assertThat(serving.events())
                    .filteredOn(line -> line.getFormattedMessage().contains("loaded"))
                    .isNotEmpty()
                    .allSatisfy(line -> assertThat(line.getMDCPropertyMap())
                            .containsEntry("request", id)
                            .containsEntry("traceparent", TRACE));
            Awaitility.await().until(() -> !requests.events().isEmpty());
            assertThat(pairs(requests.events().get(0)))
                    .containsEntry("request", id)
                    .containsEntry("traceparent", TRACE)
                    .containsEntry("address", "127.0.0.1")
                    .containsEntry("path", "org.pytorch.serve.grpc.management.ManagementAPIsService/RegisterModel")
                    .containsEntry("status", 200)
                    .containsEntry("code", "OK");
            JsonNode audit = new ObjectMapper().readTree(Files.readString(directory.resolve("audit.log")));
            assertThat(audit.path("traceparent").asText()).isEqualTo(TRACE);
            assertThat(audit.path("request").asText()).isEqualTo(id);
        }
    }

    @Test
    void aFailureBringsTheTraceBackAndWhatIsNoTraceIsPassedOver() {
        try (GrpcUnderTest host = new GrpcUnderTest(directory, Map.of())) {
            assertThat(refused(caller(host, TRACE))).isEqualTo(Status.Code.NOT_FOUND);
            assertThat(trailers.get().get(HEADER)).isEqualTo(TRACE);

            assertThat(refused(caller(host, "mine"))).isEqualTo(Status.Code.NOT_FOUND);
            assertThat(trailers.get().get(HEADER)).isNull();
        }
    }
}
