package dev.holdfast.host;

import static dev.holdfast.host.OnnxFiles.field;
import static dev.holdfast.host.OnnxFiles.message;
import static dev.holdfast.host.OnnxFiles.number;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.holdfast.protocol.openinference.GRPCInferenceServiceGrpc;
import dev.holdfast.protocol.openinference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.holdfast.protocol.openinference.ModelInferRequest;
import dev.holdfast.protocol.openinference.ModelInferRequest.InferInputTensor;
import dev.holdfast.protocol.openinference.ModelInferResponse;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the wires cost: the host's processor time for a tensor of 1 MB in bytes beside the same one in JSON; requests a second of a small
 * model over gRPC beside HTTP, at 64 connections; and those of an image of 600 KB over gRPC beside a bare server of grpc-java that
 * calls ONNX Runtime. Prints a table; asserts nothing.
 */
public final class WireBenchmark {

    private static final int ROUNDS = 5;
    private static final int[] MEGABYTE = {1, 4, 256, 256};
    private static final int[] IMAGE = {1, 3, 224, 224};
    private static final int[] SMALL = {1, 4, 2, 2};

    private WireBenchmark() {}

    /** What asks once. */
    private interface Call {
        void ask() throws Exception;
    }

    /** Makes one caller of those that ask side by side. */
    private interface Caller {
        Call open() throws Exception;
    }

