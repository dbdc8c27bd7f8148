package dev.holdfast.host.config;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * What the value of a key must be.
 *
 * @param words the rule as a message has it, after the key and the value, such as {@code must be true or false}
 * @param holds whether a value, without blanks around it, keeps the rule
 */
record ConfigRule(String words, Predicate<String> holds) {

    /** What is longer has no end: a hundred years. */
    static final int MOST_DAYS = 36_500;

    static final ConfigRule ANY = new ConfigRule("may be anything", value -> true);
    static final ConfigRule TRUTH = words("true", "false");
    static final ConfigRule PATH = new ConfigRule("must be a path of this system", ConfigRule::isPath);
    /** What stands between the paths of a list. */
    static final String PATH_SEPARATORS = "[" + File.pathSeparator + ",]";

    static final ConfigRule PATHS = new ConfigRule(
            "must be paths of this system",
            value -> Arrays.stream(value.split(PATH_SEPARATORS)).allMatch(ConfigRule::isPath));
    static final ConfigRule ADDRESS = new ConfigRule(
            "must have the form " + ListenAddress.FORM,
            value -> ListenAddress.parse(value, 0, 0).isPresent());
    /** Of a listener whose port has a key of its own. */
    static final ConfigRule HOST = new ConfigRule(
            "must be a host without a port, such as 127.0.0.1; the port has a key of its own",
            value -> ListenAddress.withoutBrackets(value).matches("[A-Za-z0-9._:%-]+"));

    static final ConfigRule PORT = number(0, 65_535);
    static final ConfigRule NO_PORT_OR_PORT = PORT.orEmpty();
    static final ConfigRule MILLIS = new ConfigRule(
            "must be a whole number of milliseconds from 1 on", value -> isLong(value) && Long.parseLong(value) >= 1);
    static final ConfigRule MINUTES =
            new ConfigRule("must be a number of minutes above 0, up to 5256000", ConfigRule::isMinutes);
    static final ConfigRule REGEX = new ConfigRule("must be a regular expression", ConfigRule::isRegex);

    /** Numbers of seconds that are no longer than a week. */
    static ConfigRule seconds() {
        return number(1, 604_800);
    }

    static ConfigRule number(int least, int most) {
        return new ConfigRule(
                "must be a whole number from " + least + " to " + most,
                value -> isLong(value) && Long.parseLong(value) >= least && Long.parseLong(value) <= most);
    }

    /** One of some words, in any case. */
    static ConfigRule words(String... words) {
        List<String> all = List.of(words);
        List<String> first = all.subList(0, all.size() - 1);
        return new ConfigRule(
                "must be " + String.join(", ", first) + " or " + all.get(all.size() - 1),
                value -> all.contains(value.toLowerCase(Locale.ROOT)));
    }

    /** A name of at most so many characters. */
    static ConfigRule name(int longest) {
        String form = "[A-Za-z0-9][A-Za-z0-9._-]{0," + (longest - 1) + "}";
        return new ConfigRule("must be of the form " + form, value -> value.matches(form));
    }

    /** The same, or nothing. */
    ConfigRule orEmpty() {
        return new ConfigRule(words, value -> value.isEmpty() || holds.test(value));
    }

    /** What parses a value refuses one that breaks the rule, by some {@link IllegalArgumentException}. */
    private static boolean keeps(Supplier<?> parsing) {
        try {
            return parsing.get() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isLong(String value) {
        return keeps(() -> Long.parseLong(value));
    }

    private static boolean isMinutes(String value) {
        return keeps(() -> Double.parseDouble(value))
                && Double.parseDouble(value) > 0
                && Double.parseDouble(value) <= 5_256_000;
    }

    private static boolean isRegex(String value) {
        return keeps(() -> Pattern.compile(value));
    }

    private static boolean isPath(String value) {
        return keeps(() -> Path.of(value));
    }
}
