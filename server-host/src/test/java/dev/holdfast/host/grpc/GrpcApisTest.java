package dev.holdfast.host.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.protocol.openinference.GRPCInferenceServiceGrpc;
import dev.holdfast.protocol.openinference.ServerLiveRequest;
import dev.holdfast.protocol.torchserve.inference.InferenceAPIsServiceGrpc;
import dev.holdfast.protocol.torchserve.inference.InferenceAPIsServiceGrpc.InferenceAPIsServiceBlockingStub;
import dev.holdfast.protocol.torchserve.inference.PredictionResponse;
import dev.holdfast.protocol.torchserve.inference.PredictionsRequest;
import dev.holdfast.protocol.torchserve.management.DescribeModelRequest;
import dev.holdfast.protocol.torchserve.management.ListModelsRequest;
import dev.holdfast.protocol.torchserve.management.ManagementAPIsServiceGrpc;
import dev.holdfast.protocol.torchserve.management.ManagementAPIsServiceGrpc.ManagementAPIsServiceBlockingStub;
import dev.holdfast.protocol.torchserve.management.RegisterModelRequest;
import dev.holdfast.protocol.torchserve.management.ScaleWorkerRequest;
import dev.holdfast.protocol.torchserve.management.SetDefaultRequest;
import dev.holdfast.protocol.torchserve.management.UnregisterModelRequest;
import dev.holdfast.testsupport.LogLines;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Calls of TorchServe's services, and what stands around every call, over real sockets. */
class GrpcApisTest {

    @RegisterExtension
    private final LogLines log = new LogLines(GrpcApis.class);

    @TempDir
    private Path directory;

    private GrpcUnderTest host(String... settings) {
        Map<String, String> all = new java.util.HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return new GrpcUnderTest(directory, all).with("sum.mar").with("echo.mar");
    }

