package dev.holdfast.host.api;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a model answered.
 *
 * @param outputs of the model
 * @param remarks what the answer says of itself, by name: truth values and whole numbers
 */
public record ModelAnswer(List<Tensor> outputs, Map<String, Object> remarks) {

    /** Tells the outputs of a model from its remarks. */
    static ModelAnswer of(ModelSignature signature, List<Tensor> given) {
        if (signature.remarks().isEmpty()) {
            return new ModelAnswer(given, Map.of());
        }
        Set<String> names = signature.remarks().stream().map(TensorSpec::name).collect(Collectors.toSet());
        List<Tensor> outputs = new ArrayList<>();
        Map<String, Object> remarks = new LinkedHashMap<>();
        for (Tensor tensor : given) {
            if (!names.contains(tensor.name())) {
                outputs.add(tensor);
            } else if (tensor.elements() instanceof boolean[] truths) {
                remarks.put(tensor.name(), truths[0]);
            } else {
                remarks.put(tensor.name(), ((long[]) tensor.elements())[0]);
            }
        }
        return new ModelAnswer(outputs, remarks);
    }
}
