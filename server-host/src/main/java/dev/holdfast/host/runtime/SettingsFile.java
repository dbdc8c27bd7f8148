package dev.holdfast.host.runtime;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.StatefulModel.SaveRule;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Utf8;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The settings that an archive gives its model: a JSON object in one of its files. What is unknown or wrong is refused
 * with a message that names the file, the key, the value and the rule, for a setting that is misspelt and passed over
 * would change what the model learns.
 */
public final class SettingsFile {

    private static final String SAVE_AFTER_UPDATES = "saveAfterUpdates";
    private static final String SAVE_AFTER_SECONDS = "saveAfterSeconds";

    private static final int LONGEST = 64 << 10;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(8)
                            .maxNumberLength(100)
                            .maxStringLength(1000)
                            .maxDocumentLength(LONGEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String where;
    private final JsonNode settings;

    private SettingsFile(String where, JsonNode settings) {
        this.where = where;
        this.settings = settings;
    }

    /**
     * @param file relative to the archive's root
     * @param known the keys that there are
     * @throws ModelLoadException if the file is absent, is no JSON object, or has a key that is not known
     */
    public static SettingsFile read(Archive archive, String file, List<String> known) {
        String where = "Archive " + archive.fileName() + ": " + OneLine.name(file);
        SettingsFile settings =
                new SettingsFile(where, parse(where, archive.root().resolve(file)));
        for (Iterator<String> keys = settings.settings.fieldNames(); keys.hasNext(); ) {
            String key = keys.next();
            if (!known.contains(key)) {
                throw new ModelLoadException(where + " has the unknown setting '" + OneLine.name(key)
                        + "'; the settings are " + String.join(", ", known));
            }
        }
        return settings;
    }

    /** The settings of a model that learns, which may also say when what it learned is stored: {@link #saveRule}. */
    public static SettingsFile ofLearner(Archive archive, String file, List<String> known) {
        List<String> all = new ArrayList<>(known);
        all.add(SAVE_AFTER_UPDATES);
        all.add(SAVE_AFTER_SECONDS);
        return read(archive, file, all);
    }

    /** When the state is stored; each of the two settings by itself, and the default where it is not given. */
    public SaveRule saveRule() {
        return new SaveRule(
                wholeNumber(SAVE_AFTER_UPDATES, 1, Long.MAX_VALUE, SaveRule.DEFAULT.updates()),
                Duration.ofSeconds(wholeNumber(
                        SAVE_AFTER_SECONDS,
                        1,
                        31_536_000,
                        SaveRule.DEFAULT.time().toSeconds())));
    }

    private static JsonNode parse(String where, Path path) {
        if (!Files.isRegularFile(path)) {
            throw new ModelLoadException(where + " is not there; it must hold the model's settings as a JSON object");
        }
        try (InputStream in = Files.newInputStream(path)) {
            byte[] text = in.readNBytes(LONGEST + 1);
            if (Utf8.firstMalformed(text) >= 0) {
                throw new ModelLoadException(where + " is damaged: it is not UTF-8");
            }
            JsonNode settings = JSON.readTree(text);
            if (!settings.isObject()) {
                throw new ModelLoadException(where + " is no JSON object");
            }
            return settings;
        } catch (JsonProcessingException e) {
            throw new ModelLoadException(where + " is damaged: " + OneLine.name(e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new ModelLoadException(
                    where + " cannot be read: " + OneLine.reason(String.valueOf(e.getMessage())), e);
        }
    }

    public boolean has(String key) {
        return settings.has(key);
    }

    /** The value of a key, of any kind; missing where the file does not have it. */
    public JsonNode value(String key) {
        return settings.path(key);
    }

    /** A whole number that must be given. */
    public long wholeNumber(String key, long least, long most) {
        JsonNode value = settings.path(key);
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < least
                || value.longValue() > most) {
            throw refused(key, "a whole number from " + least + " to " + most);
        }
        return value.longValue();
    }

    public long wholeNumber(String key, long least, long most, long otherwise) {
        return has(key) ? wholeNumber(key, least, most) : otherwise;
    }

    public double number(String key, double least, double most, double otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        JsonNode value = settings.path(key);
        // Not a number fails both comparisons.
        if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
            throw refused(key, "a number from " + least + " to " + most);
        }
        return value.doubleValue();
    }

    /** What to throw for a setting that breaks a rule. */
    public ModelLoadException refused(String key, String rule) {
        String value = has(key) ? "is " + OneLine.name(settings.path(key).toString()) : "is missing";
        return new ModelLoadException(where + ": '" + key + "' " + value + "; it must be " + rule);
    }
}
