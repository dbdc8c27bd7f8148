package dev.holdfast.host.config;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The {@code $$NAME$$} in values of the configuration, each for the environment variable of that name, as TorchServe has it. */
public final class Placeholders {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\$([A-Za-z_][A-Za-z0-9_]*)\\$\\$");

    private Placeholders() {}

    static boolean isIn(String value) {
        return PLACEHOLDER.matcher(value).find();
    }

    /**
     * The value with its variables.
     *
     * @param what the value's key and where it stands, for the message
     * @throws ConfigException if a variable is not set
     */
    public static String resolve(String what, String value, Map<String, String> environment) {
        Matcher matcher = PLACEHOLDER.matcher(value);
        StringBuilder resolved = new StringBuilder();
        while (matcher.find()) {
            String variable = environment.get(matcher.group(1));
            if (variable == null) {
                throw new ConfigException(
                        what + " names the environment variable " + matcher.group(1) + ", which is not set");
            }
            matcher.appendReplacement(resolved, Matcher.quoteReplacement(variable));
        }
        return matcher.appendTail(resolved).toString();
    }
}
