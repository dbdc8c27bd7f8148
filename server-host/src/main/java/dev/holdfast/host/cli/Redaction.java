package dev.holdfast.host.cli;

import dev.holdfast.host.config.ConfigKey;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Takes secrets out of texts: those that are known by their values, wherever they stand, and what looks like one. Rather takes
 * too much: what it leaves goes to people who are to know no secret.
 */
final class Redaction {

    static final String INSTEAD = "***";

    /** Shorter ones would take ordinary words out of every line. */
    private static final int SHORTEST = 5;

    private static final String NAME =
            "[\\w.-]*(?:pass|pwd|secret|credential|token|auth|apikey|api_key|access_?key|private_?key|signature"
                    + "|[._-]key)[\\w.-]*";

    private record Rule(Pattern pattern, String replacement) {}

    private static final List<Rule> RULES = List.of(
            new Rule(
                    Pattern.compile(
                            "-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\\z)",
                            Pattern.DOTALL),
                    INSTEAD),
            // Before the rules of names, which would leave the second word.
            new Rule(Pattern.compile("(?i)\\b(bearer|basic)\\s+[\\w+/=.~-]{4,}"), "$1 " + INSTEAD),
            new Rule(Pattern.compile("(\\w+:\\\\?/\\\\?/)[^\\s/@\"']+@"), "$1" + INSTEAD + "@"),
            // Of a URL all that it asks for.
            new Rule(Pattern.compile("(\\w+:\\\\?/\\\\?/[^\\s?\"'<>]*\\?)[^\\s\"'<>]+"), "$1" + INSTEAD),
            new Rule(Pattern.compile("(?i)([?&;](?:" + NAME + "|key|sig)=)[^&\\s\"']*"), "$1" + INSTEAD),
            new Rule(
                    Pattern.compile("(?i)(\"(?:" + NAME + "|key)\"\\s*:\\s*)\"(?:[^\"\\\\]|\\\\.)*\""),
                    "$1\"" + INSTEAD + "\""),
            new Rule(
                    Pattern.compile(
                            "(?i)(\\b(?:" + NAME + ")\\s*[=:]\\s*)(?:\"[^\"\\n]*\"|'[^'\\n]*'|[^\\s,;&\"')\\]]+)"),
                    "$1" + INSTEAD),
            new Rule(Pattern.compile("\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b"), INSTEAD),
            new Rule(Pattern.compile("\\beyJ[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]*"), INSTEAD));

    private final List<String> known;

    /** @param known the secrets whose values are known */
    Redaction(Collection<String> known) {
        this.known = known.stream()
                .flatMap(secret -> Stream.of(secret, secret.strip(), HostApi.encode(secret)))
                .filter(secret -> secret.length() >= SHORTEST)
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    String of(String text) {
        String clean = text;
        for (String secret : known) {
            clean = clean.replace(secret, INSTEAD);
        }
        for (Rule rule : RULES) {
            clean = rule.pattern().matcher(clean).replaceAll(rule.replacement());
        }
        return clean;
    }

    /** A configuration, key by key: without its comments, which may hold anything. */
    String ofConfig(Map<String, String> properties) {
        StringBuilder text = new StringBuilder();
        properties.forEach((key, value) -> text.append(key)
                .append('=')
                .append(isSecret(key, value) ? INSTEAD : of(value).replace("\n", "\\n"))
                .append('\n'));
        return text.toString();
    }

    /** Whether a value of a configuration must not be shown. A placeholder shows nothing. */
    static boolean isSecret(String key, String value) {
        Matcher placeholder = Pattern.compile("\\$\\$\\w+\\$\\$").matcher(value);
        return !placeholder.matches()
                && (ConfigKey.isSecret(key)
                        || value.contains("-----BEGIN ")
                        || key.toLowerCase(Locale.ROOT).contains("pass"));
    }
}
