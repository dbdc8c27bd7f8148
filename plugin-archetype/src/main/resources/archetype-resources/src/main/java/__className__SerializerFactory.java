package ${package};

import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.file.Path;
import java.util.List;

/**
 * Opens serializer {@code ${serializer}}; the host finds it by the file in {@code META-INF/services}.
 *
 * <p>The key {@code snapshot.${serializer}.directory}: a directory that is there, on a disk that all hosts of a group
 * share.
 */
public final class ${className}SerializerFactory implements SnapshotSerializerFactory {

    private static final ConfigKey<String> DIRECTORY =
            ConfigKey.text("directory", "a directory that is there, for the snapshots");

    @Override
    public String name() {
        return "${serializer}";
    }

    /** All your keys stand here, so that a misspelt one is an error, and operators can have them described. */
    @Override
    public List<ConfigKey<?>> keys() {
        return List.of(DIRECTORY);
    }

    /** Does not touch the store: one that is down now may be back at the first call. */
    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        // A password is taken by config.secret(key), and its key is ConfigKey.secretFile.
        config.requireKnown(keys());
        Path directory = Path.of(DIRECTORY.in(config));
        return new ${className}Serializer(
                config.group(), new ${className}Client(directory.toAbsolutePath().normalize(), config.group()));
    }
}
