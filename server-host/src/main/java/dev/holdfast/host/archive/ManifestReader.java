package dev.holdfast.host.archive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NumericNode;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Utf8;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * What a directory says of the model in it. Three forms are known:
 *
 * <ul>
 *   <li>{@code MAR-INF/MANIFEST.json}, TorchServe's, with the model's facts under {@code model};
 *   <li>{@code manifest.json}, ours: {@code modelFile}, and where wanted {@code modelName}, {@code modelVersion}, {@code
 *       handler}, {@code runtime}, {@code description}, {@code labels}, {@code batching}, {@code warmUp}, {@code nativeThreads}, {@code workerProcesses};
 *   <li>neither, and exactly one {@code .onnx} file;
 *   <li>neither, and files of Python: one of them is the handler that the registration names.
 * </ul>
 *
 * <p>Labels that the manifest does not give are looked for in {@code index_to_name.json}, where TorchServe has them.
 *
 * <p>Reading is lenient in what does no harm: unknown fields are passed over, numbers may stand where texts are wanted.
 */
final class ManifestReader {

    /** Of archives with a workflow. */
    static final String WORKFLOW = "WAR-INF/MANIFEST.json";

    static final String TORCHSERVE = "MAR-INF/MANIFEST.json";
    static final String OURS = "manifest.json";

