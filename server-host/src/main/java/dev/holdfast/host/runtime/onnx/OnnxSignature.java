package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.SequenceInfo;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.TensorInfo.OnnxTensorType;
import ai.onnxruntime.ValueInfo;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what an ONNX model takes and gives. All inputs must be of types that can be sent; an output that cannot be offered is
 * left out of the answers, and the log says so once.
 */
final class OnnxSignature {

    /** As Triton names it, and after it the Open Inference Protocol. */
    private static final String PLATFORM = "onnx_onnxv1";

    private static final Logger log = LoggerFactory.getLogger(OnnxSignature.class);

    private final String archive;
    private final OrtSession session;
    private final Path file;
    private final List<TensorSpec> outputs = new ArrayList<>();
    private final Map<String, String> leftOut = new TreeMap<>();

    /** @param archive its name, for messages */
    OnnxSignature(String archive, OrtSession session, Path file) {
        this.archive = archive;
        this.session = session;
        this.file = file;
    }

    /** @throws ModelLoadException if an input cannot be sent, or no output can be offered */
    ModelSignature read() throws OrtException {
        List<TensorSpec> inputs = inputs();
        readOutputs();
        if (outputs.isEmpty()) {
            throw new ModelLoadException("Archive " + archive + " has no output that can be offered: " + reasons());
        }
        if (!leftOut.isEmpty()) {
            log.warn("Archive {}: outputs are left out of the answers: {}", archive, reasons());
        }
        return new ModelSignature(PLATFORM, inputs, List.of(), outputs, List.of(), leftOut, false);
    }

    private String reasons() {
        return OneLine.of(leftOut.entrySet().stream()
                .map(output -> "'" + OneLine.name(output.getKey()) + "' is " + output.getValue())
                .toList());
    }

    private List<TensorSpec> inputs() throws OrtException {
        List<TensorSpec> inputs = new ArrayList<>();
        for (NodeInfo node : inputInfo().values()) {
            Optional<TensorSpec> spec = tensor(node);
            inputs.add(spec.orElseThrow(() -> new ModelLoadException("Archive " + archive + " has the input '"
                    + OneLine.name(node.getName()) + "', which is " + what(node.getInfo())
                    + "; inputs must be tensors of " + Arrays.toString(TensorType.values()))));
        }
        return inputs;
    }

    private Map<String, NodeInfo> inputInfo() throws OrtException {
        try {
            return session.getInputInfo();
        } catch (OrtException e) {
            throw notTold("an input", e);
        }
    }

    private ModelLoadException notTold(String what, OrtException e) {
        return new ModelLoadException(
                "Archive " + archive + " has " + what + " of a type that ONNX Runtime does not tell Java of, such as an"
                        + " optional one; it can be served without it: " + OneLine.of(String.valueOf(e.getMessage())),
                e);
    }

    private void readOutputs() throws OrtException {
        Map<String, NodeInfo> nodes;
        try {
            nodes = session.getOutputInfo();
        } catch (OrtException e) {
            // One optional output, and Java is told of none.
            readOutputsOfFile(e);
            return;
        }
        for (NodeInfo node : nodes.values()) {
            Optional<TensorSpec> tensor = tensor(node);
            if (tensor.isPresent()) {
                outputs.add(tensor.get());
            } else if (node.getInfo() instanceof SequenceInfo info && OnnxMaps.isOffered(info)) {
                outputs.add(new TensorSpec(
                        node.getName(), TensorType.FP32, List.of(-1L, -1L), Optional.of(OnnxMaps.labels(info))));
            } else {
                leftOut.put(node.getName(), what(node.getInfo()));
            }
        }
    }

    private void readOutputsOfFile(OrtException failure) {
        try {
            for (OnnxOutputsFile.Output output : OnnxOutputsFile.read(file)) {
                Optional<TensorType> type = OnnxTensors.type(OnnxTensorType.mapFromInt(output.elementType()));
                if (type.isPresent()) {
                    outputs.add(new TensorSpec(output.name(), type.get(), output.shape()));
                } else {
                    leftOut.put(output.name(), "of the kind " + output.kind());
                }
            }
        } catch (IOException e) {
            ModelLoadException refused = notTold("an output", failure);
            refused.addSuppressed(e);
            throw refused;
        }
    }

    private static Optional<TensorSpec> tensor(NodeInfo node) {
        if (!(node.getInfo() instanceof TensorInfo info)) {
            return Optional.empty();
        }
        List<Long> shape = Arrays.stream(info.getShape()).boxed().toList();
        return OnnxTensors.type(info.onnxType).map(type -> new TensorSpec(node.getName(), type, shape));
    }

    private static String what(ValueInfo info) {
        if (info instanceof TensorInfo tensor) {
            return tensor.onnxType == OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED
                    ? "a tensor of a type that ONNX Runtime does not tell Java of, such as INT4"
                    : "a tensor of the type " + tensor.onnxType.name().replaceFirst(".*_DATA_TYPE_", "");
        } else if (info instanceof SequenceInfo sequence) {
            return sequence.isSequenceOfMaps()
                    ? "a sequence of maps from " + sequence.mapInfo.keyType + " to " + sequence.mapInfo.valueType
                    : "a sequence of tensors of " + sequence.sequenceType;
        }
        return "a map";
    }
}
