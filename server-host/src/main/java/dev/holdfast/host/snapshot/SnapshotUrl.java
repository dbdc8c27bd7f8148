package dev.holdfast.host.snapshot;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SerializerConfig;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A snapshot in another store than the host's own, as {@code --snapshot} names it.
 *
 * <pre>
 *   jdbc:postgresql://db.example.org/models?sslmode=require#table=veles&amp;name=latest
 *   └─ serializer                                           └─ its keys, and the snapshot's name
 *   └──────────── its key url, if more than the serializer's name stands there
 * </pre>
 *
 * <p>What stands behind the {@code #} is percent-encoded. It holds no secrets, and neither does the URL: a command line is
 * seen by every user of the machine.
 *
 * @param serializer its name, in lower case
 * @param keys what is set for the serializer, over the operator's own {@code snapshot.<serializer>.*}
 * @param name of the snapshot, or {@code latest}
 * @param group whose snapshot it is; empty for the host's own
 * @param shown what messages may show of it
 */
public record SnapshotUrl(
        String serializer, Map<String, String> keys, String name, Optional<String> group, String shown) {

    public static final String LATEST = "latest";

    /** At least two letters, for one may be a drive. */
    private static final Pattern FORM = Pattern.compile(
            "(?<serializer>[A-Za-z][A-Za-z0-9-]{1,62}):(?<rest>[^#]*)(?:#(?<keys>.*))?", Pattern.DOTALL);

    private static final Pattern KEY = Pattern.compile("[a-z][a-z0-9-]{0,62}");
    private static final Pattern SECRET_IN_URL = Pattern.compile(
            "//[^/?;]*:[^/?;]*@|[?&;][^=&;]*(pass|pwd|secret|token|credential)[^=&;]*=", Pattern.CASE_INSENSITIVE);

    public SnapshotUrl {
        keys = Map.copyOf(keys);
    }

    /**
     * What a value of {@code --snapshot} means, if it is of this form.
     *
     * @param serializers the names of those that are here
     * @return empty for a name, {@code latest} or a path
     * @param notLoaded what is said of plugins that would bring more; may be empty
     * @throws ConfigException if it is of this form, and wrong; no message shows a secret
     */
    public static Optional<SnapshotUrl> parse(String value, Set<String> serializers, String notLoaded) {
        return parse(value, serializers, notLoaded, false);
    }

    /** The same for a value that names a store and no snapshot of it: {@link #name} is that of the last one. */
    public static Optional<SnapshotUrl> parseStore(String value, Set<String> serializers, String notLoaded) {
        return parse(value, serializers, notLoaded, true);
    }

    private static Optional<SnapshotUrl> parse(
            String value, Set<String> serializers, String notLoaded, boolean storeAlone) {
        Matcher form = FORM.matcher(value);
        if (!form.matches()) {
            return Optional.empty();
        }
        String serializer = form.group("serializer").toLowerCase(Locale.ROOT);
        String rest = form.group("rest");
        String fragment = form.group("keys");
        boolean known = serializers.contains(serializer);
        boolean looksLikeOne = known || fragment != null || rest.contains("//");
        boolean complete = known && fragment != null;
        if (!looksLikeOne || (!complete && isFile(value))) {
            return Optional.empty();
        }
        String url = value.substring(0, form.end("rest"));
        // It names a store on the command line of other commands than a start.
        String said = (storeAlone ? "Store " : "--snapshot ") + shown(url);
        if (!known) {
            throw wrong(
                    said,
                    "there is no serializer " + serializer + " here, there are: "
                            + String.join(", ", new TreeSet<>(serializers))
                            + notLoaded
                            + "; install its plugin, or write ./ before a file's name");
        }
        if (SECRET_IN_URL.matcher(url).find()) {
            throw secret(said, serializer, "password");
        }
        Map<String, String> keys = keys(said, serializer, fragment == null ? "" : fragment);
        if (!rest.isEmpty() && keys.put("url", url) != null) {
            throw wrong(said, "the key url stands behind the # although a URL stands before it; leave one out");
        }
        if (storeAlone && keys.containsKey("name")) {
            throw wrong(said, "it names a snapshot where a store is meant; leave the key name out");
        }
        String name = Optional.ofNullable(storeAlone ? LATEST : keys.remove("name"))
                .filter(some -> !some.isBlank())
                .orElseThrow(() -> wrong(
                        said,
                        "it names no snapshot; write #name=NAME behind it, or #name=" + LATEST + " for the last"));
        return Optional.of(
                new SnapshotUrl(serializer, keys, name, Optional.ofNullable(keys.remove("group")), shown(url)));
    }

    private static boolean isFile(String value) {
        try {
            return Files.isRegularFile(Path.of(value));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static Map<String, String> keys(String said, String serializer, String fragment) {
        Map<String, String> keys = new TreeMap<>();
        for (String parameter : fragment.isEmpty() ? new String[0] : fragment.split("&", -1)) {
            int equals = parameter.indexOf('=');
            String key = equals < 0 ? parameter : parameter.substring(0, equals);
            if (equals < 0 || !KEY.matcher(key).matches()) {
                throw wrong(
                        said,
                        "behind the # must stand KEY=VALUE&KEY=VALUE, and a key must match " + KEY + ", unlike '"
                                + OneLine.name(key) + "'");
            }
            if (ConfigKey.isSecret(key) && !key.endsWith("-file")) {
                throw secret(said, serializer, key);
            }
            if (keys.put(key, decoded(said, key, parameter.substring(equals + 1))) != null) {
                throw wrong(said, "the key " + key + " stands there twice");
            }
        }
        return keys;
    }

    private static String decoded(String said, String key, String value) {
        try {
            // A plus sign is itself here; only in forms is it a space.
            return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw wrong(said, "the value of " + key + " has a % without two hexadecimal digits; write %25 for %", e);
        }
    }

    /** The URL without what may be secret: the user and all before the host, and all parameters. */
    private static String shown(String url) {
        return OneLine.name(url.replaceFirst("//.*@", "//***@").replaceFirst("(?s)[?;].*", "?***"));
    }

    private static ConfigException secret(String said, String serializer, String key) {
        String property = "snapshot." + serializer + "." + key + "-file";
        return wrong(
                said,
                "it has a secret in it, and every user of the machine sees a command line; leave it out, and set "
                        + SerializerConfig.secretVariable(serializer, key)
                        + " in the environment, or " + property + " to a file that holds it");
    }

    private static ConfigException wrong(String said, String what) {
        return new ConfigException(said + ": " + what);
    }

    private static ConfigException wrong(String said, String what, Exception cause) {
        return new ConfigException(said + ": " + what, cause);
    }

    /**
     * The failure to read the snapshot, for the operator. Where the serializer's message shows the URL, it is shortened as ours
     * is.
     */
    public ConfigException unreadable(RuntimeException e) {
        String message = String.valueOf(e.getMessage());
        String url = keys.get("url");
        if (url != null) {
            message = message.replace(url, shown);
        }
        boolean unknownUrl = message.startsWith("snapshot." + serializer + ".url is not a known key");
        String cure = unknownUrl ? "; nothing but # may stand behind " + serializer + ":" : "";
        return new ConfigException("--snapshot " + this + " cannot be read: " + message + cure, e);
    }

    @Override
    public String toString() {
        return shown + "#name=" + OneLine.name(name);
    }
}
