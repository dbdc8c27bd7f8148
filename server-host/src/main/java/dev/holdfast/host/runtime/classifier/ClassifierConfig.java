package dev.holdfast.host.runtime.classifier;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.text.OneLine;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * The configuration of a classifier: {@code {"method": …, "parameter": {"regularization_weight": …}, "converter": {…}}}. What
 * would change what is learned, and is not known here, is refused.
 */
final class ClassifierConfig {

    static final int LONGEST = 1 << 20;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(32)
                            .maxNumberLength(100)
                            .maxDocumentLength(LONGEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private final String text;
    private final JsonNode tree;
    private final Method method;
    private final double regularization;
    private final FeatureConverter converter;

    private ClassifierConfig(
            String text, JsonNode tree, Method method, double regularization, FeatureConverter converter) {
        this.text = text;
        this.tree = tree;
        this.method = method;
        this.regularization = regularization;
        this.converter = converter;
    }

    /**
     * @param where for messages
     * @throws ModelLoadException naming the key that is wrong, its value, and the rule
     */
    static ClassifierConfig of(String where, String text) {
        JsonNode tree = parse(where, text);
        ConfigNodes.passOver(where, tree, Set.of("method", "parameter", "converter"));
        JsonNode name = tree.path("method");
        Method method = Method.of(name.isTextual() ? name.textValue() : "")
                .orElseThrow(() -> new ModelLoadException(
                        where + ": 'method' is " + ConfigNodes.shown(name) + "; it must be one of " + Method.known()));
        JsonNode parameter = tree.path("parameter");
        ConfigNodes.passOver(where, parameter, Set.of("regularization_weight"));
        double weight = 1;
        if (method.needsRegularization()) {
            JsonNode given = parameter.path("regularization_weight");
            // The original holds it in 32 bits.
            weight = (float) given.doubleValue();
            if (!given.isNumber() || !(weight > 0) || !Double.isFinite(weight)) {
                throw new ModelLoadException(
                        where + ": 'regularization_weight' of 'parameter' is " + ConfigNodes.shown(given)
                                + "; with the method " + name.textValue() + " it must be a number above 0");
            }
        }
        JsonNode converter = tree.path("converter");
        if (!converter.isObject()) {
            throw new ModelLoadException(where + ": 'converter' is " + ConfigNodes.shown(converter)
                    + "; it must be an object with the rules of conversion");
        }
        return new ClassifierConfig(text, tree, method, weight, FeatureConverter.of(where, converter));
    }

    private static JsonNode parse(String where, String text) {
        try {
            JsonNode tree = JSON.readTree(text);
            if (!tree.isObject()) {
                throw new ModelLoadException(where + " is no JSON object");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw new ModelLoadException(where + " is damaged: " + OneLine.name(e.getOriginalMessage()), e);
        }
    }

    /** The text as it was given. */
    String text() {
        return text;
    }

    Method method() {
        return method;
    }

    double regularization() {
        return regularization;
    }

    FeatureConverter converter() {
        return converter;
    }

    /** Whether another text says the same: white space and the order of keys make no difference, 1 and 1.0 do. */
    boolean says(String other) {
        try {
            return tree.equals(JSON.readTree(other));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /** The settings without which what was learned means nothing. */
    String fingerprint() {
        return "method=" + method.canonical() + ",regularization_weight=" + regularization + ",converter="
                + Sha256.of(canonical(tree.path("converter")).getBytes(StandardCharsets.UTF_8));
    }

    private static String canonical(JsonNode tree) {
        try {
            return JSON.writeValueAsString(JSON.treeToValue(tree, Object.class));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("What was read is written", e);
        }
    }
}
