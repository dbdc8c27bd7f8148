package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.config.ConfigKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The values of the secrets that can be found out here, so that they are recognised wherever they stand. */
final class KnownSecrets {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\$(\\w+)\\$\\$");
    private static final Pattern USER_INFO = Pattern.compile("://([^/\\s@]+)@");
    private static final long LARGEST = 16 << 10;

    private final Set<String> values = new HashSet<>();
    private final Map<String, String> environment;

    KnownSecrets(Map<String, String> environment) {
        this.environment = environment;
        environment.forEach((name, value) -> {
            if (ConfigKey.isSecret(name.toLowerCase(Locale.ROOT).replace("__", "."))) {
                values.add(value);
            }
            userInfo(value);
        });
    }

    Set<String> values() {
        return Set.copyOf(values);
    }

    /** The secrets of a configuration: by their keys, in files that keys name, from the environment, in URLs. */
    KnownSecrets config(Map<String, String> properties) {
        properties.forEach((key, value) -> {
            if (ConfigKey.isSecret(key) && !PLACEHOLDER.matcher(value).matches()) {
                values.add(value);
            }
            if (key.endsWith("-file") && ConfigKey.isSecret(key.substring(0, key.length() - "-file".length()))) {
                file(value);
            }
            Matcher variable = PLACEHOLDER.matcher(value);
            while (variable.find()) {
                values.add(environment.getOrDefault(variable.group(1), ""));
            }
            userInfo(value);
        });
        return this;
    }

    private void userInfo(String value) {
        Matcher user = USER_INFO.matcher(value);
        while (user.find()) {
            values.add(user.group(1));
            values.add(user.group(1).replaceFirst("^[^:]*:", ""));
        }
    }

    /** The tokens of a host. */
    KnownSecrets keyFile(Path file) {
        try {
            if (Files.isRegularFile(file)) {
                JsonNode keys = CommandJson.parse(SmallFile.read(file));
                keys.forEach(scope -> values.add(scope.path("key").asText("")));
            }
        } catch (IOException | IllegalArgumentException e) {
            // Without a file that can be read no token is known, and none of it goes into the bundle.
            values.remove("");
        }
        return this;
    }

    private void file(String name) {
        try {
            Path file = Path.of(name);
            if (Files.isRegularFile(file) && Files.size(file) <= LARGEST) {
                values.add(Files.readString(file).strip());
            }
        } catch (IOException | InvalidPathException e) {
            // What cannot be read here is not known; the patterns of what looks like a secret are left.
            values.remove("");
        }
    }
}
