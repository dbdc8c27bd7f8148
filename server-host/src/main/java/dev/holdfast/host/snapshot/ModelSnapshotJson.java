package dev.holdfast.host.snapshot;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The property {@code model_snapshot}: which models are served and how, in the JSON of TorchServe 0.12 with six fields
 * of ours for each version ({@code handler}, {@code batching}, {@code url}, {@code archiveSha256}, {@code learned},
 * {@code archiveChunks}).
 *
 * <p>Lenient in reading, because people write such texts by hand and older versions left fields out: every field of a version
 * has a default, and unknown fields are passed over. A value of the wrong type is an error, because a default in its place
 * would serve something nobody asked for. What comes from a store is not trusted: names that could leave the model store make
 * the whole text invalid.
 */
final class ModelSnapshotJson {

    private static final Logger log = LoggerFactory.getLogger(ModelSnapshotJson.class);
    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(32)
                            .maxStringLength(65_536)
                            .maxNameLength(1_000)
                            .maxNumberLength(100)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .build();

    /**
     * Holds the plans of workflows and their functions in the form of models. TorchServe passes over it, since it keeps no
     * workflows.
     */
    private static final String WORKFLOWS = "workflows";

    private static final String COUNT = "modelCount";
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final int LONGEST_TEXT = 8_192;

    private ModelSnapshotJson() {}

    static String write(SnapshotHeader header, ServingState state) {
        ObjectNode root = JSON.createObjectNode();
        root.put("name", header.name());
        root.put("modelCount", versionsOfModels(state));
        root.put("created", header.createdOn().toEpochMilli());
        ObjectNode models = root.putObject("models");
        ObjectNode workflows = JSON.createObjectNode();
        state.models().forEach((name, model) -> {
            ObjectNode versions = (isOfWorkflow(model) ? workflows : models).putObject(name);
            model.versions()
                    .forEach((version, settings) ->
                            write(versions.putObject(version), settings, version.equals(model.defaultVersion())));
        });
        if (!workflows.isEmpty()) {
            root.set(WORKFLOWS, workflows);
        }
        if (!state.saves().isEmpty()) {
            SavesJson.write(root.putObject("saves"), state);
        }
        return root.toString();
    }

    private static long versionsOfModels(ServingState state) {
        return state.models().values().stream()
                .filter(model -> !isOfWorkflow(model))
                .mapToLong(model -> model.versions().size())
                .sum();
    }

    /** Models that TorchServe could not start with. */
    private static boolean isOfWorkflow(ServedModel model) {
        return model.versions().values().stream()
                .anyMatch(version -> version.archive().endsWith(".war"));
    }

    private static void write(ObjectNode node, ServedVersion version, boolean isDefault) {
        node.put("defaultVersion", isDefault);
        node.put("marName", version.archive());
        node.put("minWorkers", version.minWorkers());
        node.put("maxWorkers", version.maxWorkers());
        node.put("batchSize", version.batchSize());
        node.put("maxBatchDelay", version.maxBatchDelay().toMillis());
        node.put("responseTimeout", version.responseTimeout().toSeconds());
        node.put("startupTimeout", version.startupTimeout().toSeconds());
        node.put("runtimeType", version.runtimeType());
        version.handler().ifPresent(handler -> node.put("handler", handler));
        version.batchingWord().ifPresent(word -> node.put("batching", word));
        version.url().ifPresent(url -> node.put("url", url));
        version.archiveSha256().ifPresent(sha256 -> node.put("archiveSha256", sha256));
        version.resting().ifPresent(had -> {
            node.put("restingMinWorkers", had.min());
            node.put("restingMaxWorkers", had.max());
        });
        version.learned().ifPresent(state -> LearnedJson.write(node.putObject("learned"), state));
        version.shared().ifPresent(chunks -> LearnedJson.write(node.putObject("archiveChunks"), chunks));
    }

