package dev.holdfast.host.runtime.classifier;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Data as JSON, for requests over HTTP: one, or an array of them.
 *
 * <pre>
 *   to classify      {"title": "big game", "age": 3}
 *   to learn from    {"label": "sport", "data": {"title": "big game", "age": 3}}
 *   answered         {"label": "sport", "scores": {"sport": 0.7, "tech": -0.2}}
 * </pre>
 *
 * <p>What is to be classified may be written as what is learned from, with its label or without one. {@code {"instances": […]}}
 * is answered with {@code {"predictions": […]}}.
 */
final class ClassifierJson {

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(16)
                            .maxNumberLength(400)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private enum Form {
        ONE,
        SEVERAL,
        INSTANCES
    }

    private ClassifierJson() {}

    /** What is to be classified, and the form in which the answer is wanted. */
    record Asked(List<Datum> data, Form form) {

        /** @param scores of each datum by label */
        byte[] answer(List<Map<String, Double>> scores) {
            ArrayNode answers = JSON.createArrayNode();
            for (Map<String, Double> some : scores) {
                ObjectNode answer = answers.addObject();
                some.entrySet().stream()
                        .max(Map.Entry.comparingByValue())
                        .ifPresentOrElse(best -> answer.put("label", best.getKey()), () -> answer.putNull("label"));
                ObjectNode byLabel = answer.putObject("scores");
                some.forEach(byLabel::put);
            }
            JsonNode whole = switch (form) {
                case ONE -> answers.get(0);
                case SEVERAL -> answers;
                case INSTANCES -> JSON.createObjectNode().set("predictions", answers);
            };
            try {
                return JSON.writeValueAsBytes(whole);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("A tree is written", e);
            }
        }
    }

    /** @throws InvalidInputException if the body is something else than data */
    static Asked data(byte[] body) {
        JsonNode tree = read(body);
        JsonNode instances = tree.path("instances");
        Form form = instances.isArray() ? Form.INSTANCES : tree.isArray() ? Form.SEVERAL : Form.ONE;
        List<Datum> data = new ArrayList<>();
        for (JsonNode one : items(form == Form.INSTANCES ? instances : tree)) {
            data.add(datum(one.path("data").isObject() ? one.path("data") : one));
        }
        return new Asked(data, form);
    }

    /** @throws InvalidInputException if the body is something else than examples */
    static List<Datum.Labelled> examples(byte[] body) {
        JsonNode tree = read(body);
        List<Datum.Labelled> examples = new ArrayList<>();
        for (JsonNode one : items(tree.path("instances").isArray() ? tree.path("instances") : tree)) {
            if (!one.path("label").isTextual() || !one.path("data").isObject() || one.size() != 2) {
                throw refused(one, "an example is {\"label\": TEXT, \"data\": {KEY: TEXT or NUMBER, …}}");
            }
            examples.add(new Datum.Labelled(one.path("label").textValue(), datum(one.path("data"))));
        }
        return examples;
    }

    private static JsonNode read(byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new InvalidInputException("The body is no JSON: " + OneLine.name(e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new InvalidInputException("The body cannot be read: " + OneLine.of(e), e);
        }
    }

    private static Iterable<JsonNode> items(JsonNode tree) {
        return tree.isArray() ? tree : List.of(tree);
    }

    private static Datum datum(JsonNode object) {
        if (!object.isObject()) {
            throw refused(object, "a datum is an object of keys with texts or numbers");
        }
        List<Datum.Text> texts = new ArrayList<>();
        List<Datum.Num> numbers = new ArrayList<>();
        object.properties().forEach(field -> {
            if (field.getValue().isTextual()) {
                texts.add(new Datum.Text(field.getKey(), field.getValue().textValue()));
            } else if (field.getValue().isNumber()) {
                numbers.add(new Datum.Num(field.getKey(), field.getValue().doubleValue()));
            } else {
                throw refused(
                        field.getValue(),
                        "the value of '" + OneLine.name(field.getKey()) + "' must be a text or a number");
            }
        });
        return new Datum(texts, numbers);
    }

    private static InvalidInputException refused(JsonNode what, String rule) {
        return new InvalidInputException("The body has " + OneLine.name(what.toString()) + "; " + rule);
    }
}
