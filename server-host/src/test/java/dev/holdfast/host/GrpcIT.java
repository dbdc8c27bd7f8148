package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.holdfast.protocol.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.holdfast.protocol.torchserve.inference.PredictionsRequest;
import dev.holdfast.protocol.torchserve.management.ManagementAPIsServiceGrpc;
import dev.holdfast.protocol.torchserve.management.RegisterModelRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** gRPC of a real host: when it is loaded, and that what is done by it lasts. */
class GrpcIT {

    @TempDir
    private Path directory;

    private static ManagedChannel channel(HostProcess host, String api) throws IOException {
        String run = Files.readString(host.logLocation().resolve("holdfast.run"));
        String address = new ObjectMapper()
                .readTree(run)
                .required("grpc_" + api + "_address")
                .textValue();
        return Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                .build();
    }

    @Test
    void noClassOfGrpcIsLoadedBeforeSomebodyCalls() throws Exception {
        Path store = Files.createDirectory(directory.resolve("models"));
        TestArchives.noop(store, "noop.mar", "noop", "1.0");
        Path classes = directory.resolve("classes.log");
        List<String> noted = List.of("env", "JAVA_TOOL_OPTIONS=-Xlog:class+load=info:file=" + classes);

        try (HostProcess host = HostProcess.startBy(noted, store, directory.resolve("logs"))) {
            assertThat(host.management("POST", "/models?url=noop.mar&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/noop", "").statusCode()).isEqualTo(200);
            assertThat(Files.readString(classes))
                    .contains("dev.holdfast.host.grpc.GrpcApis")
                    .doesNotContain("io.grpc.", "com.google.protobuf.", "dev.holdfast.protocol.")
                    .as("TLS is off")
                    .doesNotContain("org.eclipse.jetty.http2.server.", "org.eclipse.jetty.alpn.");

            ManagedChannel channel = channel(host, "inference");
            try {
                assertThat(InferenceAPIsServiceGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(60, TimeUnit.SECONDS)
                                .ping(Empty.getDefaultInstance())
                                .getHealth())
                        .contains("Healthy");
            } finally {
                channel.shutdownNow();
            }
            assertThat(Files.readString(classes)).contains("io.grpc.");
        }
    }

    @Test
    void aModelThatWasRegisteredByGrpcIsServedAfterTheHostWasKilled() throws Exception {
        Path store = Files.createDirectory(directory.resolve("models"));
        TestArchives.noop(store, "noop.mar", "noop", "1.0");
        Path logs = directory.resolve("logs");
        try (HostProcess host = HostProcess.start(store, logs)) {
            ManagedChannel channel = channel(host, "management");
            try {
                assertThat(ManagementAPIsServiceGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(60, TimeUnit.SECONDS)
                                .registerModel(RegisterModelRequest.newBuilder()
                                        .setUrl("noop.mar")
                                        .setInitialWorkers(1)
                                        .setSynchronous(true)
                                        .build())
                                .getMsg())
                        .contains("registered with 1 initial workers");
            } finally {
                channel.shutdownNow();
            }
            host.kill();
        }
        try (HostProcess host = HostProcess.start(store, logs)) {
            ManagedChannel channel = channel(host, "inference");
            try {
                assertThat(InferenceAPIsServiceGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(60, TimeUnit.SECONDS)
                                .predictions(PredictionsRequest.newBuilder()
                                        .setModelName("noop")
                                        .putInput("body", ByteString.EMPTY)
                                        .build())
                                .getPrediction()
                                .isEmpty())
                        .isFalse();
            } finally {
                channel.shutdownNow();
            }
        }
    }
}
