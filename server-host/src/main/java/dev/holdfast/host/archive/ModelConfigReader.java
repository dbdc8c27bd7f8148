package dev.holdfast.host.archive;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Utf8;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code model-config.yaml}.
 *
 * <p>The keys that TorchServe itself takes from it hold here, or are refused by name where this host does not do what they
 * ask for. All others belong to the handler, and are its own business.
 */
final class ModelConfigReader {

    private static final int MOST_WORKERS = 1_024;
    private static final int MOST_BATCH = 65_536;
    private static final int MOST_MILLIS = 3_600_000;
    private static final int MOST_SECONDS = 604_800;
    private static final int MOST_QUEUED = 10_000_000;

    /** Keys of features that this host does not have, each with the values that do not ask for the feature. */
    private static final Map<String, List<Object>> NOT_DONE = Map.of(
            "torchrun", List.of(),
            "parallelType", List.of(""),
            "parallelLevel", List.of(1),
            "continuousBatching", List.of(false),
            "sequenceBatching", List.of(false),
            "sequenceMaxIdleMSec", List.of(0),
            "asyncCommunication", List.of(false),
            "useJobTicket", List.of(false),
            "useVenv", List.of(false));

    private final String archive;
    private final String file;
    private final Map<Object, Object> values;

    private ModelConfigReader(String archive, String file, Map<Object, Object> values) {
        this.archive = archive;
        this.file = file;
        this.values = values;
    }

    /**
     * @param path the file
     * @param archive the archive's name, for messages
     * @param file the file's name in it, for messages
     * @throws ArchiveException if it is no YAML, a key has a value against its rule, or one asks for what is not done here
     */
    static ModelConfig read(Path path, String archive, String file) throws IOException {
        if (Files.size(path) > YamlText.LONGEST) {
            throw new ArchiveException("Archive " + archive + " has a " + OneLine.name(file) + " of more than "
                    + YamlText.LONGEST + " bytes");
        }
        byte[] text = Files.readAllBytes(path);
        if (Utf8.firstMalformed(text) >= 0) {
            throw damaged(archive, file, "it is not UTF-8");
        }
        Object read;
        try {
            read = YamlText.readAsPython(new String(text, StandardCharsets.UTF_8));
        } catch (YamlException e) {
            throw damaged(archive, file, OneLine.of(e));
        }
        if (read == null) {
            return ModelConfig.NONE;
        }
        if (!(read instanceof Map<?, ?> map)) {
            throw damaged(archive, file, "it must hold keys with values, such as batchSize: 4");
        }
        return new ModelConfigReader(archive, file, objects(map)).config();
    }

    @SuppressWarnings("unchecked") // What the parser makes of a mapping.
    private static Map<Object, Object> objects(Map<?, ?> map) {
        return (Map<Object, Object>) map;
    }

    private ModelConfig config() {
        NOT_DONE.forEach(this::requireNotAsked);
        OptionalInt min = number("minWorkers", 0, MOST_WORKERS);
        OptionalInt max = number("maxWorkers", 0, MOST_WORKERS);
        // As for TorchServe, 0 is no number of workers that a file could ask for.
        OptionalInt minWorkers = min.orElse(0) == 0 ? OptionalInt.empty() : min;
        OptionalInt maxWorkers = max.orElse(0) == 0 ? OptionalInt.empty() : max;
        if (minWorkers.orElse(0) > maxWorkers.orElse(MOST_WORKERS)) {
            throw damaged(
                    archive,
                    file,
                    "maxWorkers " + maxWorkers.orElse(0) + " must not be less than minWorkers " + minWorkers.orElse(0));
        }
        return new ModelConfig(
                minWorkers,
                maxWorkers,
                number("batchSize", 1, MOST_BATCH),
                time("maxBatchDelay", 0, MOST_MILLIS).map(Duration::ofMillis),
                time("responseTimeout", 1, MOST_SECONDS).map(Duration::ofSeconds),
                time("startupTimeout", 1, MOST_SECONDS).map(Duration::ofSeconds),
                time("maxRetryTimeoutInSec", 1, MOST_SECONDS).map(Duration::ofSeconds),
                number("jobQueueSize", 1, MOST_QUEUED),
                time("clientTimeoutInMills", 0, MOST_SECONDS * 1_000)
                        .filter(millis -> millis > 0)
                        .map(Duration::ofMillis),
                wantsGpu(),
                values);
    }

    private void requireNotAsked(String key, List<Object> without) {
        Object value = values.get(key);
        if (value != null && !without.contains(value)) {
            throw new ArchiveException("Archive " + archive + ": its " + OneLine.name(file) + " has " + key
                    + ", which is not done here: " + shown(value)
                    + (without.isEmpty() ? ". Take it out" : ". Take it out, or set it to " + shown(without.get(0)))
                    + ", if the model does without it");
        }
    }

    private boolean wantsGpu() {
        Object type = values.get("deviceType");
        if (type != null && !(type instanceof String text && text.matches("(?i)|cpu|gpu"))) {
            throw against("deviceType", type, "cpu or gpu");
        }
        Object ids = values.get("deviceIds");
        if (ids != null
                && !(ids instanceof List<?> list && list.stream().allMatch(id -> id instanceof Integer i && i >= 0))) {
            throw against("deviceIds", ids, "a list of whole numbers");
        }
        return ids != null || "gpu".equalsIgnoreCase(String.valueOf(type));
    }

    private Optional<Integer> time(String key, int least, int most) {
        OptionalInt number = number(key, least, most);
        return number.isPresent() ? Optional.of(number.getAsInt()) : Optional.empty();
    }

    private OptionalInt number(String key, int least, int most) {
        Object value = values.get(key);
        if (value == null) {
            return OptionalInt.empty();
        }
        if (value instanceof Integer number && number >= least && number <= most) {
            return OptionalInt.of(number);
        }
        throw against(key, value, "a whole number from " + least + " to " + most);
    }

    private ArchiveException against(String key, Object value, String rule) {
        return damaged(archive, file, key + " '" + OneLine.name(String.valueOf(value)) + "' must be " + rule);
    }

    /** A text in quotes, so that an empty one is seen too. */
    private static String shown(@Nullable Object value) {
        String shown = OneLine.name(String.valueOf(value));
        return value instanceof String ? "'" + shown + "'" : shown;
    }

    private static ArchiveException damaged(String archive, String file, String how) {
        return new ArchiveException("Archive " + archive + " has a damaged " + OneLine.name(file) + ": " + how);
    }
}