    /**
     * The serving state of a JSON text. Fields that a host does not use are not kept.
     *
     * @throws SnapshotCorruptException if it is no JSON, or says what no host can serve
     */
    static ServingState read(String name, String json) {
        if (json.isBlank()) {
            return ServingState.EMPTY;
        }
        try {
            boolean models = saysModels(name, json);
            return read(name, json, models);
        } catch (JsonProcessingException e) {
            throw new SnapshotCorruptException(
                    "Snapshot " + name + ": model_snapshot is no JSON: " + e.getOriginalMessage(), e);
        } catch (ServingException e) {
            throw new SnapshotCorruptException("Snapshot " + name + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("Reading from memory does not fail", e);
        }
    }

    /**
     * Refuses a text that counts no models although it has some: they would be passed over.
     *
     * @param properties of the whole text
     * @param state what was read of it
     */
    static void requireCounted(String name, Map<String, String> properties, ServingState state) {
        if (state.models().isEmpty()) {
            try {
                JsonNode json = JSON.readTree(properties.getOrDefault("model_snapshot", "{}"));
                if (!json.path("models").isEmpty()) {
                    throw new SnapshotCorruptException("Snapshot " + name + ": model_snapshot has models, and its "
                            + COUNT + " is 0, so none would be served: write how many versions there are");
                }
            } catch (JsonProcessingException e) {
                throw new SnapshotCorruptException(
                        "Snapshot " + name + ": model_snapshot is no JSON: " + e.getOriginalMessage(), e);
            }
        }
    }

    /** Whether there are models to read. TorchServe takes a count of 0 as "no models", whatever else is there. */
    private static boolean saysModels(String name, String json) throws IOException {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new SnapshotCorruptException("Snapshot " + name + ": model_snapshot is no JSON object");
            }
            ObjectNode count = JSON.createObjectNode();
            boolean models = false;
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                models |= field.equals("models");
                JsonToken value = parser.nextToken();
                if (field.equals(COUNT) && value.isScalarValue()) {
                    count.set(COUNT, parser.readValueAsTree());
                } else if (field.equals(COUNT)) {
                    count.set(COUNT, JSON.createObjectNode());
                    parser.skipChildren();
                } else {
                    parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw new SnapshotCorruptException(
                        "Snapshot " + name + ": model_snapshot is no JSON: it goes on after its end");
            }
            // Texts that people write by hand may leave the count out.
            return number(name, count, COUNT, models ? 1 : 0) > 0;
        }
    }

    private static ServingState read(String name, String json, boolean wanted) throws IOException {
        TreeMap<String, ServedModel> models = new TreeMap<>();
        SortedMap<String, SortedMap<String, List<ModelSave>>> saves = new TreeMap<>();
        boolean found = false;
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                parser.nextToken();
                if (field.equals("models") && wanted) {
                    found = true;
                    readModels(name, parser, models);
                } else if (field.equals(WORKFLOWS)) {
                    readModels(name, parser, models);
                } else if (field.equals("saves")) {
                    saves = SavesJson.read(name, parser);
                } else {
                    parser.skipChildren();
                }
            }
        }
        if (wanted && !found) {
            throw SnapshotRules.noObject(name, "models");
        }
        return new ServingState(models, saves);
    }

    private static void readModels(String name, JsonParser parser, Map<String, ServedModel> models) throws IOException {
        int versions = 0;
        SnapshotRules.inObject(name, "models", parser);
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String model = SnapshotRules.named(name, "model name", parser.currentName());
            parser.nextToken();
            SnapshotRules.inObject(name, "model " + model, parser);
            SortedMap<String, ServedVersion> found = new TreeMap<>(ServedModel.VERSION_ORDER);
            String defaultVersion = "";
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String version = SnapshotRules.named(name, "version of model " + model, parser.currentName());
                parser.nextToken();
                SnapshotRules.inObject(name, "model " + model + ", version " + version, parser);
                if (++versions > ServingState.MOST_VERSIONS) {
                    throw new SnapshotCorruptException("Snapshot " + name + " has more than "
                            + ServingState.MOST_VERSIONS + " model versions, which no host serves");
                }
                JsonNode node = parser.readValueAsTree();
                found.put(version, readVersion(name, model, node));
                if (node.path("defaultVersion").asBoolean(false)) {
                    defaultVersion = version;
                }
            }
            if (!found.isEmpty()) {
                models.put(model, new ServedModel(found, defaultVersion.isEmpty() ? found.firstKey() : defaultVersion));
            }
        }
    }

    /** The models of a JSON text without the frame around them: what the configuration key {@code models} holds. */
    static Map<String, ServedModel> readModels(String name, String json) {
        return read(name, "{\"models\":" + json + "}").models();
    }

    private static ServedVersion readVersion(String name, String model, JsonNode node) {
        String archive = archive(name, model, text(name, model, node, "marName").orElse(model + ".mar"));
        int min = workers(name, model, node, "minWorkers", 1);
        int max = Math.max(min, workers(name, model, node, "maxWorkers", min));
        String what = name + ", model " + model;
        try {
            return new ServedVersion(
                    archive,
                    min,
                    max,
                    (int) number(what, node, "batchSize", 1),
                    Duration.ofMillis(number(what, node, "maxBatchDelay", 100)),
                    Duration.ofSeconds(number(what, node, "responseTimeout", 120)),
                    Duration.ofSeconds(number(what, node, "startupTimeout", 120)),
                    line(name, model, node, "runtimeType").orElse("python"),
                    line(name, model, node, "handler"),
                    text(name, model, node, "url"),
                    sha256(name, model, node),
                    node.has("learned") ? Optional.of(LearnedJson.read(what, node.path("learned"))) : Optional.empty(),
                    ServedVersion.batchingOf(word(node.path("batching"))),
                    max == 0 ? resting(what, node) : Optional.empty(),
                    node.has("archiveChunks")
                            ? Optional.of(LearnedJson.read(what, node.path("archiveChunks")))
                            : Optional.empty());
        } catch (ServingException e) {
            throw new SnapshotCorruptException("Snapshot " + what + ": " + e.getMessage(), e);
        }
    }

    /** Hosts of before, and TorchServe, pass over what a version without workers had. */
    private static Optional<ServedVersion.Workers> resting(String what, JsonNode node) {
        return node.has("restingMaxWorkers")
                ? Optional.of(new ServedVersion.Workers((int) number(what, node, "restingMinWorkers", 1), (int)
                        number(what, node, "restingMaxWorkers", 1)))
                : Optional.empty();
    }

    private static Optional<String> word(JsonNode value) {
        return value.isMissingNode() || value.isNull() ? Optional.empty() : Optional.of(value.asText());
    }

    /** TorchServe could write -1 workers and then not start from it; nobody meant that. */
    private static int workers(String name, String model, JsonNode node, String field, int otherwise) {
        int count = (int) number(name + ", model " + model, node, field, otherwise);
        if (count < 0) {
            log.warn("Snapshot {}, model {}: {} is {}, taken as 0", name, model, field, count);
            return 0;
        }
        return count;
    }

    /** A whole number, also in quotes, as Gson reads one. */
    private static long number(String what, JsonNode node, String field, int otherwise) {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        if (value.canConvertToExactIntegral() && value.canConvertToInt()) {
            return value.intValue();
        }
        if (value.isTextual() && value.textValue().matches("-?[0-9]{1,9}")) {
            return Integer.parseInt(value.textValue());
        }
        throw new SnapshotCorruptException("Snapshot " + what + ": " + field + " '" + OneLine.name(value.asText())
                + "' must be a whole number up to " + Integer.MAX_VALUE);
    }

    private static String archive(String name, String model, String archive) {
        if (!ModelNames.isSafe(archive) || archive.startsWith(".")) {
            throw SnapshotRules.broken(
                    name,
                    "marName of model " + model,
                    archive,
                    "match " + ModelNames.PATTERN + " and begin without a dot");
        }
        return archive;
    }

    private static Optional<String> sha256(String name, String model, JsonNode node) {
        Optional<String> value = text(name, model, node, "archiveSha256").filter(known -> !known.isEmpty());
        value.filter(known -> !SHA256.matcher(known).matches()).ifPresent(other -> {
            throw SnapshotRules.broken(
                    name, "archiveSha256 of model " + model, other, "be 64 hexadecimal digits, in lower case");
        });
        return value;
    }

    /** A text that a registration may give, under the same rule as there. */
    private static Optional<String> line(String name, String model, JsonNode node, String field) {
        Optional<String> value = text(name, model, node, field).filter(given -> !given.isEmpty());
        value.filter(given -> !ModelNames.isLabel(given)).ifPresent(other -> {
            throw SnapshotRules.broken(name, field + " of model " + model, other, "be " + ModelNames.LABEL_RULE);
        });
        return value;
    }

    /** A text without control characters; a number stands for its digits, as Gson reads one. */
    private static Optional<String> text(String name, String model, JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isTextual() && !value.isNumber()) {
            throw SnapshotRules.broken(name, field + " of model " + model, value.toString(), "be a text");
        }
        String text = value.asText();
        if (text.chars().anyMatch(Character::isISOControl) || text.length() > LONGEST_TEXT) {
            throw SnapshotRules.broken(
                    name,
                    field + " of model " + model,
                    text,
                    "have at most " + LONGEST_TEXT + " characters, none of them a control character");
        }
        return Optional.of(text);
    }
}
