package dev.holdfast.host.runtime.classifier;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.text.OneLine;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Makes features of a datum, by the rules of a configuration.
 *
 * <pre>
 *   text    key $ value @ type # sample / global    title$big@space#tf/bin
 *   number  key @ num      the number               age@num
 *           key @ log      ln(max(1, number))       age@log
 *           key @ str $ n  1                        zip@str$12345
 * </pre>
 *
 * Immutable.
 */
final class FeatureConverter {

    private static final int MOST_CHARACTERS = 100;

    /** Of a feature, before it is weighed by what the model has seen. */
    record Found(String name, double value, boolean rare) {}

    private enum Sample {
        BIN,
        TF,
        LOG_TF;

        double of(int count) {
            return switch (this) {
                case BIN -> 1;
                case TF -> count;
                case LOG_TF -> Math.log(1.0 + count);
            };
        }
    }

    /** @param characters of an n-gram; 0 for whole values, -1 for words */
    private record TextRule(Predicate<String> keys, String type, int characters, Sample sample, boolean rare) {

        String suffix() {
            String weights = switch (sample) {
                case BIN -> "bin";
                case TF -> "tf";
                case LOG_TF -> "log_tf";
            };
            return "@" + type + "#" + weights + "/" + (rare ? "idf" : "bin");
        }
    }

    private record NumberRule(Predicate<String> keys, String type) {}

    private final List<TextRule> texts;
    private final List<String> suffixes;
    private final List<NumberRule> numbers;

    private FeatureConverter(List<TextRule> texts, List<NumberRule> numbers) {
        this.texts = texts;
        this.suffixes = texts.stream().map(TextRule::suffix).toList();
        this.numbers = numbers;
    }

    /** @throws ModelLoadException if a rule is not known here */
    static FeatureConverter of(String where, JsonNode converter) {
        String at = where + ", 'converter'";
        Set<String> absent = Set.of(
                "string_filter_types",
                "string_filter_rules",
                "num_filter_types",
                "num_filter_rules",
                "num_types",
                "binary_types",
                "binary_rules",
                "combination_types",
                "combination_rules");
        for (String key : absent) {
            if (!converter.path(key).isEmpty()) {
                throw new ModelLoadException(
                        at + ": '" + key + "' is not empty; filters, plugins and combinations are not provided here");
            }
        }
        if (converter.has("hash_max_size")) {
            throw new ModelLoadException(at + ": 'hash_max_size' is not provided here; features keep their names");
        }
        Set<String> known = new java.util.HashSet<>(absent);
        known.addAll(List.of("string_types", "string_rules", "num_rules"));
        ConfigNodes.passOver(at, converter, known);
        Map<String, Integer> types = types(at, converter.path("string_types"));
        List<TextRule> texts = new ArrayList<>();
        for (JsonNode rule : ConfigNodes.list(converter.path("string_rules"))) {
            texts.add(textRule(at + ", 'string_rules'", rule, types));
        }
        List<NumberRule> numbers = new ArrayList<>();
        for (JsonNode rule : ConfigNodes.list(converter.path("num_rules"))) {
            String in = at + ", 'num_rules'";
            ConfigNodes.passOver(in, rule, Set.of("key", "except", "type"));
            numbers.add(new NumberRule(keys(in, rule), one(in, rule, "type", "", "num", "log", "str")));
        }
        return new FeatureConverter(List.copyOf(texts), List.copyOf(numbers));
    }

    private static Map<String, Integer> types(String where, JsonNode types) {
        Map<String, Integer> characters = new HashMap<>(Map.of("str", 0, "space", -1));
        types.properties().forEach(type -> {
            String in = where + ", 'string_types', '" + OneLine.name(type.getKey()) + "'";
            one(in, type.getValue(), "method", "", "ngram");
            ConfigNodes.passOver(in, type.getValue(), Set.of("method", "char_num"));
            JsonNode number = type.getValue().path("char_num");
            int count = number.isTextual() && number.textValue().matches("[0-9]{1,3}")
                    ? Integer.parseInt(number.textValue())
                    : number.isInt() ? number.intValue() : 0;
            if (count < 1 || count > MOST_CHARACTERS) {
                throw new ModelLoadException(in + ": 'char_num' is " + ConfigNodes.shown(number)
                        + "; it must be a number from 1 to " + MOST_CHARACTERS);
            }
            characters.put(type.getKey(), count);
        });
        return characters;
    }

    private static TextRule textRule(String where, JsonNode rule, Map<String, Integer> types) {
        ConfigNodes.passOver(where, rule, Set.of("key", "except", "type", "sample_weight", "global_weight"));
        String type =
                one(where, rule, "type", "", types.keySet().stream().sorted().toArray(String[]::new));
        Sample sample = switch (one(where, rule, "sample_weight", "bin", "bin", "tf", "log_tf")) {
            case "tf" -> Sample.TF;
            case "log_tf" -> Sample.LOG_TF;
            default -> Sample.BIN;
        };
        boolean rare = one(where, rule, "global_weight", "bin", "bin", "idf").equals("idf");
        return new TextRule(keys(where, rule), type, types.getOrDefault(type, 0), sample, rare);
    }