    private static final String LABELS = "index_to_name.json";
    private static final String DEFAULT_VERSION = "1.0";
    private static final long LONGEST = 1 << 20;
    private static final int MOST_LABELS = 100_000;
    private static final int MOST_AXES = 1_000;
    private static final int MOST_DIMENSIONS = 31;
    private static final long LONGEST_WARM_UP = 16 << 20;
    private static final int MOST_THREADS = 1_024;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(32)
                            .maxNumberLength(100)
                            .maxStringLength(64 << 10)
                            .maxDocumentLength(LONGEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path root;
    private final String archive;
    private final String defaultName;
    /** Numbers as the manifest writes them, where one stands for a text: 1.10 is another version than 1.1. */
    private final IdentityHashMap<JsonNode, String> literals = new IdentityHashMap<>();

    private ManifestReader(Path root, String archive, String defaultName) {
        this.root = root;
        this.archive = archive;
        this.defaultName = defaultName;
    }

    /** Whether a directory looks like an archive, judged without reading its manifest. */
    static boolean looksLikeArchive(Path directory) throws IOException {
        return Files.isRegularFile(directory.resolve(TORCHSERVE))
                || Files.isRegularFile(directory.resolve(OURS))
                || onnxFiles(directory).size() == 1;
    }

    /** The manifest of a model that is nothing but its file. */
    static ArchiveManifest ofBareModel(String fileName, String modelName) {
        return new ArchiveManifest(
                modelName,
                DEFAULT_VERSION,
                Optional.of(fileName),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    /**
     * @param archive the archive's name, for messages
     * @param defaultName the model's name where the manifest has none
     * @throws ArchiveException if there is no manifest or it is damaged; the message names the file and what is wrong
     */
    static ArchiveManifest read(Path root, String archive, String defaultName) throws IOException {
        return new ManifestReader(root, archive, defaultName).read();
    }

    private ArchiveManifest read() throws IOException {
        ArchiveManifest manifest;
        if (Files.isRegularFile(root.resolve(TORCHSERVE))) {
            manifest = torchServe(parse(TORCHSERVE));
        } else if (Files.isRegularFile(root.resolve(WORKFLOW))) {
            manifest = workflow(parse(WORKFLOW));
        } else if (Files.isRegularFile(root.resolve(OURS))) {
            manifest = ours(parse(OURS));
        } else {
            manifest = withoutManifest();
        }
        requireSafe("modelName", manifest.modelName());
        requireSafe("modelVersion", manifest.modelVersion());
        manifest.modelFile().ifPresent(file -> inside("model file", file));
        manifest.requirementsFile().ifPresent(file -> inside("requirementsFile", file));
        return manifest;
    }

    /** Of an archive with a workflow; its model file is the specification. */
    private ArchiveManifest workflow(JsonNode manifest) {
        JsonNode workflow = manifest.path("workflow");
        return new ArchiveManifest(
                text(WORKFLOW, workflow, "workflowName").orElse(defaultName),
                DEFAULT_VERSION,
                Optional.of(text(WORKFLOW, workflow, "specFile")
                        .orElseThrow(() -> damaged(WORKFLOW, "its workflow has no specFile"))),
                Optional.of("workflow"),
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    private ArchiveManifest torchServe(JsonNode manifest) throws IOException {
        JsonNode model = manifest.path("model");
        if (!model.isObject()) {
            throw damaged(TORCHSERVE, "it has no object 'model'");
        }
        // Its 'modelFile' is the source of the model's class; the weights, or a whole model, are 'serializedFile'.
        Optional<String> file = text(TORCHSERVE, model, "serializedFile");
        return new ArchiveManifest(
                text(TORCHSERVE, model, "modelName").orElse(defaultName),
                text(TORCHSERVE, model, "modelVersion").orElse(DEFAULT_VERSION),
                file.isPresent() ? file : text(TORCHSERVE, model, "modelFile"),
                text(TORCHSERVE, model, "handler"),
                text(TORCHSERVE, manifest, "runtime"),
                text(TORCHSERVE, model, "description"),
                labels(TORCHSERVE, model),
                batching(TORCHSERVE, model),
                warmUp(TORCHSERVE, model),
                nativeThreads(TORCHSERVE, model),
                workerProcesses(TORCHSERVE, model),
                config(text(TORCHSERVE, model, "configFile")),
                text(TORCHSERVE, model, "requirementsFile"),
                text(TORCHSERVE, model, "envelope"));
    }

    private ModelConfig config(Optional<String> file) throws IOException {
        return file.isPresent()
                ? ModelConfigReader.read(inside("configFile", file.get()), archive, file.get())
                : ModelConfig.NONE;
    }

    private ArchiveManifest ours(JsonNode manifest) throws IOException {
        Optional<String> file = text(OURS, manifest, "modelFile");
        Optional<String> handler = text(OURS, manifest, "handler");
        return new ArchiveManifest(
                text(OURS, manifest, "modelName").orElse(defaultName),
                text(OURS, manifest, "modelVersion").orElse(DEFAULT_VERSION),
                file.isPresent() || handler.isPresent() ? file : Optional.of(onlyOnnxFile()),
                handler,
                text(OURS, manifest, "runtime"),
                text(OURS, manifest, "description"),
                labels(OURS, manifest),
                batching(OURS, manifest),
                warmUp(OURS, manifest),
                nativeThreads(OURS, manifest),
                workerProcesses(OURS, manifest),
                ModelConfig.NONE,
                Optional.empty(),
                Optional.empty());
    }

    /** TorchServe takes an archive without a manifest, whose handler the registration names. */
    private ArchiveManifest withoutManifest() throws IOException {
        return onnxFiles(root).isEmpty() && hasPython()
                ? new ArchiveManifest(
                        defaultName,
                        DEFAULT_VERSION,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of())
                : ofBareModel(onlyOnnxFile(), defaultName);
    }

    private boolean hasPython() throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, "*.py")) {
            return entries.iterator().hasNext();
        }
    }

    private String onlyOnnxFile() throws IOException {
        List<String> files = onnxFiles(root);
        if (files.size() != 1) {
            throw new ArchiveException("Archive " + archive + " names no model: it needs a " + OURS
                    + " with 'modelFile', a " + TORCHSERVE + ", or exactly one .onnx file; it has " + files.size()
                    + ", and no handler in Python");
        }
        return files.get(0);
    }

    private static List<String> onnxFiles(Path directory) throws IOException {
        List<String> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.onnx")) {
            for (Path entry : entries) {
                if (Files.isRegularFile(entry)) {
                    files.add(entry.getFileName().toString());
                }
            }
        }
        return files;
    }

    /** Gives each whole number a node of its own, where the library has one for 0 and -0. */
    private static final class OwnNumbers extends JsonNodeFactory {

        private static final long serialVersionUID = 1;

        static final JsonNodeFactory FACTORY = new OwnNumbers();

        @Override
        public NumericNode numberNode(int value) {
            return new IntNode(value);
        }
    }

    private JsonNode parse(String file) throws IOException {
        Path path = root.resolve(file);
        if (Files.size(path) > LONGEST) {
            throw damaged(file, "it is longer than " + LONGEST + " bytes");
        }
        byte[] text = Files.readAllBytes(path);
        if (Utf8.firstMalformed(text) >= 0) {
            throw damaged(file, "it is not UTF-8");
        }
        try (JsonParser numbers = JSON.createParser(text)) {
            JsonNode manifest = JSON.reader(OwnNumbers.FACTORY).readTree(text);
            if (!manifest.isObject()) {
                throw damaged(file, "it is no JSON object");
            }
            for (JsonToken token = numbers.nextToken(); token != null; token = numbers.nextToken()) {
                if (token.isNumeric()) {
                    literals.put(manifest.at(numbers.getParsingContext().pathAsPointer()), numbers.getText());
                }
            }
            return manifest;
        } catch (JsonProcessingException e) {
            throw new ArchiveException(
                    "Archive " + archive + " has a damaged " + file + ": " + OneLine.of(reason(e)), e);
        } catch (java.io.CharConversionException e) {
            throw new ArchiveException("Archive " + archive + " has a damaged " + file + ": it is not UTF-8", e);
        }
    }

    /** What Jackson says, without where the brackets began in a source that it may not name. */
    private static String reason(JsonProcessingException failure) {
        String said = failure.getOriginalMessage().replaceFirst(" \\(start marker at .*", "");
        return failure.getLocation() == null
                ? said
                : said + " (line " + failure.getLocation().getLineNr() + ", column "
                        + failure.getLocation().getColumnNr() + ")";
    }

    private Optional<String> text(String file, JsonNode object, String field) {
        JsonNode value = object.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isTextual() && !value.isNumber()) {
            throw damaged(file, "'" + field + "' must be a text");
        }
        String text = literals.getOrDefault(value, value.asText()).strip();
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private List<String> labels(String file, JsonNode object) throws IOException {
        JsonNode value = object.path("labels");
        if (value.isMissingNode() || value.isNull()) {
            return Files.isRegularFile(root.resolve(LABELS)) ? labelsByIndex(parse(LABELS)) : List.of();
        }
        if (!value.isArray() || value.size() > MOST_LABELS) {
            throw damaged(file, "'labels' must be a list of at most " + MOST_LABELS + " texts");
        }
        List<String> labels = new ArrayList<>();
        for (JsonNode label : value) {
            if (!label.isTextual() && !label.isNumber()) {
                throw damaged(file, "'labels' must be a list of texts");
            }
            labels.add(literals.getOrDefault(label, label.asText()));
        }
        return labels;
    }

    /**
     * Labels as TorchServe's image handlers read them: an object from index to name, or to a list that ends with the
     * name. Handlers of other kinds give the file other forms, which say nothing about classes.
     */
    private List<String> labelsByIndex(JsonNode names) {
        List<String> labels = new ArrayList<>();
        while (labels.size() < names.size() && labels.size() < MOST_LABELS) {
            JsonNode name = names.path(String.valueOf(labels.size()));
            JsonNode text = name.isArray() && !name.isEmpty() ? name.get(name.size() - 1) : name;
            if (!text.isTextual() && !text.isNumber()) {
                return List.of();
            }
            labels.add(literals.getOrDefault(text, text.asText()));
        }
        return labels;
    }

    /** Read strictly, unlike the rest: what is misread here gives callers the answers of others. */
    private Optional<BatchAxes> batching(String file, JsonNode object) {
        JsonNode value = object.path("batching");
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isObject()
                || !value.properties().stream()
                        .allMatch(part ->
                                part.getKey().equals("inputs") || part.getKey().equals("outputs"))) {
            throw damaged(
                    file,
                    "'batching' must be an object of 'inputs' and 'outputs', such as"
                            + " {\"inputs\": {\"x\": 0}, \"outputs\": {\"y\": 0}}");
        }
        return Optional.of(new BatchAxes(axes(file, value, "inputs"), axes(file, value, "outputs")));
    }