    /** @param arguments a directory to work in; or {@code bare} and a model, to be the bare server */
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("bare")) {
            bare(Path.of(arguments[1]));
            return;
        }
        Path directory = Files.createTempDirectory(Files.createDirectories(Path.of(arguments[0])), "wire");
        Path store = directory.resolve("store");
        OnnxFiles.write(store, "megabyte.onnx", average(MEGABYTE));
        OnnxFiles.write(store, "small.onnx", average(SMALL));
        Path image = OnnxFiles.write(store, "image.onnx", average(IMAGE));
        Process bare = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        WireBenchmark.class.getName(),
                        "bare",
                        image.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (HostProcess host = HostProcess.startFast(store, directory.resolve("logs"))) {
            for (String model : List.of("megabyte", "small", "image")) {
                int status = host.management("POST", "/models?url=" + model + ".onnx&initial_workers=2")
                        .statusCode();
                if (status != 200) {
                    throw new IOException("Model " + model + " could not be registered: " + status);
                }
            }
            String own = new ObjectMapper()
                    .readTree(Files.readString(host.logLocation().resolve("holdfast.run")))
                    .required("grpc_inference_address")
                    .textValue();
            String other = bare.inputReader().readLine();
            measure(host, own, other);
        } finally {
            bare.destroyForcibly();
        }
    }

    private static void measure(HostProcess host, String own, String bare) throws Exception {
        byte[] json = json(MEGABYTE);
        byte[] bytes = bytes(MEGABYTE);
        int head = head(MEGABYTE).length();
        byte[] small = json(SMALL);
        Caller inJson = () -> http(host.inferenceAddress(), "megabyte", json, 0);
        Caller inBytes = () -> http(host.inferenceAddress(), "megabyte", bytes, head);
        Caller byHttp = () -> http(host.inferenceAddress(), "small", small, 0);
        Caller byGrpc = () -> grpc(own, "small", SMALL);
        Caller imageHere = () -> grpc(own, "image", IMAGE);
        Caller imageBare = () -> grpc(bare, "image", IMAGE);
        double[] cost = new double[ROUNDS];
        double[] wires = new double[ROUNDS];
        double[] images = new double[ROUNDS];
        System.out.println("round  JSON µs  bytes µs  ratio  HTTP/s  gRPC/s  ratio  image here/s  bare/s  ratio");
        for (int round = -1; round < ROUNDS; round++) {
            double slow = run(host, inJson, 2, 200)[1];
            double quick = run(host, inBytes, 2, 400)[1];
            double http = run(host, byHttp, 64, 20_000)[0];
            double grpc = run(host, byGrpc, 64, 20_000)[0];
            double here = run(host, imageHere, 8, 2_000)[0];
            double there = run(host, imageBare, 8, 2_000)[0];
            // The first is for the compiler.
            if (round >= 0) {
                cost[round] = quick / slow;
                wires[round] = grpc / http;
                images[round] = here / there;
                System.out.printf(
                        Locale.ROOT,
                        "%5d %8.0f %9.0f %6.2f %7.0f %7.0f %6.2f %13.0f %7.0f %6.2f%n",
                        round + 1, slow, quick, cost[round], http, grpc, wires[round], here, there, images[round]);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "medians: bytes beside JSON %.2f (wanted: at most 0.33), gRPC beside HTTP %.2f (wanted: 1), image beside bare %.2f"
                        + " (wanted: 0.9)%n",
                median(cost), median(wires), median(images));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Requests a second, and the host's processor time for one in microseconds. */
    private static double[] run(HostProcess host, Caller caller, int callers, int requests) throws Exception {
        AtomicInteger left = new AtomicInteger(requests);
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        Duration before = processorTime(host);
        long begun = System.nanoTime();
        for (int i = 0; i < callers; i++) {
            Call call = caller.open();
            Thread thread = new Thread(() -> {
                try {
                    while (left.getAndDecrement() > 0) {
                        call.ask();
                    }
                } catch (Throwable e) {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (!failures.isEmpty()) {
            throw new IOException("A request failed", failures.get(0));
        }
        for (AutoCloseable connection : OPEN) {
            connection.close();
        }
        OPEN.clear();
        return new double[] {
            requests / ((System.nanoTime() - begun) / 1e9),
            processorTime(host).minus(before).toNanos() / 1e3 / requests
        };
    }

    /** Connections of the callers of now. */
    private static final List<AutoCloseable> OPEN = new ArrayList<>();

    private static Duration processorTime(HostProcess host) {
        return ProcessHandle.of(host.pid())
                .orElseThrow()
                .info()
                .totalCpuDuration()
                .orElseThrow();
    }

    /** Speaks HTTP as cheaply as can be, for callers have the same processors as what is measured. */
    private static Call http(URI host, String model, byte[] body, int head) throws IOException {
        byte[] question = message(
                ("POST /v2/models/" + model + "/infer HTTP/1.1\r\nHost: localhost\r\n"
                                + (head > 0 ? "Inference-Header-Content-Length: " + head + "\r\n" : "")
                                + "Content-Length: " + body.length + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII),
                body);
        Socket socket = new Socket(host.getHost(), host.getPort());
        socket.setTcpNoDelay(true);
        OPEN.add(socket);
        byte[] answer = new byte[8192];
        return () -> {
            socket.getOutputStream().write(question);
            int length = 0;
            while (!isWhole(answer, length)) {
                int count = socket.getInputStream().read(answer, length, answer.length - length);
                if (count < 0) {
                    throw new IOException("The host has closed the connection");
                }
                length += count;
            }
            if (!new String(answer, 0, 12, StandardCharsets.US_ASCII).equals("HTTP/1.1 200")) {
                throw new IOException(new String(answer, 0, length, StandardCharsets.UTF_8));
            }
        };
    }

    /** All answers end with the brackets of JSON, for outputs are not asked for in bytes. */
    private static boolean isWhole(byte[] answer, int length) {
        return length > 0 && answer[length - 1] == '}';
    }

    private static Call grpc(String address, String model, int[] shape) {
        ManagedChannel channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
                .directExecutor()
                .build();
        OPEN.add(channel::shutdownNow);
        GRPCInferenceServiceBlockingStub stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
        InferInputTensor.Builder input =
                InferInputTensor.newBuilder().setName("x").setDatatype("FP32");
        for (int size : shape) {
            input.addShape(size);
        }
        ModelInferRequest request = ModelInferRequest.newBuilder()
                .setModelName(model)
                .addInputs(input)
                .addRawInputContents(UnsafeByteOperations.unsafeWrap(raw(shape)))
                .build();
        return () -> stub.modelInfer(request);
    }

    /** The mean of each channel of an image. */
    private static byte[] average(int[] shape) {
        byte[] graph = message(
                field(1, message(field(1, "x"), field(2, "z"), field(4, "GlobalAveragePool"))),
                field(2, "g"),
                field(11, tensor("x", shape)),
                field(12, tensor("z", new int[] {shape[0], shape[1], 1, 1})));
        return message(number(1, 8), field(7, graph), field(8, message(number(2, 17))));
    }

    private static byte[] tensor(String name, int[] shape) {
        byte[] sizes = new byte[0];
        for (int size : shape) {
            sizes = message(sizes, field(1, message(number(1, size))));
        }
        return message(field(1, name), field(2, message(field(1, message(number(1, 1), field(2, sizes))))));
    }

    private static float[] floats(int[] shape) {
        float[] floats = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        Random random = new Random(1);
        for (int i = 0; i < floats.length; i++) {
            floats[i] = random.nextFloat();
        }
        return floats;
    }

    private static byte[] raw(int[] shape) {
        float[] floats = floats(shape);
        ByteBuffer bytes = ByteBuffer.allocate(4 * floats.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(floats);
        return bytes.array();
    }

    private static byte[] json(int[] shape) {
        return ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":" + Arrays.toString(shape) + ",\"data\":"
                        + Arrays.toString(floats(shape)) + "}]}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String head(int[] shape) {
        return "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":" + Arrays.toString(shape)
                + ",\"parameters\":{\"binary_data_size\":" + raw(shape).length + "}}]}";
    }

    private static byte[] bytes(int[] shape) {
        return message(head(shape).getBytes(StandardCharsets.UTF_8), raw(shape));
    }

    private static void bare(Path model) throws Exception {
        // As in the host: what the library does when it is loaded needs a large stack.
        Thread load = new Thread(null, OrtEnvironment::getEnvironment, "load", 512L << 20);
        load.start();
        load.join();
        OrtEnvironment engine = OrtEnvironment.getEnvironment();
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(1);
        OrtSession session = engine.createSession(model.toString(), options);
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(6_553_500)
                .addService(new GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase() {
                    @Override
                    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> caller) {
                        try {
                            caller.onNext(run(engine, session, request));
                            caller.onCompleted();
                        } catch (OrtException e) {
                            caller.onError(e);
                        }
                    }
                })
                .build()
                .start();
        System.out.println("127.0.0.1:" + server.getPort());
        server.awaitTermination();
    }

    private static ModelInferResponse run(OrtEnvironment engine, OrtSession session, ModelInferRequest request)
            throws OrtException {
        long[] shape = request.getInputs(0).getShapeList().stream()
                .mapToLong(size -> size)
                .toArray();
        ByteBuffer raw = ByteBuffer.allocateDirect(request.getRawInputContents(0).size())
                .order(ByteOrder.LITTLE_ENDIAN);
        request.getRawInputContents(0).copyTo(raw);
        try (OnnxTensor input = OnnxTensor.createTensor(engine, raw.flip().asFloatBuffer(), shape);
                OrtSession.Result result = session.run(Map.of("x", input))) {
            FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
            ByteBuffer answer = ByteBuffer.allocate(4 * output.remaining()).order(ByteOrder.LITTLE_ENDIAN);
            answer.asFloatBuffer().put(output);
            return ModelInferResponse.newBuilder()
                    .setModelName("image")
                    .addRawOutputContents(ByteString.copyFrom(answer.array()))
                    .build();
        }
    }
}
