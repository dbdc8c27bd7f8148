package ${package};

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.file.Path;

/**
 * Opens serializer {@code ${serializer}}; the host finds it by the file in {@code META-INF/services}.
 *
 * <p>The key {@code snapshot.${serializer}.directory}: a directory that is there, on a disk that all hosts of a group
 * share.
 */
public final class ${className}SerializerFactory implements SnapshotSerializerFactory {

    @Override
    public String name() {
        return "${serializer}";
    }

    /** Does not touch the store: one that is down now may be back at the first call. */
    @Override
    public SnapshotSerializer open(SerializerConfig config) {
        // All your keys stand here, so that a misspelt one is an error. A password is taken by config.secret(key).
        config.requireKnown("directory");
        Path directory = Path.of(config.require("directory", "a directory that is there, for the snapshots"));
        return new ${className}Serializer(
                config.group(), new ${className}Client(directory.toAbsolutePath().normalize(), config.group()));
    }
}
