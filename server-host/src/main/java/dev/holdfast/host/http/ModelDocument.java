package dev.holdfast.host.http;

import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.serving.VersionStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The OpenAPI document of one model: how to call it, with its inputs as a schema. */
final class ModelDocument {

    private ModelDocument() {}

    static Map<String, Object> of(VersionStatus status) {
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("operationId", "predictions-" + status.model());
        operation.put("description", "A prediction of model " + status.model() + ", version " + status.version() + ".");
        operation.put("requestBody", Map.of("content", content(status)));
        operation.put("responses", Map.of("200", Map.of("description", "The model's answer")));
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("title", "Model " + status.model());
        info.put("version", status.version());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("openapi", "3.0.1");
        document.put("info", info);
        document.put("paths", Map.of("/predictions/" + status.model(), Map.of("post", operation)));
        return document;
    }

    private static Map<String, Object> content(VersionStatus status) {
        boolean tensors =
                status.signature().filter(signature -> !signature.raw()).isPresent();
        if (!tensors) {
            return Map.of("*/*", Map.of("schema", Map.of("type", "string", "format", "binary")));
        }
        Map<String, Object> properties = new LinkedHashMap<>();
        for (TensorSpec input : status.signature().orElseThrow().inputs()) {
            properties.put(input.name(), schema(input, 0));
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put("required", List.copyOf(properties.keySet()));
        return Map.of(Answers.JSON, Map.of("schema", schema));
    }

    private static Map<String, Object> schema(TensorSpec spec, int dimension) {
        Map<String, Object> schema = new LinkedHashMap<>();
        if (dimension == spec.shape().size()) {
            schema.put("type", elementType(spec.type()));
            return schema;
        }
        long size = spec.shape().get(dimension);
        schema.put("type", "array");
        if (size >= 0) {
            schema.put("minItems", size);
            schema.put("maxItems", size);
        }
        schema.put("items", schema(spec, dimension + 1));
        return schema;
    }

    private static String elementType(TensorType type) {
        return switch (type) {
            case BOOL -> "boolean";
            case FP16, BF16, FP32, FP64 -> "number";
            case BYTES -> "string";
            default -> "integer";
        };
    }
}