    private Map<String, Integer> axes(String file, JsonNode batching, String part) {
        JsonNode value = batching.path(part);
        Map<String, Integer> axes = new TreeMap<>();
        if (value.isMissingNode()) {
            return axes;
        }
        if (!value.isObject() || value.size() > MOST_AXES) {
            throw damaged(file, "'batching' must have as '" + part + "' an object of at most " + MOST_AXES + " names");
        }
        for (Map.Entry<String, JsonNode> axis : value.properties()) {
            if (!axis.getValue().isInt()
                    || axis.getValue().intValue() < 0
                    || axis.getValue().intValue() > MOST_DIMENSIONS) {
                throw damaged(
                        file,
                        "'batching' has for '" + OneLine.name(axis.getKey()) + "' no number of a dimension from 0 to "
                                + MOST_DIMENSIONS);
            }
            axes.put(axis.getKey(), axis.getValue().intValue());
        }
        return axes;
    }

    private Optional<WarmUpRequest> warmUp(String file, JsonNode object) throws IOException {
        JsonNode value = object.path("warmUp");
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (value.isContainerNode()) {
            return Optional.of(new WarmUpRequest(JSON.writeValueAsBytes(value)));
        }
        if (!value.isTextual()) {
            throw damaged(
                    file, "'warmUp' must be the JSON body of a prediction, or the name of a file that holds a body");
        }
        Path body = inside("warm-up file", value.textValue());
        if (Files.size(body) > LONGEST_WARM_UP) {
            throw damaged(file, "its warm-up file is longer than " + LONGEST_WARM_UP + " bytes");
        }
        return Optional.of(new WarmUpRequest(Files.readAllBytes(body)));
    }

