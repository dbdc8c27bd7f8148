package dev.holdfast.host.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.protocol.openinference.GRPCInferenceServiceGrpc;
import dev.holdfast.protocol.openinference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.holdfast.protocol.openinference.InferTensorContents;
import dev.holdfast.protocol.openinference.ModelInferRequest;
import dev.holdfast.protocol.openinference.ModelInferRequest.InferInputTensor;
import dev.holdfast.protocol.openinference.ModelInferRequest.InferRequestedOutputTensor;
import dev.holdfast.protocol.openinference.ModelInferResponse;
import dev.holdfast.protocol.openinference.ModelMetadataRequest;
import dev.holdfast.protocol.openinference.ModelMetadataResponse;
import dev.holdfast.protocol.openinference.ModelReadyRequest;
import dev.holdfast.protocol.openinference.ModelStatistics;
import dev.holdfast.protocol.openinference.ModelStatisticsRequest;
import dev.holdfast.protocol.openinference.ModelStreamInferResponse;
import dev.holdfast.protocol.openinference.RepositoryIndexRequest;
import dev.holdfast.protocol.openinference.RepositoryModelLoadRequest;
import dev.holdfast.protocol.openinference.RepositoryModelUnloadRequest;
import dev.holdfast.protocol.openinference.ServerMetadataRequest;
import dev.holdfast.protocol.openinference.ServerReadyRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The Open Inference Protocol over gRPC. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenInferenceServiceTest {

    @TempDir
    static Path directory;

    private GrpcUnderTest host;
    private ManagedChannel channel;

    @BeforeAll
    void start() {
        host = new GrpcUnderTest(directory, Map.of("max_response_size", "1000"))
                .with("wide.mar")
                .with("wide-2.0.mar")
                .with("words.mar")
                .with("big.mar");
        channel = host.inference();
    }

    @AfterAll
    void stop() {
        host.close();
    }

    private GRPCInferenceServiceBlockingStub stub() {
        return GRPCInferenceServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static InferInputTensor.Builder input(String name, String datatype, long... shape) {
        InferInputTensor.Builder input =
                InferInputTensor.newBuilder().setName(name).setDatatype(datatype);
        for (long size : shape) {
            input.addShape(size);
        }
        return input;
    }

    private static ModelInferRequest typed() {
        return ModelInferRequest.newBuilder()
                .setModelName("wide")
                .setId("a1")
                .addInputs(input("x", "FP32", 2, 3)
                        .setContents(
                                InferTensorContents.newBuilder().addAllFp32Contents(List.of(1f, 2f, 3f, 4f, 5f, 6f))))
                .build();
    }

    /** The six numbers little-endian. */
    private static ModelInferRequest raw() {
        ByteString.Output bytes = ByteString.newOutput();
        for (int number = 1; number <= 6; number++) {
            int bits = Float.floatToIntBits(number);
            for (int shift = 0; shift < 32; shift += 8) {
                bytes.write(bits >>> shift);
            }
        }
        return ModelInferRequest.newBuilder()
                .setModelName("wide")
                .setModelVersion("2.0")
                .addInputs(input("x", "FP32", 2, 3))
                .addRawInputContents(bytes.toByteString())
                .build();
    }

    @Test
    void aTypedRequestIsAnsweredTyped() {
        ModelInferResponse response = stub().modelInfer(typed());

        assertThat(response.getModelName()).isEqualTo("wide");
        assertThat(response.getModelVersion()).isEqualTo("1.0");
        assertThat(response.getId()).isEqualTo("a1");
        assertThat(response.getRawOutputContentsCount()).isZero();
        assertThat(response.getOutputs(0).getContents().getFp32ContentsList()).containsExactly(6f, 15f);
        assertThat(response.getOutputs(0).getShapeList()).containsExactly(2L, 1L);
        assertThat(response.getOutputs(1).getDatatype()).isEqualTo("INT64");
        assertThat(response.getOutputs(1).getContents().getInt64ContentsList()).containsExactly(0L, 1L);
    }

    @Test
    void aRawRequestIsAnsweredRawWithTheOutputsThatItNames() {
        ModelInferResponse response = stub().modelInfer(raw().toBuilder()
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("z"))
                .build());

        assertThat(response.getModelVersion()).isEqualTo("2.0");
        assertThat(response.getOutputsList())
                .extracting(output -> output.getName())
                .containsExactly("z");
        assertThat(response.getRawOutputContents(0).toByteArray())
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    }

    @Test
    void theSecondNameOfTheServiceAnswersTheSame() {
        MethodDescriptor<ModelInferRequest, ModelInferResponse> method =
                GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder()
                        .setFullMethodName("org.pytorch.serve.grpc.openinference.GRPCInferenceService/ModelInfer")
                        .build();

        ModelInferResponse response = ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, typed());

        assertThat(response).isEqualTo(stub().modelInfer(typed()));
    }

    @Test
    void whatIsWrongWithARequestIsSaid() {
        assertThat(refused(
                        raw().toBuilder().addRawInputContents(ByteString.EMPTY).build()))
                .contains("1 inputs and 2 raw_input_contents");
        assertThat(refused(raw().toBuilder()
                        .setRawInputContents(0, ByteString.copyFromUtf8("12345"))
                        .build()))
                .contains("Tensor 'x' has 5 bytes");
        assertThat(refused(typed().toBuilder()
                        .setInputs(0, input("x", "FP31", 2, 3))
                        .build()))
                .contains("Datatype 'FP31' is not one of");
        assertThat(refused(typed().toBuilder()
                        .addOutputs(InferRequestedOutputTensor.newBuilder().setName("no"))
                        .build()))
                .contains("The model has no output 'no'; it has [y, z]");
        assertThat(refused(typed().toBuilder()
                        .setInputs(
                                0,
                                input("x", "INT32", 2, 3)
                                        .setContents(typed().getInputs(0).getContents()))
                        .build()))
                .contains("has contents of another datatype than its own, INT32, whose field is int_contents");
    }

    private String refused(ModelInferRequest request) {
        StatusRuntimeException[] failed = new StatusRuntimeException[1];
        assertThatThrownBy(() -> stub().modelInfer(request))
                .isInstanceOfSatisfying(StatusRuntimeException.class, failure -> failed[0] = failure);
        assertThat(failed[0].getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        return String.valueOf(failed[0].getStatus().getDescription());
    }

    @Test
    void anAnswerThatIsTooLargeIsRefused() {
        ModelInferRequest request = ModelInferRequest.newBuilder()
                .setModelName("big")
                .addInputs(input("body", "BYTES", 1)
                        .setContents(InferTensorContents.newBuilder().addBytesContents(ByteString.EMPTY)))
                .build();

        assertThatThrownBy(() -> stub().modelInfer(request)).hasMessageContaining("max_response_size, 1000 bytes");
    }

    @Test
    void theServerAndItsModelsAreDescribed() {
        assertThat(stub().serverReady(ServerReadyRequest.getDefaultInstance()).getReady())
                .isTrue();
        assertThat(stub().modelReady(ModelReadyRequest.newBuilder()
                                .setName("wide")
                                .setVersion("2.0")
                                .build())
                        .getReady())
                .isTrue();
        assertThat(stub().serverMetadata(ServerMetadataRequest.getDefaultInstance())
                        .getName())
                .isEqualTo("holdfast");
        ModelMetadataResponse wide = stub().modelMetadata(
                        ModelMetadataRequest.newBuilder().setName("wide").build());
        assertThat(wide.getVersionsList()).containsExactly("1.0", "2.0");
        assertThat(wide.getInputs(0).getShapeList()).containsExactly(-1L, 3L);
        assertThat(wide.getOutputsList()).extracting(output -> output.getName()).containsExactly("y", "z");
    }

    @Test
    void whatModelsHaveDoneIsTold() {
        stub().modelInfer(typed());

        ModelStatistics wide = stub().modelStatistics(
                        ModelStatisticsRequest.newBuilder().setName("wide").build())
                .getModelStats(0);

        assertThat(wide.getName()).isEqualTo("wide");
        assertThat(wide.getInferenceCount()).isPositive();
        assertThat(wide.getLastInference()).isPositive();
        assertThat(wide.getInferenceStats().getSuccess().getCount()).isEqualTo(wide.getInferenceCount());
        assertThat(wide.getInferenceStats().getComputeInfer().getNs()).isPositive();
        assertThat(wide.getBatchStats(0).getBatchSize()).isEqualTo(1);
        assertThat(stub().modelStatistics(ModelStatisticsRequest.getDefaultInstance())
                        .getModelStatsList())
                .extracting(ModelStatistics::getName)
                .contains("wide", "words");
        assertThatThrownBy(() -> stub().modelStatistics(ModelStatisticsRequest.newBuilder()
                        .setName("none")
                        .build()))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND))
                .hasMessageContaining("Model not found: none");
    }

    @Test
    void modelsAreListedLoadedAndUnloaded() {
        host.models.stored = List.of("sum.mar");

        assertThat(stub().repositoryModelLoad(RepositoryModelLoadRequest.newBuilder()
                                .setModelName("sum")
                                .build())
                        .getIsLoaded())
                .isTrue();
        assertThat(stub().repositoryIndex(RepositoryIndexRequest.newBuilder()
                                .setReady(true)
                                .build())
                        .getModelsList())
                .anySatisfy(model -> assertThat(model.getName()).isEqualTo("sum"));
        stub().repositoryModelUnload(RepositoryModelUnloadRequest.newBuilder()
                .setModelName("sum")
                .build());
        assertThat(stub().repositoryIndex(RepositoryIndexRequest.getDefaultInstance())
                        .getModelsList())
                .anySatisfy(model -> {
                    assertThat(model.getName()).isEqualTo("sum");
                    assertThat(model.getState()).isEqualTo("UNAVAILABLE");
                    assertThat(model.getReason()).isEqualTo("unloaded");
                });
        assertThatThrownBy(() -> stub().repositoryModelLoad(RepositoryModelLoadRequest.newBuilder()
                        .setModelName("none")
                        .build()))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        failure -> assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
    }

    @Test
    void aStreamGoesOnAfterARequestThatFails() throws Exception {
        BlockingQueue<ModelStreamInferResponse> answers = new LinkedBlockingQueue<>();
        StreamObserver<ModelInferRequest> requests = GRPCInferenceServiceGrpc.newStub(channel)
                .modelStreamInfer(new StreamObserver<>() {
                    @Override
                    public void onNext(ModelStreamInferResponse answer) {
                        answers.add(answer);
                    }

                    @Override
                    public void onError(Throwable failure) {}

                    @Override
                    public void onCompleted() {}
                });

        requests.onNext(typed().toBuilder().setModelName("none").setId("1").build());
        requests.onNext(typed().toBuilder().setId("2").build());

        ModelStreamInferResponse first = answers.poll(60, TimeUnit.SECONDS);
        assertThat(first.getErrorMessage()).isEqualTo("Model not found: none");
        assertThat(first.getInferResponse().getId()).isEqualTo("1");
        ModelStreamInferResponse second = answers.poll(60, TimeUnit.SECONDS);
        assertThat(second.getErrorMessage()).isEmpty();
        assertThat(second.getInferResponse().getId()).isEqualTo("2");
        requests.onCompleted();
    }

    static Stream<Arguments> typedContents() {
        InferTensorContents.Builder empty = InferTensorContents.newBuilder();
        return Stream.of(
                Arguments.of(TensorType.BOOL, empty.clone().addBoolContents(true), new boolean[] {true}),
                Arguments.of(TensorType.INT8, empty.clone().addIntContents(-128), new byte[] {-128}),
                Arguments.of(TensorType.INT16, empty.clone().addIntContents(-32768), new short[] {-32768}),
                Arguments.of(TensorType.INT32, empty.clone().addIntContents(-5), new int[] {-5}),
                Arguments.of(TensorType.INT64, empty.clone().addInt64Contents(-5), new long[] {-5}),
                Arguments.of(TensorType.UINT8, empty.clone().addUintContents(255), new short[] {255}),
                Arguments.of(TensorType.UINT16, empty.clone().addUintContents(65535), new int[] {65535}),
                Arguments.of(TensorType.UINT32, empty.clone().addUintContents(-1), new long[] {4294967295L}),
                Arguments.of(TensorType.UINT64, empty.clone().addUint64Contents(-1), new long[] {-1}),
                Arguments.of(TensorType.FP32, empty.clone().addFp32Contents(1.5f), new float[] {1.5f}),
                Arguments.of(TensorType.FP64, empty.clone().addFp64Contents(1.5), new double[] {1.5}),
                Arguments.of(
                        TensorType.BYTES,
                        empty.clone().addBytesContents(ByteString.copyFrom(new byte[] {0, -1})),
                        new byte[][] {{0, -1}}));
    }

    @ParameterizedTest
    @MethodSource("typedContents")
    void typedContentsOfEveryDatatypeAreReadAndWritten(
            TensorType type, InferTensorContents.Builder contents, Object elements) {
        ModelInferRequest request = ModelInferRequest.newBuilder()
                .addInputs(input("t", type.name(), 1).setContents(contents))
                .build();

        List<Tensor> read = ProtocolTensors.inputs(request);
        ModelInferResponse.Builder response = ModelInferResponse.newBuilder();
        ProtocolTensors.put(response, read, false);

        assertThat(read.get(0).elements()).isEqualTo(elements);
        assertThat(response.getOutputs(0).getContents()).isEqualTo(contents.build());
    }

    @Test
    void numbersThatADatatypeDoesNotHaveAreRefused() {
        for (Object[] wrong : new Object[][] {{"INT8", 128}, {"INT16", 40_000}, {"UINT8", 256}, {"UINT16", -1}}) {
            InferTensorContents.Builder contents = InferTensorContents.newBuilder();
            if (wrong[0].toString().startsWith("U")) {
                contents.addUintContents((int) wrong[1]);
            } else {
                contents.addIntContents((int) wrong[1]);
            }
            ModelInferRequest request = ModelInferRequest.newBuilder()
                    .addInputs(input("t", wrong[0].toString(), 1).setContents(contents))
                    .build();

            assertThatThrownBy(() -> ProtocolTensors.inputs(request))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("outside of " + wrong[0]);
        }
    }

    @Test
    void halfPrecisionGoesRawAlone() {
        Tensor half = new Tensor("h", TensorType.FP16, new long[] {1}, new float[] {1});
        ModelInferResponse.Builder response = ModelInferResponse.newBuilder();

        ProtocolTensors.put(
                response, List.of(half, new Tensor("i", TensorType.INT8, new long[] {1}, new byte[] {2})), false);

        assertThat(response.getRawOutputContents(0).toByteArray()).containsExactly(0, 0x3c);
        assertThat(response.getRawOutputContents(1).toByteArray()).containsExactly(2);
        assertThatThrownBy(() -> ProtocolTensors.inputs(ModelInferRequest.newBuilder()
                        .addInputs(input("h", "FP16", 1)
                                .setContents(InferTensorContents.newBuilder().addFp32Contents(1)))
                        .build()))
                .hasMessageContaining("no typed contents; send raw_input_contents");
    }
}
