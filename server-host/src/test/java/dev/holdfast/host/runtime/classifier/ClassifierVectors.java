package dev.holdfast.host.runtime.classifier;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What Jubatus 1.1.1 answered, after each of some examples. */
final class ClassifierVectors {

    static final Map<String, String> FILES = Map.of(
            "perceptron", "127.0.0.1_19401_classifier_golden_perceptron.jubatus",
            "PA", "127.0.0.1_19402_classifier_golden_PA.jubatus",
            "AROW", "127.0.0.1_19406_classifier_golden_AROW.jubatus");

    private static final JsonNode VECTORS = read();

    private ClassifierVectors() {}

    private static JsonNode read() {
        try (InputStream in = ClassifierVectors.class.getResourceAsStream("/online-classifier/vectors.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path file(String method) {
        return Path.of("src", "test", "resources", "online-classifier", FILES.get(method));
    }

    static String config(String method) {
        return VECTORS.path("configs").path(method).toString();
    }

    /** The same rules of conversion with another method. */
    static String config(String method, double weight) {
        return "{\"method\":\"" + method + "\",\"parameter\":{\"regularization_weight\":" + weight + "},\"converter\":"
                + VECTORS.path("configs").path("AROW").path("converter") + "}";
    }

    static JsonNode results(String method) {
        return VECTORS.path("results").path(method);
    }

    static OnlineClassifier model(String config) {
        return new OnlineClassifier("test", ClassifierConfig.of("test", config));
    }

    static List<Datum.Labelled> examples() {
        List<Datum.Labelled> examples = new ArrayList<>();
        for (JsonNode example : VECTORS.path("train")) {
            examples.add(new Datum.Labelled(example.get(0).textValue(), datum(example.get(1))));
        }
        return examples;
    }

    static List<Datum> queries() {
        List<Datum> queries = new ArrayList<>();
        VECTORS.path("query").forEach(query -> queries.add(datum(query)));
        return queries;
    }

    private static Datum datum(JsonNode json) {
        List<Datum.Text> texts = new ArrayList<>();
        json.get(0)
                .forEach(pair -> texts.add(
                        new Datum.Text(pair.get(0).textValue(), pair.get(1).textValue())));
        List<Datum.Num> numbers = new ArrayList<>();
        json.get(1)
                .forEach(pair -> numbers.add(
                        new Datum.Num(pair.get(0).textValue(), pair.get(1).doubleValue())));
        return new Datum(texts, numbers);
    }

    /** The scores of each query. */
    static List<Map<String, Double>> scores(JsonNode answers) {
        List<Map<String, Double>> all = new ArrayList<>();
        for (JsonNode answer : answers) {
            Map<String, Double> scores = new LinkedHashMap<>();
            answer.forEach(
                    score -> scores.put(score.get(0).textValue(), score.get(1).doubleValue()));
            all.add(scores);
        }
        return all;
    }
}