    private OptionalInt nativeThreads(String file, JsonNode object) {
        JsonNode value = object.path("nativeThreads");
        if (value.isMissingNode() || value.isNull()) {
            return OptionalInt.empty();
        }
        if (!value.isInt() || value.intValue() < 1 || value.intValue() > MOST_THREADS) {
            throw damaged(file, "'nativeThreads' must be a whole number from 1 to " + MOST_THREADS);
        }
        return OptionalInt.of(value.intValue());
    }

    private Optional<Boolean> workerProcesses(String file, JsonNode object) {
        JsonNode value = object.path("workerProcesses");
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isBoolean()) {
            throw damaged(file, "'workerProcesses' must be true or false");
        }
        return Optional.of(value.booleanValue());
    }

    private void requireSafe(String field, String value) {
        if (!ModelNames.isSafe(value)) {
            throw new ArchiveException("Archive " + archive + " has the " + field + " '" + OneLine.name(value)
                    + "', which must match " + ModelNames.PATTERN);
        }
    }

    private Path inside(String what, String file) {
        Path path = Arrays.stream(ArchivePaths.components(archive, file)).reduce(root, Path::resolve, (a, b) -> b);
        if (!Files.isRegularFile(path)) {
            throw new ArchiveException(
                    "Archive " + archive + " names the " + what + " '" + OneLine.name(file) + "', which is not in it");
        }
        return path;
    }

    private ArchiveException damaged(String file, String how) {
        return new ArchiveException("Archive " + archive + " has a damaged " + file + ": " + how);
    }
}
