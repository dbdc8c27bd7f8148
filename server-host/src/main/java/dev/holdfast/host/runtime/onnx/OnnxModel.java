package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A session of ONNX Runtime as a model. Requests run together only where somebody vouches for it: see {@link JoinRules}. */
final class OnnxModel implements LoadedModel {

    private final OrtEnvironment environment;
    private final OrtSession session;
    private final String name;
    private final ModelSignature signature;
    private final long weightBytes;
    /** The names of the outputs, in their order. */
    private final Set<String> offered;

    private final UnsignedTensors unsigned;
    private final InputCheck check;
    private final OnnxRuns underWay = new OnnxRuns();
    private final AtomicBoolean closed = new AtomicBoolean();

    private final BatchedRuns runs;

    /**
     * @param file that the session was made of
     * @param weightBytes of the session
     */
    OnnxModel(OrtEnvironment environment, OrtSession session, String name, Path file, long weightBytes)
            throws OrtException {
        this.environment = environment;
        this.session = session;
        this.name = name;
        this.weightBytes = weightBytes;
        this.signature = new OnnxSignature(name, session, file).read();
        this.offered =
                signature.outputs().stream().map(TensorSpec::name).collect(Collectors.toCollection(LinkedHashSet::new));
        this.check = new InputCheck(name, signature.inputs());
        this.runs = new BatchedRuns(name, inputs -> run(inputs, Optional.empty()));
        this.unsigned = new UnsignedTensors(
                environment, signature.inputs().stream().map(TensorSpec::type).toList());
    }

    @Override
    public ModelSignature signature() {
        return signature;
    }

    @Override
    public long weightBytes() {
        return weightBytes;
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
        return runs.predict(batch);
    }

    @Override
    public void prepareBatches(BatchTerms terms) {
        try {
            new JoinRules(
                            name,
                            named(signature.inputs(), session.getInputInfo()),
                            named(signature.outputs(), session.getOutputInfo()),
                            terms)
                    .decide(runs, this::selfCheck);
        } catch (OrtException e) {
            runs.single("ONNX Runtime does not tell its dimensions: " + OneLine.reason(String.valueOf(e.getMessage())));
        }
    }

    /** As {@link #prepareBatches}, where a self-check of the same model has found that it may run this many rows together. */
    void joinAsChecked(String why, int mostRows) {
        runs.join(
                new Joining(Joining.By.CHECKED, why),
                Batches.ofFirstDimensions(signature.inputs(), signature.outputs()),
                mostRows);
    }

    /** How many rows run together at the most. */
    int mostRows() {
        return runs.mostRows();
    }

    private JoinCheck.Result selfCheck(JoinCheck.Subject subject) {
        // Later than the check looks at the clock, so that a run which was ended is never taken for one that failed.
        try (RunLimit limit = new RunLimit(subject.patience().plusMillis(100))) {
            return new JoinCheck(subject, inputs -> run(inputs, Optional.of(limit.options()))).run();
        } catch (OrtException e) {
            return JoinCheck.Result.not("the self-check could not begin: " + e.getMessage());
        }
    }

    private static List<NamedSpec> named(List<TensorSpec> specs, Map<String, NodeInfo> nodes) {
        return specs.stream()
                .map(spec -> new NamedSpec(spec, dimensions(nodes.get(spec.name()))))
                .toList();
    }

    private static List<String> dimensions(@Nullable NodeInfo node) {
        return node != null && node.getInfo() instanceof TensorInfo tensor
                ? List.of(tensor.getDimensionNames())
                : List.of();
    }

    @Override
    public Joining joining() {
        return runs.joining();
    }

    @Override
    public void failedOnlyTogether(String why) {
        runs.failedOnlyTogether(why);
    }

    @Override
    public void end(Thread predicting) {
        predicting.interrupt();
        underWay.end(predicting);
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

    /** One run of the engine; what is given for an input lies in it one after the other along its first dimension. */
    private List<Tensor> run(Map<String, List<Tensor>> parts, Optional<OrtSession.RunOptions> options) {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            for (TensorSpec spec : signature.inputs()) {
                inputs.put(spec.name(), unsigned.of(spec.type(), OnnxTensors.join(environment, named(parts, spec))));
            }
            try (OnnxRuns.Run run = underWay.begin();
                    OrtSession.Result result = session.run(inputs, offered, options.orElseGet(run::options))) {
                return outputs(result);
            }
        } catch (OrtException e) {
            String message = "Model " + name + ": " + OneLine.reason(String.valueOf(e.getMessage()));
            if (e.getCode() == OrtErrorCode.ORT_INVALID_ARGUMENT) {
                throw new InvalidInputException(message, e);
            }
            throw new InferenceException(message, e);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private List<Tensor> named(Map<String, List<Tensor>> parts, TensorSpec spec) {
        List<Tensor> given = parts.get(spec.name());
        if (given == null) {
            throw new InvalidInputException("Model " + name + " got no input '" + spec.name() + "'");
        }
        return given;
    }

    private List<Tensor> outputs(OrtSession.Result result) throws OrtException {
        List<Tensor> outputs = new ArrayList<>(result.size());
        for (Map.Entry<String, OnnxValue> output : result) {
            if (output.getValue() instanceof OnnxTensor tensor) {
                outputs.add(OnnxTensors.read(output.getKey(), tensor));
            } else if (output.getValue() instanceof OnnxSequence maps) {
                outputs.add(OnnxMaps.read(output.getKey(), maps, labels(output.getKey())));
            } else {
                throw new InferenceException("Model " + name + " left out its output '" + output.getKey() + "'");
            }
        }
        return outputs;
    }

    private TensorType labels(String output) {
        return signature.outputs().stream()
                .filter(spec -> spec.name().equals(output))
                .findFirst()
                .flatMap(TensorSpec::labels)
                .orElse(TensorType.BYTES);
    }
}
