package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.archive.BatchAxes;
import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.Joining.By;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who decides whether the requests of different callers run together:
 *
 * <ol>
 *   <li>the operator, who says {@code joined} or {@code single};
 *   <li>else the author of the archive, in its manifest;
 *   <li>else a {@linkplain JoinCheck self-check}, for models of which all first dimensions are free.
 * </ol>
 *
 * <p>Names of dimensions can only rule a batch dimension out, never in. A wish that the model's inputs and outputs
 * contradict is not followed, and the log says so.
 */
record JoinRules(String model, List<NamedSpec> inputs, List<NamedSpec> outputs, BatchTerms terms) {

    private static final Logger log = LoggerFactory.getLogger(JoinRules.class);

    void decide(BatchedRuns runs, Function<JoinCheck.Subject, JoinCheck.Result> selfCheck) {
        if (terms.batchSize() == 1) {
            runs.single("its batch_size is 1");
        } else if (terms.wish() == Batching.SINGLE) {
            runs.single("it was registered with batching=single");
        } else if (terms.wish() == Batching.JOINED) {
            obey(runs, terms.author().orElseGet(this::firstDimensions), "it was registered with batching=joined");
        } else if (terms.author().isPresent() && terms.author().get().inputs().isEmpty()) {
            runs.single("its manifest names no input along which requests may be joined");
        } else if (terms.author().isPresent()) {
            obey(runs, terms.author().get(), "its manifest says so");
        } else {
            check(runs, selfCheck);
        }
    }

    private void obey(BatchedRuns runs, BatchAxes axes, String word) {
        Optional<String> contradiction = contradiction(axes);
        if (contradiction.isEmpty()) {
            runs.join(new Joining(By.AUTHOR, word), new Batches(axes), Integer.MAX_VALUE);
            return;
        }
        String why = word + ", but " + contradiction.get();
        log.warn("Model {} is not run as it was to be: {}", model, why);
        runs.single(why);
    }

    private BatchAxes firstDimensions() {
        Map<String, Integer> of = new TreeMap<>();
        inputs.stream().filter(JoinRules::isFirstFree).forEach(input -> of.put(input.name(), 0));
        Map<String, Integer> all = new TreeMap<>();
        outputs.forEach(output -> all.put(output.name(), 0));
        return new BatchAxes(of, all);
    }

    private static boolean isFirstFree(NamedSpec spec) {
        return spec.rank() == 0 || spec.isFree(0);
    }

    private Optional<String> contradiction(BatchAxes axes) {
        if (axes.inputs().isEmpty()) {
            return Optional.of("no input has a free first dimension");
        }
        for (NamedSpec output : outputs) {
            if (!axes.outputs().containsKey(output.name())) {
                return Optional.of("the output " + quoted(output) + " is not named, and cannot be told apart again");
            }
        }
        return contradiction("input", inputs, axes.inputs()).or(() -> contradiction("output", outputs, axes.outputs()));
    }

    private static Optional<String> contradiction(String kind, List<NamedSpec> specs, Map<String, Integer> axes) {
        for (Map.Entry<String, Integer> axis : axes.entrySet()) {
            Optional<NamedSpec> spec = specs.stream()
                    .filter(known -> known.name().equals(axis.getKey()))
                    .findFirst();
            String what = "the " + kind + " '" + OneLine.name(axis.getKey()) + "'";
            if (spec.isEmpty()) {
                return Optional.of(what + " is not there");
            }
            // A shape that says nothing may have any rank; only a run tells.
            if (spec.get().rank() > 0
                    && (spec.get().rank() <= axis.getValue() || !spec.get().isFree(axis.getValue()))) {
                return Optional.of(what + " of the shape " + spec.get().spec().shape() + " has no free dimension "
                        + axis.getValue());
            }
        }
        return Optional.empty();
    }

    private void check(BatchedRuns runs, Function<JoinCheck.Subject, JoinCheck.Result> selfCheck) {
        Optional<String> denied = denied();
        if (denied.isPresent()) {
            runs.single(denied.get());
            return;
        }
        if (terms.patience().isZero()) {
            runs.single(
                    "it may have ended the host before, and its self-check is left out, whose extreme values may have"
                            + " been why; batching=joined or its manifest may say that they run together");
            return;
        }
        JoinCheck.Result result = selfCheck.apply(new JoinCheck.Subject(
                inputs, Batches.ofFirstDimensions(specs(inputs), specs(outputs)), terms.batchSize(), terms.patience()));
        if (result.same()) {
            runs.join(
                    new Joining(By.CHECKED, result.why()),
                    Batches.ofFirstDimensions(specs(inputs), specs(outputs)),
                    result.mostRows());
        } else {
            runs.single(result.why());
        }
    }

    /** Why no self-check is needed to tell that the first dimensions are not those of a batch. */
    private Optional<String> denied() {
        if (inputs.isEmpty()) {
            return Optional.of("it has no input");
        }
        List<NamedSpec> all = new ArrayList<>(inputs);
        all.addAll(outputs);
        Set<String> names = new TreeSet<>();
        for (NamedSpec spec : all) {
            if (spec.rank() == 0 || !spec.isFree(0)) {
                return Optional.of(
                        quoted(spec) + " of the shape " + spec.spec().shape() + " has no free first dimension");
            }
            if (!spec.dimension(0).isEmpty()) {
                names.add(spec.dimension(0));
            }
        }
        if (names.size() > 1) {
            return Optional.of("its first dimensions have different names: " + OneLine.of(names));
        }
        for (NamedSpec spec : all) {
            for (int i = 1; i < spec.rank(); i++) {
                if (spec.isFree(i) && names.contains(spec.dimension(i))) {
                    return Optional.of("in " + quoted(spec) + " another dimension has the name of the first: '"
                            + OneLine.name(spec.dimension(i)) + "'");
                }
            }
        }
        return Optional.empty();
    }

    private static List<TensorSpec> specs(List<NamedSpec> named) {
        return named.stream().map(NamedSpec::spec).toList();
    }

    private static String quoted(NamedSpec spec) {
        return "'" + OneLine.name(spec.name()) + "'";
    }
}
