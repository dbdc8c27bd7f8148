package dev.holdfast.host.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.archive.YamlException;
import dev.holdfast.host.archive.YamlText;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of handlers that {@code metrics_config} declares, by their names: its section {@code model_metrics}. What
 * {@code ts_metrics} says is the host's own, and always there.
 */
public record DeclaredMetrics(Map<String, MetricDeclaration> byName) {

    private static final long LARGEST = 1 << 20;
    private static final String SECTION = "model_metrics";

    /** What TorchServe's own file declares. */
    public static final DeclaredMetrics USUAL = of(List.of(
            new MetricDeclaration("HandlerTime", "ms", MetricType.GAUGE, List.of("ModelName", "Level")),
            new MetricDeclaration("PredictionTime", "ms", MetricType.GAUGE, List.of("ModelName", "Level"))));

    public DeclaredMetrics {
        byName = Map.copyOf(byName);
    }

    private static DeclaredMetrics of(List<MetricDeclaration> declarations) {
        Map<String, MetricDeclaration> byName = new LinkedHashMap<>();
        declarations.forEach(declared -> byName.put(declared.name(), declared));
        return new DeclaredMetrics(byName);
    }

    /**
     * Reads such a file.
     *
     * @throws IllegalArgumentException if it cannot be read, or is none; the message names it, the metric and the rule
     */
    public static DeclaredMetrics read(Path file) {
        String name = "metrics_config " + file;
        try {
            if (Files.size(file) > LARGEST) {
                throw new IllegalArgumentException(name + " has more than " + LARGEST + " bytes");
            }
            return read(Files.readString(file, StandardCharsets.UTF_8), name);
        } catch (IOException e) {
            throw new IllegalArgumentException(name + " cannot be read: " + e + "; name another file, or none", e);
        } catch (YamlException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    static DeclaredMetrics read(String text, String name) {
        if (!(YamlText.read(text) instanceof Map<?, ?> all) || !all.containsKey(SECTION)) {
            throw new IllegalArgumentException(
                    name + " must have a section " + SECTION + ", with counter, gauge or histogram in it");
        }
        Map<String, MetricDeclaration> byName = new LinkedHashMap<>();
        map(name + ", " + SECTION, all.get(SECTION)).forEach((kind, list) -> {
            MetricType type = MetricType.of(String.valueOf(kind))
                    .orElseThrow(() -> new IllegalArgumentException(name + ", " + SECTION + ": '"
                            + OneLine.of((Object) kind) + "' is none of counter, gauge and histogram"));
            for (Object each : list(name + ", " + type.word(), list)) {
                MetricDeclaration declared = declaration(name + ", " + type.word(), map(name, each), type);
                if (byName.put(declared.name(), declared) != null) {
                    throw new IllegalArgumentException(name + " declares '" + declared.name() + "' twice");
                }
            }
        });
        return new DeclaredMetrics(byName);
    }

    /**
     * The declarations in the form of the file, as JSON.
     *
     * @param eachValue whether workers are to tell each value, and not those of a moment together
     */
    public String toJson(boolean eachValue) {
        Map<String, List<Map<String, Object>>> types = new LinkedHashMap<>();
        byName.values()
                .forEach(metric -> types.computeIfAbsent(metric.type().word(), type -> new ArrayList<>())
                        .add(Map.of("name", metric.name(), "unit", metric.unit(), "dimensions", metric.dimensions())));
        try {
            return new ObjectMapper().writeValueAsString(Map.of(SECTION, types, "each_value", eachValue));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static MetricDeclaration declaration(String where, Map<?, ?> fields, MetricType type) {
        String metric = String.valueOf(fields.get("name"));
        List<String> dimensions = new ArrayList<>();
        for (Object dimension : list(where, fields.get("dimensions"))) {
            dimensions.add(String.valueOf(dimension));
        }
        try {
            return new MetricDeclaration(metric, String.valueOf(fields.get("unit")), type, dimensions);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(where + ": '" + OneLine.name(metric) + "': " + e.getMessage(), e);
        }
    }

    private static Map<?, ?> map(String where, @Nullable Object value) {
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException(where + " must hold keys with values, not " + OneLine.of(value));
    }

    private static List<?> list(String where, @Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException(where + " must be a list, not " + OneLine.of(value));
    }
}
