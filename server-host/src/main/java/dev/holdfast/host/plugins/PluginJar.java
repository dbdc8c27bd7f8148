package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;

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

    private static final int LONGEST_SERVICE_FILE = 65_536;

    private static final Set<Integer> INVISIBLE = Set.of(
            (int) Character.FORMAT,
            (int) Character.CONTROL,
            (int) Character.SPACE_SEPARATOR,
            (int) Character.LINE_SEPARATOR,
            (int) Character.PARAGRAPH_SEPARATOR);

    private static final Attributes.Name SDK_VERSION = new Attributes.Name("Holdfast-SDK-Version");

    /**
     * Opens a jar and closes it again.
     *
     * @throws RejectedException if it is not a readable jar
     */
    static PluginJar open(Path path) throws RejectedException {
        requireFile(path);
        try (JarFile jar = new JarFile(path.toFile(), false)) {
            requireVisible(jar, SERVICE_FILE);
            requireVisible(jar, SERVICE_FILE_OF_TORCHSERVE);
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
        String name = DropIn.fileName(path);
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new RejectedException(name + " is neither a file nor a directory");
            }
            if (attributes.size() == 0) {
                throw new RejectedException(name + " is an empty file; copy it here again");
            }
        } catch (NoSuchFileException e) {
            throw new RejectedException(name + " is a link to a file that does not exist", e);
        } catch (IOException e) {
            throw new RejectedException(name + " cannot be read: " + e, e);
        }
        if (!Files.isReadable(path)) {
            // The opening of a zip file says of that only that the file is none.
            throw new RejectedException(name + " may not be read by the user of this host, "
                    + System.getProperty("user.name") + "; give it the right to read it, with chmod or chown");
        }
    }

    /** Marks and spaces that no editor shows, and that the loader of services takes for a part of a name. */
    private static void requireVisible(JarFile jar, String serviceFile) throws IOException, RejectedException {
        ZipEntry entry = jar.getEntry(serviceFile);
        if (entry == null) {
            return;
        }
        byte[] bytes;
        try (InputStream in = jar.getInputStream(entry)) {
            bytes = in.readNBytes(LONGEST_SERVICE_FILE);
        }
        if (bytes.length > 1 && ((bytes[0] == -1 && bytes[1] == -2) || (bytes[0] == -2 && bytes[1] == -1))) {
            throw new RejectedException("its service file " + serviceFile + " is in UTF-16; save it in UTF-8");
        }
        // Comments may have what they like.
        int[] letters = new String(bytes, StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.replaceFirst("#.*", ""))
                .flatMapToInt(String::codePoints)
                .toArray();
        for (int i = 0; i < letters.length; i++) {
            int type = Character.getType(letters[i]);
            boolean usual = letters[i] == ' ' || letters[i] == '\t';
            if (!usual && INVISIBLE.contains(type)) {
                throw new RejectedException(String.format(
                        Locale.ROOT,
                        "its service file %s has the invisible character U+%04X%s; save it without",
                        serviceFile,
                        letters[i],
                        letters[i] == 0xfeff && i == 0 ? " (a byte order mark) at its beginning" : ""));
            }
        }
    }

    private static Optional<String> value(Attributes attributes, Attributes.Name name) {
        return Optional.ofNullable(attributes.getValue(name)).map(OneLine::of);
    }
}
