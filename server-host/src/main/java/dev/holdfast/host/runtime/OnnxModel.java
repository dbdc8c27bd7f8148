package dev.holdfast.host.runtime;

import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A session of ONNX Runtime as a model.
 *
 * <pre>
 *   one request ──────────────────────────> run ─> its outputs
 *   several, first dimensions free ─ join ─> run ─ split ─> outputs of each
 *   several, else ────────────────────────> run each
 * </pre>
 *
 * <p>Joining takes the first dimension for the one of the batch, which ONNX does not say but every exporter does. Where
 * the model names its first dimensions, and not all alike, it is not joined; a model whose first free dimension means
 * something else, and has no name, must be served with a batch size of 1.
 */
final class OnnxModel implements LoadedModel {

    private final OrtEnvironment environment;
    private final OrtSession session;
    private final String name;
    private final ModelSignature signature;
    /** The names of the outputs, in their order. */
    private final Set<String> offered;

    private final UnsignedTensors unsigned;
    private final InputCheck check;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Whether a joined run can be split again; false for good once a run has shown that it cannot. */
    private volatile boolean joins;

    /** @param file that the session was made of */
    OnnxModel(OrtEnvironment environment, OrtSession session, String name, Path file) throws OrtException {
        this.environment = environment;
        this.session = session;
        this.name = name;
        this.signature = new OnnxSignature(name, session, file).read();
        this.offered =
                signature.outputs().stream().map(TensorSpec::name).collect(Collectors.toCollection(LinkedHashSet::new));
        this.check = new InputCheck(name, signature.inputs());
        this.joins = firstIsFree(signature.inputs())
                && firstIsFree(signature.outputs())
                && signature.leftOut().isEmpty()
                && firstNames(session).size() <= 1;
        this.unsigned = new UnsignedTensors(
                environment, signature.inputs().stream().map(TensorSpec::type).toList());
    }

    @Override
    public ModelSignature signature() {
        return signature;
    }

    @Override
    public void check(List<Tensor> inputs) {
        check.check(inputs);
    }

    @Override
    public List<List<Tensor>> predict(List<List<Tensor>> batch) {
        if (closed.get()) {
            throw new IllegalStateException("Model " + name + " is closed");
        }
        if (batch.size() == 1) {
            return List.of(run(batch));
        }
        if (!joins) {
            return runEach(batch);
        }
        Map<Integer, List<Tensor>> answers = new TreeMap<>();
        for (List<Integer> group : groups(batch)) {
            List<List<Tensor>> outputs =
                    runJoined(group.stream().map(batch::get).toList());
            for (int i = 0; i < group.size(); i++) {
                answers.put(group.get(i), outputs.get(i));
            }
        }
        return List.copyOf(answers.values());
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try (unsigned) {
            session.close();
        } catch (OrtException e) {
            throw new InferenceException("Model " + name + " cannot be closed: " + e.getMessage(), e);
        }
    }

    private List<List<Tensor>> runEach(List<List<Tensor>> batch) {
        List<List<Tensor>> answers = new ArrayList<>();
        for (List<Tensor> request : batch) {
            answers.add(run(List.of(request)));
        }
        return answers;
    }

    private List<List<Tensor>> runJoined(List<List<Tensor>> group) {
        if (group.size() == 1 || !joins) {
            return runEach(group);
        }
        List<Tensor> joined = run(group);
        int[] rows = group.stream().mapToInt(Batches::rows).toArray();
        if (!Batches.canSplit(joined, rows)) {
            joins = false;
            return runEach(group);
        }
        return Batches.split(joined, rows);
    }

    /** The requests by what they have in common beyond the first dimension, in the order of the first of each. */
    private Collection<List<Integer>> groups(List<List<Tensor>> batch) {
        Map<Object, List<Integer>> groups = new LinkedHashMap<>();
        for (int i = 0; i < batch.size(); i++) {
            Object key = Batches.isJoinable(batch.get(i)) ? Batches.key(batch.get(i)) : i;
            groups.computeIfAbsent(key, any -> new ArrayList<>()).add(i);
        }
        return groups.values();
    }

    /** One run of the engine on requests of equal shapes. */
    private List<Tensor> run(List<List<Tensor>> requests) {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            for (TensorSpec spec : signature.inputs()) {
                inputs.put(spec.name(), unsigned.of(spec.type(), OnnxTensors.join(environment, parts(requests, spec))));
            }
            try (OrtSession.Result result = session.run(inputs, offered)) {
                return outputs(result);
            }
        } catch (OrtException e) {
            String message = "Model " + name + ": " + OneLine.name(String.valueOf(e.getMessage()));
            if (e.getCode() == OrtErrorCode.ORT_INVALID_ARGUMENT) {
                throw new InvalidInputException(message, e);
            }
            throw new InferenceException(message, e);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private List<Tensor> parts(List<List<Tensor>> requests, TensorSpec spec) {
        List<Tensor> parts = new ArrayList<>(requests.size());
        for (List<Tensor> request : requests) {
            parts.add(named(request, spec));
        }
        return parts;
    }

    private Tensor named(List<Tensor> request, TensorSpec spec) {
        for (Tensor tensor : request) {
            if (tensor.name().equals(spec.name())) {
                return tensor;
            }
        }
        throw new InvalidInputException("Model " + name + " got no input '" + spec.name() + "'");
    }

    private List<Tensor> outputs(OrtSession.Result result) throws OrtException {
        List<Tensor> outputs = new ArrayList<>(result.size());
        for (Map.Entry<String, OnnxValue> output : result) {
            if (output.getValue() instanceof OnnxTensor tensor) {
                outputs.add(OnnxTensors.read(output.getKey(), tensor));
            } else if (output.getValue() instanceof OnnxSequence maps) {
                outputs.add(OnnxMaps.read(output.getKey(), maps));
            } else {
                throw new InferenceException("Model " + name + " left out its output '" + output.getKey() + "'");
            }
        }
        return outputs;
    }

    private static Set<String> firstNames(OrtSession session) throws OrtException {
        return Stream.concat(session.getInputInfo().values().stream(), session.getOutputInfo().values().stream())
                .filter(node -> node.getInfo() instanceof TensorInfo)
                .map(node -> ((TensorInfo) node.getInfo()).getDimensionNames()[0])
                .filter(dimension -> !dimension.isEmpty())
                .collect(Collectors.toSet());
    }

    private static boolean firstIsFree(List<TensorSpec> specs) {
        return !specs.isEmpty()
                && specs.stream()
                        .allMatch(
                                spec -> !spec.shape().isEmpty() && spec.shape().get(0) == -1);
    }
}
