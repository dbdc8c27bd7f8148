package dev.holdfast.host.archive;

import dev.holdfast.host.text.OneLine;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** Reads YAML into maps, lists, texts, numbers, truth values and null; nothing in it can name a class. */
public final class YamlText {

    private static final int LONGEST = 1 << 20;
    private static final int DEEPEST = 50;
    private static final int MOST_ALIASES = 50;
    private static final int MOST_VALUES = 100_000;

    private YamlText() {}

    /**
     * The one document of a text; null for an empty one. Maps keep the order of the text.
     *
     * @throws YamlException if it is no YAML, has a key twice, or is larger than what is read
     */
    public static @Nullable Object read(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setAllowRecursiveKeys(false);
        options.setMaxAliasesForCollections(MOST_ALIASES);
        options.setNestingDepthLimit(DEEPEST);
        options.setCodePointLimit(LONGEST);
        Object read;
        try {
            read = new Yaml(new SafeConstructor(options)).load(text);
        } catch (YAMLException e) {
            throw new YamlException("it is no YAML: " + OneLine.of(e), e);
        }
        if (count(read, 0) > MOST_VALUES) {
            throw new YamlException("it holds more than " + MOST_VALUES + " values, or they are nested deeper than "
                    + DEEPEST + "; aliases count as what they stand for");
        }
        return read;
    }

    /** How many values there are, or too many: an alias may stand for a list that has the alias in it. */
    private static int count(@Nullable Object value, int depth) {
        if (depth > DEEPEST) {
            return MOST_VALUES + 1;
        }
        int count = 1;
        for (Object part : parts(value)) {
            count += count(part, depth + 1);
            if (count > MOST_VALUES) {
                return count;
            }
        }
        return count;
    }

    private static Collection<?> parts(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.values();
        }
        if (value instanceof Object[] array) {
            return Arrays.asList(array);
        }
        return value instanceof Collection<?> collection ? collection : List.of();
    }
}
