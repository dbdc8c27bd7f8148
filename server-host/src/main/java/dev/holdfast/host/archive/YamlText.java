package dev.holdfast.host.archive;

import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Reads YAML into maps, lists, texts, numbers, truth values and null; nothing in it can name a class. */
public final class YamlText {

    /** Of a text, in characters. */
    static final int LONGEST = 1 << 20;

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
        LoaderOptions options = options();
        options.setAllowDuplicateKeys(false);
        return read(text, new Yaml(new SafeConstructor(options)));
    }

    /**
     * The same as Python's YAML reads it: of a key that is there twice the last value holds, and fewer texts are numbers.
     *
     * @throws YamlException if it is no YAML, or is larger than what is read
     */
    static @Nullable Object readAsPython(String text) {
        LoaderOptions options = options();
        DumperOptions unused = new DumperOptions();
        return read(
                text,
                new Yaml(new SafeConstructor(options), new Representer(unused), unused, options, new AsInPython()));
    }

    private static LoaderOptions options() {
        LoaderOptions options = new LoaderOptions();
        options.setAllowRecursiveKeys(false);
        options.setMaxAliasesForCollections(MOST_ALIASES);
        options.setNestingDepthLimit(DEEPEST);
        options.setCodePointLimit(LONGEST);
        return options;
    }

    private static @Nullable Object read(String text, Yaml yaml) {
        Object read;
        try {
            read = yaml.load(text);
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
            List<Object> parts = new ArrayList<>(map.keySet());
            parts.addAll(map.values());
            return parts;
        }
        if (value instanceof Object[] array) {
            return Arrays.asList(array);
        }
        return value instanceof Collection<?> collection ? collection : List.of();
    }

    /** Takes for numbers what Python's YAML takes for numbers, because handlers were written with it: 1e-4 is a text there. */
    private static final class AsInPython extends Resolver {

        private static final Pattern FRACTION = Pattern.compile("[-+]?(?:[0-9][0-9_]*)\\.[0-9_]*(?:[eE][-+][0-9]+)?"
                + "|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
                + "|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*"
                + "|[-+]?\\.(?:inf|Inf|INF)"
                + "|\\.(?:nan|NaN|NAN)");

        @Override
        protected void addImplicitResolvers() {
            addImplicitResolver(Tag.BOOL, BOOL, "yYnNtTfFoO");
            addImplicitResolver(Tag.INT, INT, "-+0123456789");
            addImplicitResolver(Tag.FLOAT, FRACTION, "-+0123456789.");
            addImplicitResolver(Tag.MERGE, MERGE, "<");
            addImplicitResolver(Tag.NULL, NULL, "~nN\0");
            addImplicitResolver(Tag.NULL, EMPTY, null);
            // Dates stay texts, because the format in which handlers get these values has no dates.
        }
    }
}
