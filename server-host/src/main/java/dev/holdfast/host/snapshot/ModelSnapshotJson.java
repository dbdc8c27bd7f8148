package dev.holdfast.host.snapshot;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.serving.ModelState;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.serving.VersionState;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The property {@code model_snapshot}: which models are served and how, in the JSON of TorchServe 0.12 with five fields
 * of ours for each version ({@code handler}, {@code batching}, {@code url}, {@code archiveSha256}, {@code learned}).
 *
 * <p>Lenient in reading, because people write such texts by hand and older versions left fields out: every field of a
 * version has a default, and unknown fields are passed over. A value of the wrong type is an error, for a default in its
 * place would serve what nobody asked for. What comes from a store is not trusted: names that could leave the model store
 * make the whole text invalid.
 */
final class ModelSnapshotJson {

    private static final Logger log = LoggerFactory.getLogger(ModelSnapshotJson.class);
    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(32)
                            .maxStringLength(65_536)
                            .build())
                    .build())
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private ModelSnapshotJson() {}

    static String write(SnapshotHeader header, ServingState state) {
        ObjectNode root = JSON.createObjectNode();
        root.put("name", header.name());
        root.put("modelCount", state.versionCount());
        root.put("created", header.createdOn().toEpochMilli());
        ObjectNode models = root.putObject("models");
        state.models().forEach((name, model) -> {
            ObjectNode versions = models.putObject(name);
            model.versions()
                    .forEach((version, settings) ->
                            write(versions.putObject(version), settings, version.equals(model.defaultVersion())));
        });
        if (!state.saves().isEmpty()) {
            SavesJson.write(root.putObject("saves"), state);
        }
        return root.toString();
    }

    private static void write(ObjectNode node, VersionState version, boolean isDefault) {
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
        if (version.batching() != Batching.AUTO) {
            node.put("batching", version.batching().text());
        }
        version.url().ifPresent(url -> node.put("url", withoutSecrets(url)));
        version.archiveSha256().ifPresent(sha256 -> node.put("archiveSha256", sha256));
        version.learned().ifPresent(state -> LearnedJson.write(node.putObject("learned"), state));
    }

    /** Without the password and the signed query that a URL may have. */
    private static String withoutSecrets(String url) {
        return url.replaceFirst("[?#].*", "").replaceFirst("://[^/]*@", "://");
    }

    /**
     * The serving state of a JSON text.
     *
     * @throws SnapshotCorruptException if it is no JSON, or says what no host can serve
     */
    static ServingState read(String name, String json) {
        if (json.isBlank()) {
            return ServingState.EMPTY;
        }
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new SnapshotCorruptException(
                    "Snapshot " + name + ": model_snapshot is no JSON: " + e.getOriginalMessage(), e);
        }
        if (root == null || !root.isObject()) {
            throw new SnapshotCorruptException("Snapshot " + name + ": model_snapshot is no JSON object");
        }
        // TorchServe takes a count of 0 as "no models", whatever else is there; hand-written texts may leave it out.
        if (number(name, root, "modelCount", root.has("models") ? 1 : 0) <= 0) {
            return SavesJson.read(name, root.path("saves"), ServingState.EMPTY);
        }
        TreeMap<String, ModelState> models = new TreeMap<>();
        for (Map.Entry<String, JsonNode> model : object(name, "models", root.path("models"))) {
            checked(name, "model name", model.getKey());
            if (!object(name, "model " + model.getKey(), model.getValue()).isEmpty()) {
                models.put(model.getKey(), readModel(name, model.getKey(), model.getValue()));
            }
        }
        return SavesJson.read(name, root.path("saves"), ServingState.of(models));
    }

    /** The models of a JSON text without the frame around them: what the configuration key {@code models} holds. */
    static Map<String, ModelState> readModels(String name, String json) {
        return read(name, "{\"models\":" + json + "}").models();
    }

    private static ModelState readModel(String name, String model, JsonNode node) {
        SortedMap<String, VersionState> versions = new TreeMap<>(ModelState.VERSION_ORDER);
        String defaultVersion = "";
        for (Map.Entry<String, JsonNode> version : node.properties()) {
            checked(name, "version of model " + model, version.getKey());
            object(name, "model " + model + ", version " + version.getKey(), version.getValue());
            versions.put(version.getKey(), readVersion(name, model, version.getValue()));
            if (version.getValue().path("defaultVersion").asBoolean(false)) {
                defaultVersion = version.getKey();
            }
        }
        return new ModelState(versions, defaultVersion.isEmpty() ? versions.firstKey() : defaultVersion);
    }

    private static VersionState readVersion(String name, String model, JsonNode node) {
        String archive =
                checked(name, "marName of model " + model, node.path("marName").asText(model + ".mar"));
        int min = workers(name, model, node, "minWorkers", 1);
        int max = Math.max(min, workers(name, model, node, "maxWorkers", min));
        String what = name + ", model " + model;
        try {
            return new VersionState(
                    archive,
                    min,
                    max,
                    (int) number(what, node, "batchSize", 1),
                    Duration.ofMillis(number(what, node, "maxBatchDelay", 100)),
                    Duration.ofSeconds(number(what, node, "responseTimeout", 120)),
                    Duration.ofSeconds(number(what, node, "startupTimeout", 120)),
                    node.path("runtimeType").asText("python"),
                    text(node, "handler"),
                    text(node, "url"),
                    text(node, "archiveSha256"),
                    node.has("learned") ? Optional.of(LearnedJson.read(what, node.path("learned"))) : Optional.empty(),
                    batching(what, node));
        } catch (ServingException e) {
            throw new SnapshotCorruptException("Snapshot " + what + ": " + e.getMessage(), e);
        }
    }

    private static Batching batching(String what, JsonNode node) {
        JsonNode value = node.path("batching");
        if (value.isMissingNode() || value.isNull()) {
            return Batching.AUTO;
        }
        return Batching.of(value.asText())
                .orElseThrow(() -> new SnapshotCorruptException("Snapshot " + what + ": batching '"
                        + OneLine.name(value.asText()) + "' must be " + Batching.NAMES));
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

    static Set<Map.Entry<String, JsonNode>> object(String name, String what, JsonNode node) {
        if (!node.isObject()) {
            throw new SnapshotCorruptException(
                    "Snapshot " + name + ": " + what + " must be a JSON object, in {braces}");
        }
        return node.properties();
    }

    private static Optional<String> text(JsonNode node, String field) {
        return Optional.ofNullable(node.get(field)).filter(JsonNode::isTextual).map(JsonNode::textValue);
    }

    static String checked(String name, String what, String value) {
        if (!ModelNames.isSafe(value)) {
            throw new SnapshotCorruptException("Snapshot " + name + " is not valid: " + what + " '"
                    + OneLine.name(value) + "' must match " + ModelNames.PATTERN);
        }
        return value;
    }
}
