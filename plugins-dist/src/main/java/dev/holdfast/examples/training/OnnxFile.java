package dev.holdfast.examples.training;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A network as an ONNX file: {@code Div ─> Gemm ─> Relu ─> … ─> Gemm ─> Softmax}, FP32, any number of rows a batch.
 *
 * <p>The numbers of the fields are those of {@code onnx.proto} (github.com/onnx/onnx), IR version 8, operator set 13.
 */
final class OnnxFile {

    private static final int IR_VERSION = 8;
    private static final int OPERATOR_SET = 13;
    /** {@code TensorProto.DataType.FLOAT}. */
    private static final int FLOAT = 1;

    private static final String BATCH = "batch";
    private static final String OUTPUT = "probabilities";

    private OnnxFile() {}

    /** The bytes of the file; its input is called {@code input}, its output {@code probabilities}. */
    static byte[] of(Network network, String name, String input) {
        List<DenseLayer> layers = network.layers();
        ProtoMessage graph = new ProtoMessage();
        node(graph, "Div", "scaled", input, "scale");
        String last = "scaled";
        for (int i = 0; i < layers.size(); i++) {
            if (i > 0) {
                node(graph, "Relu", "hidden" + i, last);
                last = "hidden" + i;
            }
            node(graph, "Gemm", "layer" + i, last, "weights" + i, "bias" + i);
            last = "layer" + i;
        }
        node(graph, "Softmax", OUTPUT, last);
        graph.text(2, name);
        tensor(graph, "scale", new float[] {(float) network.scale()});
        for (int i = 0; i < layers.size(); i++) {
            DenseLayer layer = layers.get(i);
            tensor(graph, "weights" + i, layer.weights(), layer.inputs(), layer.outputs());
            tensor(graph, "bias" + i, layer.bias(), layer.outputs());
        }
        graph.message(11, value(input, layers.get(0).inputs()));
        graph.message(12, value(OUTPUT, layers.get(layers.size() - 1).outputs()));
        return new ProtoMessage()
                .number(1, IR_VERSION)
                .text(2, "holdfast-examples")
                .message(7, graph)
                .message(8, new ProtoMessage().text(1, "").number(2, OPERATOR_SET))
                .toBytes();
    }

    private static void node(ProtoMessage graph, String operator, String output, String... inputs) {
        ProtoMessage node = new ProtoMessage();
        for (String input : inputs) {
            node.text(1, input);
        }
        graph.message(1, node.text(2, output).text(3, output).text(4, operator));
    }

    /** A constant of the graph; without dimensions a single number. */
    private static void tensor(ProtoMessage graph, String name, float[] values, int... dimensions) {
        ProtoMessage tensor = new ProtoMessage();
        for (int dimension : dimensions) {
            tensor.number(1, dimension);
        }
        ByteBuffer raw = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        graph.message(5, tensor.number(2, FLOAT).text(8, name).bytes(9, raw.array()));
    }

    private static ProtoMessage value(String name, int columns) {
        ProtoMessage shape = new ProtoMessage()
                .message(1, new ProtoMessage().text(2, BATCH))
                .message(1, new ProtoMessage().number(1, columns));
        ProtoMessage type = new ProtoMessage().number(1, FLOAT).message(2, shape);
        return new ProtoMessage().text(1, name).message(2, new ProtoMessage().message(1, type));
    }
}