    private static InferenceAPIsServiceBlockingStub inference(GrpcUnderTest host) {
        return InferenceAPIsServiceGrpc.newBlockingStub(host.inference()).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static ManagementAPIsServiceBlockingStub management(GrpcUnderTest host) {
        return ManagementAPIsServiceGrpc.newBlockingStub(host.management()).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static PredictionsRequest request(String model, String body) {
        return PredictionsRequest.newBuilder()
                .setModelName(model)
                .putInput("body", ByteString.copyFromUtf8(body))
                .build();
    }

    private static Status failure(ThrowingCallable call) {
        StatusRuntimeException[] failed = new StatusRuntimeException[1];
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class, failure -> failed[0] = failure);
        return failed[0].getStatus();
    }

    @org.junit.jupiter.api.AfterEach
    void nothingWentWrong() {
        assertThat(log.errors()).isEmpty();
    }

    @Test
    void aPredictionIsThatOfHttp() {
        try (GrpcUnderTest host = host()) {
            InferenceAPIsServiceBlockingStub stub = inference(host);

            assertThat(stub.predictions(request("sum", "[1,2,3]"))
                            .getPrediction()
                            .toStringUtf8())
                    .isEqualTo("[6.0]");
            assertThat(stub.predictions(request("sum", "[1,2,3]").toBuilder()
                            .setModelVersion("1.0")
                            .setSequenceId("s")
                            .build()))
                    .satisfies(answer -> assertThat(answer.getSequenceId()).isEqualTo("s"));
            assertThat(stub.predictions(request("echo", "any bytes"))
                            .getPrediction()
                            .toStringUtf8())
                    .isEqualTo("any bytes");
            assertThat(stub.predictions(PredictionsRequest.newBuilder()
                                    .setModelName("echo")
                                    .putInput("image", ByteString.copyFromUtf8("alone"))
                                    .build())
                            .getPrediction()
                            .toStringUtf8())
                    .isEqualTo("alone");
            assertThat(stub.ping(Empty.getDefaultInstance()).getHealth())
                    .isEqualTo("{\n  \"status\": \"Healthy\"\n}\n");
        }
    }

    @Test
    void failuresHaveTheStatusOfTheFieldAndTheWordsOfHttp() {
        try (GrpcUnderTest host = host().with("broken.mar")) {
            InferenceAPIsServiceBlockingStub stub = inference(host);

            Status unknown = failure(() -> stub.predictions(request("none", "[1]")));
            assertThat(unknown.getCode()).isEqualTo(Status.Code.NOT_FOUND);
            assertThat(unknown.getDescription()).isEqualTo("Model not found: none");
            assertThat(failure(() -> stub.predictions(request("sum", "[1]").toBuilder()
                                    .setModelVersion("9")
                                    .build()))
                            .getCode())
                    .isEqualTo(Status.Code.NOT_FOUND);
            Status wrong = failure(() -> stub.predictions(request("sum", "[1,2")));
            assertThat(wrong.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(wrong.getDescription()).startsWith("The body is no JSON");
            assertThat(failure(() -> stub.predictions(request("a/b", "[1]"))).getCode())
                    .isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(failure(() -> stub.predictions(request("broken", "[1,2,3]")))
                            .getCode())
                    .isEqualTo(Status.Code.INTERNAL);
            assertThat(failure(() -> stub.predictions(PredictionsRequest.newBuilder()
                                    .setModelName("sum")
                                    .putInput("a", ByteString.EMPTY)
                                    .putInput("b", ByteString.EMPTY)
                                    .build()))
                            .getDescription())
                    .contains("give it all in one entry, 'body' or 'data'");
            await().untilAsserted(() -> assertThat(host.answered()).contains(404, 400, 500));
        }
    }

    @Test
    void managementAnswersWithTheTextsOfHttp() throws Exception {
        try (GrpcUnderTest host = host()) {
            ManagementAPIsServiceBlockingStub stub = management(host);

            assertThat(stub.registerModel(RegisterModelRequest.newBuilder()
                                    .setUrl("wide.mar")
                                    .setInitialWorkers(1)
                                    .setSynchronous(true)
                                    .build())
                            .getMsg())
                    .contains("Model \\\"wide\\\" Version: 1.0 registered with 1 initial workers");
            stub.registerModel(RegisterModelRequest.newBuilder()
                    .setUrl("wide-2.0.mar")
                    .setInitialWorkers(1)
                    .setSynchronous(true)
                    .build());
            assertThat(stub.listModels(
                                    ListModelsRequest.newBuilder().setLimit(1).build())
                            .getMsg())
                    .contains("\"nextPageToken\": \"1\"", "\"modelName\": \"echo\"");
            assertThat(stub.listModels(ListModelsRequest.getDefaultInstance()).getMsg())
                    .contains("echo", "sum", "wide");
            assertThat(stub.scaleWorker(ScaleWorkerRequest.newBuilder()
                                    .setModelName("wide")
                                    .setMinWorker(2)
                                    .setSynchronous(true)
                                    .build())
                            .getMsg())
                    .contains("Workers scaled to 2 for model: wide");
            assertThat(stub.setDefault(SetDefaultRequest.newBuilder()
                                    .setModelName("wide")
                                    .setModelVersion("2.0")
                                    .build())
                            .getMsg())
                    .contains("Default version successfully updated for model \\\"wide\\\" to \\\"2.0\\\"");
            assertThat(stub.describeModel(DescribeModelRequest.newBuilder()
                                    .setModelName("wide")
                                    .build())
                            .getMsg())
                    .contains("\"modelVersion\": \"2.0\"")
                    .doesNotContain("\"modelVersion\": \"1.0\"");
            assertThat(stub.describeModel(DescribeModelRequest.newBuilder()
                                    .setModelName("wide")
                                    .setModelVersion("all")
                                    .build())
                            .getMsg())
                    .contains("\"modelVersion\": \"2.0\"", "\"modelVersion\": \"1.0\"");
            assertThat(stub.unregisterModel(UnregisterModelRequest.newBuilder()
                                    .setModelName("wide")
                                    .setModelVersion("1.0")
                                    .build())
                            .getMsg())
                    .contains("Model \\\"wide\\\" unregistered");
            assertThat(failure(() -> stub.unregisterModel(UnregisterModelRequest.newBuilder()
                                    .setModelName("none")
                                    .build()))
                            .getCode())
                    .isEqualTo(Status.Code.NOT_FOUND);
            assertThat(failure(() -> stub.registerModel(RegisterModelRequest.newBuilder()
                                    .setUrl("sum.mar")
                                    .build()))
                            .getCode())
                    .isEqualTo(Status.Code.ALREADY_EXISTS);
            assertThat(Files.readString(directory.resolve("audit.log")))
                    .contains("\"call\":\"gRPC RegisterModel\"", "\"status\":404", "\"url\":\"wide-2.0.mar\"");
        }
    }

    @Test
    void modelsAreNotRegisteredWhereThatIsSwitchedOff() {
        try (GrpcUnderTest host = host("enable_model_api", "false")) {
            Status refused = failure(() -> management(host)
                    .registerModel(
                            RegisterModelRequest.newBuilder().setUrl("wide.mar").build()));

            assertThat(refused.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(refused.getDescription()).contains("enable_model_api=true");
        }
    }

    @Test
    void eachApiAsksForItsOwnToken() throws Exception {
        try (GrpcUnderTest host = host("disable_token_authorization", "false")) {
            String file = Files.readString(directory.resolve("key_file.json"));
            String own = key(file, "inference");
            String other = key(file, "management");

            Status none = failure(() -> inference(host).ping(Empty.getDefaultInstance()));
            assertThat(none.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(none.getDescription())
                    .isEqualTo(
                            "Token Authorization failed. Token either incorrect, expired, or not provided correctly");
            assertThat(failure(() -> with(inference(host), "authorization", "Bearer " + other)
                                    .ping(Empty.getDefaultInstance()))
                            .getCode())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            for (String[] shown : new String[][] {
                {"authorization", "Bearer " + own}, {"protocol-token", own}, {"protocol-token", "Bearer " + own}
            }) {
                assertThat(with(inference(host), shown[0], shown[1])
                                .ping(Empty.getDefaultInstance())
                                .getHealth())
                        .contains("Healthy");
            }
            assertThat(GRPCInferenceServiceGrpc.newBlockingStub(host.inference())
                            .serverLive(ServerLiveRequest.getDefaultInstance())
                            .getLive())
                    .isTrue();
            assertThat(HealthGrpc.newBlockingStub(host.management())
                            .check(HealthCheckRequest.getDefaultInstance())
                            .getStatus())
                    .isEqualTo(ServingStatus.SERVING);
        }
    }

    private static String key(String file, String scope) {
        return file.replaceFirst("(?s).*\"" + scope + "\": \\{\\s*\"key\": \"([^\"]*)\".*", "$1");
    }

    private static InferenceAPIsServiceBlockingStub with(
            InferenceAPIsServiceBlockingStub stub, String name, String value) {
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    @Test
    void aRequestWhoseCallerHasGoneIsNotComputed() throws Exception {
        try (GrpcUnderTest host = host().with("slow.mar")) {
            InferenceAPIsServiceGrpc.InferenceAPIsServiceFutureStub stub =
                    InferenceAPIsServiceGrpc.newFutureStub(host.inference());
            Future<PredictionResponse> running = stub.predictions(request("slow", "[1,2,3]"));
            assertThat(host.models.slowBegan.await(60, TimeUnit.SECONDS)).isTrue();
            Future<PredictionResponse> gone = stub.predictions(request("slow", "[4,5,6]"));
            await().untilAsserted(() -> assertThat(pending(host)).isEqualTo(1));

            gone.cancel(true);

            await().untilAsserted(() -> assertThat(pending(host)).isZero());
            Status late = failure(() -> InferenceAPIsServiceGrpc.newBlockingStub(host.inference())
                    .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                    .predictions(request("slow", "[4,5,6]")));
            assertThat(late.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
            await().untilAsserted(() -> assertThat(pending(host)).isZero());
            host.models.slow.countDown();
            assertThat(running.get(60, TimeUnit.SECONDS).getPrediction().toStringUtf8())
                    .isEqualTo("[6.0]");
        }
    }

    private static int pending(GrpcUnderTest host) {
        String described = management(host)
                .describeModel(
                        DescribeModelRequest.newBuilder().setModelName("slow").build())
                .getMsg();
        return Integer.parseInt(described.replaceFirst("(?s).*\"pendingRequests\": (\\d+).*", "$1"));
    }

    @Test
    void requestsOfOneCallAreAnsweredInTheirOrder() throws Exception {
        try (GrpcUnderTest host = host()) {
            BlockingQueue<String> answers = new LinkedBlockingQueue<>();
            StreamObserver<PredictionsRequest> requests =
                    InferenceAPIsServiceGrpc.newStub(host.inference()).streamPredictions2(into(answers));
            for (int i = 0; i < 50; i++) {
                requests.onNext(request("sum", "[" + i + ",0,0]"));
            }
            requests.onCompleted();

            for (int i = 0; i < 50; i++) {
                assertThat(answers.poll(60, TimeUnit.SECONDS)).isEqualTo("[" + i + ".0]");
            }
            assertThat(answers.poll(60, TimeUnit.SECONDS)).isEqualTo("end");
            Iterator<PredictionResponse> pieces = inference(host).streamPredictions(request("sum", "[1,2,3]"));
            List<String> all = new ArrayList<>();
            pieces.forEachRemaining(piece -> all.add(piece.getPrediction().toStringUtf8()));
            assertThat(all).containsExactly("[6.0]");
        }
    }

    private static StreamObserver<PredictionResponse> into(BlockingQueue<String> answers) {
        return new StreamObserver<>() {
            @Override
            public void onNext(PredictionResponse answer) {
                answers.add(answer.getPrediction().toStringUtf8());
            }

            @Override
            public void onError(Throwable failure) {
                answers.add(Status.fromThrowable(failure).getCode().name());
            }

            @Override
            public void onCompleted() {
                answers.add("end");
            }
        };
    }

    @Test
    void whileTheHostStopsRunningCallsEndAndNewOnesAreUnavailable() throws Exception {
        try (GrpcUnderTest host = host().with("slow.mar")) {
            Future<PredictionResponse> running =
                    InferenceAPIsServiceGrpc.newFutureStub(host.inference()).predictions(request("slow", "[1,2,3]"));
            assertThat(host.models.slowBegan.await(60, TimeUnit.SECONDS)).isTrue();
            BlockingQueue<String> answers = new LinkedBlockingQueue<>();
            StreamObserver<PredictionsRequest> open =
                    InferenceAPIsServiceGrpc.newStub(host.inference()).streamPredictions2(into(answers));
            open.onNext(request("sum", "[1,2,3]"));
            assertThat(answers.poll(60, TimeUnit.SECONDS)).isEqualTo("[6.0]");

            host.http.refuse();

            Status refused = failure(() -> inference(host).predictions(request("sum", "[1,2,3]")));
            assertThat(refused.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(refused.getDescription()).isEqualTo("This host is stopping.");
            open.onNext(request("sum", "[1,2,3]"));
            assertThat(answers.poll(60, TimeUnit.SECONDS)).isEqualTo("UNAVAILABLE");
            assertThat(host.http.awaitAnswered(java.time.Duration.ofMillis(1))).isEqualTo(1);
            host.models.slow.countDown();
            assertThat(running.get(60, TimeUnit.SECONDS).getPrediction().toStringUtf8())
                    .isEqualTo("[6.0]");
            assertThat(host.http.awaitAnswered(java.time.Duration.ofSeconds(60)))
                    .isZero();
        }
    }

    @Test
    void healthFollowsWhetherTheHostIsReady() throws Exception {
        try (GrpcUnderTest host = host()) {
            BlockingQueue<ServingStatus> told = new LinkedBlockingQueue<>();
            HealthGrpc.newStub(host.inference())
                    .watch(HealthCheckRequest.getDefaultInstance(), new StreamObserver<HealthCheckResponse>() {
                        @Override
                        public void onNext(HealthCheckResponse response) {
                            told.add(response.getStatus());
                        }

                        @Override
                        public void onError(Throwable failure) {}

                        @Override
                        public void onCompleted() {}
                    });
            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING);

            host.snapshots.empty = true;

            assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(ServingStatus.NOT_SERVING);
            HealthGrpc.HealthBlockingStub stub = HealthGrpc.newBlockingStub(host.inference());
            assertThat(stub.check(HealthCheckRequest.newBuilder()
                                    .setService("inference.GRPCInferenceService")
                                    .build())
                            .getStatus())
                    .isEqualTo(ServingStatus.NOT_SERVING);
            assertThat(failure(() -> stub.check(HealthCheckRequest.newBuilder()
                                    .setService("no.Such")
                                    .build()))
                            .getCode())
                    .isEqualTo(Status.Code.NOT_FOUND);
        }
    }

    @Test
    void reflectionNamesTheServicesAndDescribesTheirMessages() throws Exception {
        try (GrpcUnderTest host = host()) {
            ServerReflectionResponse services = reflect(
                    host,
                    ServerReflectionRequest.newBuilder().setListServices("").build());
            assertThat(services.getListServicesResponse().getServiceList())
                    .extracting(ServiceResponse::getName)
                    .contains(
                            "org.pytorch.serve.grpc.inference.InferenceAPIsService",
                            "inference.GRPCInferenceService",
                            "org.pytorch.serve.grpc.openinference.GRPCInferenceService",
                            "grpc.health.v1.Health",
                            "grpc.reflection.v1alpha.ServerReflection");
            for (String symbol : List.of(
                    "inference.ModelInferRequest.InferInputTensor",
                    "org.pytorch.serve.grpc.openinference.ModelInferRequest.InferInputTensor",
                    "org.pytorch.serve.grpc.openinference.GRPCInferenceService.ModelInfer")) {
                assertThat(reflect(
                                        host,
                                        ServerReflectionRequest.newBuilder()
                                                .setFileContainingSymbol(symbol)
                                                .build())
                                .getFileDescriptorResponse()
                                .getFileDescriptorProtoCount())
                        .as(symbol)
                        .isPositive();
            }
        }
    }

    private static ServerReflectionResponse reflect(GrpcUnderTest host, ServerReflectionRequest request)
            throws InterruptedException {
        BlockingQueue<ServerReflectionResponse> answers = new LinkedBlockingQueue<>();
        StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(host.inference())
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                        answers.add(response);
                    }

                    @Override
                    public void onError(Throwable failure) {}

                    @Override
                    public void onCompleted() {}
                });
        requests.onNext(request);
        ServerReflectionResponse answer = answers.poll(60, TimeUnit.SECONDS);
        requests.onCompleted();
        return java.util.Objects.requireNonNull(answer);
    }

    @Test
    void aRequestThatIsTooLargeIsRefusedAndTheConnectionGoesOn() {
        try (GrpcUnderTest host =
                host("max_request_size", "1000", "max_response_size", "1000").with("big.mar")) {
            InferenceAPIsServiceBlockingStub stub = inference(host);

            Status large = failure(() -> stub.predictions(request("echo", "x".repeat(2_000))));
            assertThat(large.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            Status answer = failure(() -> stub.predictions(request("big", "x")));
            assertThat(answer.getDescription()).contains("larger than max_response_size, 1000 bytes");
            assertThat(stub.predictions(request("echo", "small"))
                            .getPrediction()
                            .toStringUtf8())
                    .isEqualTo("small");
        }
    }

    @Test
    void whoPacksARequestIsAnsweredPackedAndOthersAreNot() {
        try (GrpcUnderTest host = host("max_request_size", "100000")) {
            AtomicReference<Metadata> headers = new AtomicReference<>();
            InferenceAPIsServiceBlockingStub stub = inference(host)
                    .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
            Metadata.Key<String> encoding = Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);
            String text = "x".repeat(50_000);

            assertThat(stub.withCompression("gzip")
                            .predictions(request("echo", text))
                            .getPrediction()
                            .toStringUtf8())
                    .isEqualTo(text);
            assertThat(headers.get().get(encoding)).isEqualTo("gzip");

            stub.predictions(request("echo", text));
            assertThat(headers.get().get(encoding)).isNotEqualTo("gzip");

            Status bomb =
                    failure(() -> stub.withCompression("gzip").predictions(request("echo", "x".repeat(10_000_000))));
            assertThat(bomb.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(bomb.getDescription())
                    .isEqualTo("The request is larger than max_request_size when it is unpacked.");
        }
    }

    @Test
    void whatIsNoMessageIsRefusedWithAReasonAndTheConnectionGoesOn() {
        try (GrpcUnderTest host = host()) {
            MethodDescriptor<PredictionsRequest, PredictionResponse> method =
                    InferenceAPIsServiceGrpc.getPredictionsMethod();
            MethodDescriptor<byte[], PredictionResponse> bare = method.toBuilder(
                            new MethodDescriptor.Marshaller<byte[]>() {
                                @Override
                                public InputStream stream(byte[] bytes) {
                                    return new ByteArrayInputStream(bytes);
                                }

                                @Override
                                public byte[] parse(InputStream stream) {
                                    throw new UnsupportedOperationException();
                                }
                            },
                            method.getResponseMarshaller())
                    .build();
            ManagedChannel channel = host.inference();

            Status noMessage = failure(() -> ClientCalls.blockingUnaryCall(
                    channel, bare, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS), new byte[] {
                        (byte) 0xff, (byte) 0xff, 1
                    }));

            byte[] large = new byte[100_000];
            Arrays.fill(large, (byte) 0xff);
            Status noLargeOne = failure(() -> ClientCalls.blockingUnaryCall(
                    channel, bare, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS), large));

            assertThat(noMessage.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(noLargeOne.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(noLargeOne.getDescription()).isEqualTo(noMessage.getDescription());
            assertThat(noMessage.getDescription()).contains("no message of this call");
            assertThat(InferenceAPIsServiceGrpc.newBlockingStub(channel)
                            .predictions(request("echo", "x"))
                            .getPrediction()
                            .toStringUtf8())
                    .isEqualTo("x");
        }
    }

    @Test
    void whoSendsNoRequestOfHttp2IsCutOffAndOthersAreAnswered() throws Exception {
        try (GrpcUnderTest host = host("request_head_timeout", "1");
                Socket old = new Socket(
                        "127.0.0.1", host.apis.inference().orElseThrow().port());
                Socket silent = new Socket(
                        "127.0.0.1", host.apis.inference().orElseThrow().port())) {
            old.setSoTimeout(60_000);
            silent.setSoTimeout(60_000);
            old.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            assertThat(readAll(old)).isNotNull();
            assertThat(readAll(silent)).isNotNull();
            assertThat(inference(host)
                            .predictions(request("sum", "[1,2,3]"))
                            .getPrediction()
                            .toStringUtf8())
                    .isEqualTo("[6.0]");
        }
    }

    /** Until the other side closes the connection. */
    private static byte[] readAll(Socket socket) throws Exception {
        try (InputStream in = socket.getInputStream()) {
            return in.readAllBytes();
        } catch (java.net.SocketException reset) {
            return new byte[0];
        }
    }

    @Test
    void aRequestThatDoesNotComeWholeIsEndedInTime() throws Exception {
        try (GrpcUnderTest host = host("request_body_timeout", "1")) {
            BlockingQueue<Status> ended = new LinkedBlockingQueue<>();
            io.grpc.ClientCall<PredictionsRequest, PredictionResponse> call = host.inference()
                    .newCall(
                            // Else the client would send nothing before it has the whole request.
                            InferenceAPIsServiceGrpc.getPredictionsMethod().toBuilder()
                                    .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
                                    .build(),
                            io.grpc.CallOptions.DEFAULT);
            call.start(
                    new io.grpc.ClientCall.Listener<>() {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            ended.add(status);
                        }
                    },
                    new Metadata());
            call.request(1);

            Status status = ended.poll(60, TimeUnit.SECONDS);

            assertThat(status).isNotNull();
            assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
            assertThat(status.getDescription()).contains("request_body_timeout, 1 s");
        }
    }

    @Test
    void connectionsBeyondTheLimitAreTurnedAway() throws Exception {
        try (GrpcUnderTest host = host("max_connections", "1")) {
            InferenceAPIsServiceBlockingStub first = inference(host);
            first.ping(Empty.getDefaultInstance());

            assertThat(failure(() -> inference(host).ping(Empty.getDefaultInstance()))
                            .getCode())
                    .isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(first.ping(Empty.getDefaultInstance()).getHealth()).contains("Healthy");
            assertThat(log.warnings()).anyMatch(line -> line.contains("gRPC connections are turned away"));
        }
    }

    @Test
    void aPortThatWasChosenAndIsTakenStopsTheStart() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = Integer.toString(taken.getLocalPort());

            assertThatThrownBy(() -> GrpcApis.bind(GrpcUnderTest.config(Map.of("grpc_inference_port", port))))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("grpc_inference_port 127.0.0.1:" + port + " cannot be listened on")
                    .hasMessageContaining("set grpc_inference_port to another one");
        }
    }

    @Test
    void theHostGoesOnWithoutADefaultPortThatIsTaken() throws Exception {
        ServerSocket taken = new ServerSocket();
        try {
            taken.bind(new java.net.InetSocketAddress("127.0.0.1", 7070));
        } catch (java.net.BindException e) {
            // Another process of this machine has it, which is as good.
        }
        try (taken;
                GrpcApis apis =
                        GrpcApis.bind(GrpcUnderTest.config(Map.of("inference_address", "http://127.0.0.1:8080")))) {
            assertThat(apis.inference()).isEmpty();
            assertThat(apis.management()).isPresent();
            assertThat(log.warnings())
                    .containsExactly("grpc_inference_port 7070 is in use, and inference over gRPC is not answered; set"
                            + " grpc_inference_port to a free port, or stop what uses this one");
        }
    }

    @Test
    void theDefaultPortsAreThoseOfTorchServeAndAnyFreeOneWhereHttpHasAnyToo() {
        assertThat(GrpcUnderTest.config(Map.of("inference_address", "http://127.0.0.1:8080"))
                        .listen()
                        .grpcInference()
                        .address()
                        .authority())
                .isEqualTo("127.0.0.1:7070");
        assertThat(GrpcUnderTest.config(Map.of("management_address", "http://127.0.0.1:8081"))
                        .listen()
                        .grpcManagement()
                        .address()
                        .authority())
                .isEqualTo("127.0.0.1:7071");
        assertThat(GrpcUnderTest.config(Map.of())
                        .listen()
                        .grpcInference()
                        .address()
                        .port())
                .isZero();
        assertThat(GrpcUnderTest.config(Map.of("grpc_inference_port", "7171"))
                        .listen()
                        .grpcInference()
                        .address()
                        .port())
                .isEqualTo(7171);
    }
}
