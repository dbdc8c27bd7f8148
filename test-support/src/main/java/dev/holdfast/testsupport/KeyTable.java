package dev.holdfast.testsupport;

import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The keys of a serializer, in order, each as {@code name=default}: as its manual lists them, and as its code declares them. */
public final class KeyTable {

    private KeyTable() {}

    /**
     * The rows of a manual's table that begin with a key of a serializer.
     *
     * @param manual its name in the directory of the documentation, from the directory of a module
     */
    public static List<String> ofManual(String manual, String serializer) throws IOException {
        return Pattern.compile("(?m)^\\| `snapshot\\." + serializer + "\\.([a-z-]+)` \\|\\s*`?([^|`]*?)`?\\s*\\|")
                .matcher(Files.readString(Path.of("..", "docs", manual)))
                .results()
                .map(row -> row.group(1) + "=" + row.group(2))
                .toList();
    }

    /** The keys that a plugin declares, with what it says of their defaults. */
    public static List<String> of(SnapshotSerializerFactory factory) {
        return factory.keys().stream()
                .map(key -> key.name() + "=" + key.defaultValue())
                .toList();
    }
}