    /** The text of a key, which must be one of some. */
    private static String one(String where, JsonNode rule, String key, String otherwise, String... known) {
        JsonNode value = rule.path(key);
        String text = value.isMissingNode() ? otherwise : value.asText("");
        if (!List.of(known).contains(text)) {
            throw new ModelLoadException(where + ": '" + key + "' is " + ConfigNodes.shown(value)
                    + "; it must be one of " + String.join(", ", known));
        }
        return text;
    }

    private static Predicate<String> keys(String where, JsonNode rule) {
        JsonNode key = rule.path("key");
        if (!key.isTextual()) {
            throw new ModelLoadException(where + ": 'key' is " + ConfigNodes.shown(key) + "; it must be a text");
        }
        Predicate<String> keys = matcher(where, key.textValue());
        JsonNode except = rule.path("except");
        return except.isTextual() ? keys.and(matcher(where, except.textValue()).negate()) : keys;
    }

    private static Predicate<String> matcher(String where, String key) {
        int last = key.length() - 1;
        if (key.isEmpty() || key.equals("*")) {
            return any -> true;
        }
        if (last >= 1 && key.charAt(0) == '/' && key.charAt(last) == '/') {
            try {
                Pattern pattern = Pattern.compile(key.substring(1, last));
                return candidate -> pattern.matcher(candidate).matches();
            } catch (PatternSyntaxException e) {
                throw new ModelLoadException(
                        where + ": 'key' " + OneLine.name(key) + " is no regular expression: "
                                + OneLine.name(e.getDescription()),
                        e);
            }
        }
        if (key.charAt(last) == '*') {
            String begin = key.substring(0, last);
            return candidate -> candidate.startsWith(begin);
        }
        if (key.charAt(0) == '*') {
            String end = key.substring(1);
            return candidate -> candidate.endsWith(end);
        }
        return key::equals;
    }

    /** The features of a datum in the order of its values and the rules; a name may come twice. */
    List<Found> convert(Datum datum) {
        List<Found> found = new ArrayList<>();
        for (Datum.Text text : datum.texts()) {
            for (int i = 0; i < texts.size(); i++) {
                if (texts.get(i).keys().test(text.key())) {
                    addText(text, texts.get(i), suffixes.get(i), found);
                }
            }
        }
        for (Datum.Num number : datum.numbers()) {
            for (NumberRule rule : numbers) {
                if (rule.keys().test(number.key())) {
                    found.add(number(number, rule.type()));
                }
            }
        }
        return found;
    }

    private static void addText(Datum.Text text, TextRule rule, String suffix, List<Found> found) {
        String begin = text.key() + "$";
        if (rule.characters() == 0) {
            found.add(new Found(begin + text.value() + suffix, rule.sample().of(1), rule.rare()));
            return;
        }
        Map<String, Integer> counts = new LinkedHashMap<>();
        if (rule.characters() < 0) {
            words(text.value(), counts);
        } else {
            grams(text.value(), rule.characters(), counts);
        }
        counts.forEach((term, count) ->
                found.add(new Found(begin + term + suffix, rule.sample().of(count), rule.rare())));
    }

    private static void words(String text, Map<String, Integer> counts) {
        int begin = 0;
        for (int i = 0; i <= text.length(); i++) {
            if (i == text.length() || isSpace(text.charAt(i))) {
                if (i > begin) {
                    counts.merge(text.substring(begin, i), 1, Integer::sum);
                }
                begin = i + 1;
            }
        }
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    private static void grams(String text, int characters, Map<String, Integer> counts) {
        int length = text.codePointCount(0, text.length());
        int begin = 0;
        for (int i = 0; i + characters <= length; i++) {
            counts.merge(text.substring(begin, text.offsetByCodePoints(begin, characters)), 1, Integer::sum);
            begin = text.offsetByCodePoints(begin, 1);
        }
    }

    private static Found number(Datum.Num number, String type) {
        return switch (type) {
            case "num" -> new Found(number.key() + "@num", number.value(), false);
            case "log" -> new Found(number.key() + "@log", Math.log(Math.max(1, number.value())), false);
            default -> new Found(number.key() + "@str$" + sixDigits(number.value()), 1, false);
        };
    }

    /** A number as C prints it with {@code %g}: six digits, and an exponent where it is small or large. */
    static String sixDigits(double value) {
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        BigDecimal rounded = new BigDecimal(value)
                .round(new MathContext(6, RoundingMode.HALF_EVEN))
                .stripTrailingZeros();
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent >= -4 && exponent < 6) {
            return rounded.toPlainString();
        }
        String digits = rounded.movePointLeft(exponent).toPlainString();
        int size = Math.abs(exponent);
        return digits + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + size;
    }
}
