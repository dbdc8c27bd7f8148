package dev.holdfast.host.plugins;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A drop-in that brings at least one serializer.
 *
 * @param path the jar, or the directory of jars
 * @param serializers the names of its serializers, in the order of its service file
 * @param version what its manifest says under {@code Implementation-Version}
 * @param sdkVersion what its manifest says under {@code Holdfast-SDK-Version}
 */
public record LoadedPlugin(Path path, List<String> serializers, Optional<String> version, Optional<String> sdkVersion) {

    public LoadedPlugin {
        serializers = List.copyOf(serializers);
    }

    /** The file's name without {@code .jar}; what stands under {@code plugin} in the logging context. */
    public String name() {
        return DropIn.nameOf(path);
    }
}
