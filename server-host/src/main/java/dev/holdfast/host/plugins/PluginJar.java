package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/**
 * What the host reads of a jar before any class is loaded from it.
 *
 * <p>A class loader takes a damaged jar for an empty one and says nothing, so every jar is opened here first.
 *
 * @param brings whether it has the service file of serializers
 * @param bringsTorchServe whether it has the service file of TorchServe's serializers
 * @param classPath what its manifest names for the class loader to read too, as it stands there
 */
record PluginJar(
        Path path,
        boolean brings,
        boolean bringsTorchServe,
        List<String> classPath,
        Optional<String> version,
        Optional<String> sdkVersion) {

    static final String SERVICE_FILE = "META-INF/services/" + SnapshotSerializerFactory.class.getName();

    static final String SERVICE_FILE_OF_TORCHSERVE =
            "META-INF/services/" + org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer.class.getName();

    private static final Attributes.Name SDK_VERSION = new Attributes.Name("Holdfast-SDK-Version");

    /**
     * Opens a jar and closes it again.
     *
     * @throws RejectedException if it is not a readable jar
     */
    static PluginJar open(Path path) throws RejectedException {
        requireFile(path);
        try (JarFile jar = new JarFile(path.toFile(), false)) {
            Manifest manifest = jar.getManifest();
            Attributes attributes = manifest == null ? new Attributes() : manifest.getMainAttributes();
            return new PluginJar(
                    path,
                    jar.getEntry(SERVICE_FILE) != null,
                    jar.getEntry(SERVICE_FILE_OF_TORCHSERVE) != null,
                    List.of(attributes
                            .getOrDefault(Attributes.Name.CLASS_PATH, "")
                            .toString()
                            .split("\\s+")),
                    value(attributes, Attributes.Name.IMPLEMENTATION_VERSION),
                    value(attributes, SDK_VERSION));
        } catch (IOException | RuntimeException e) {
            // RuntimeException too: a damaged directory of a zip file shows as an IllegalArgumentException.
            throw new RejectedException(
                    DropIn.fileName(path) + " is not a readable jar (" + e.getMessage() + "); copy it here again", e);
        }
    }

    private static void requireFile(Path path) throws RejectedException {
        if (Files.notExists(path)) {
            throw new RejectedException(DropIn.fileName(path) + " is a link to a file that does not exist");
        }
        if (!Files.isRegularFile(path)) {
            throw new RejectedException(DropIn.fileName(path) + " is neither a file nor a directory");
        }
        try {
            if (Files.size(path) == 0) {
                throw new RejectedException(DropIn.fileName(path) + " is an empty file; copy it here again");
            }
        } catch (IOException e) {
            throw new RejectedException(DropIn.fileName(path) + " cannot be read: " + e, e);
        }
    }

    private static Optional<String> value(Attributes attributes, Attributes.Name name) {
        return Optional.ofNullable(attributes.getValue(name)).map(OneLine::of);
    }
}
