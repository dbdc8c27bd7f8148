package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds the drop-ins of one plugins path, by looking at names alone:
 *
 * <pre>
 *   plugins/x.jar        one plugin
 *   plugins/x/*.jar      one plugin with the jars that it needs
 * </pre>
 *
 * <p>Hidden entries (as Kubernetes has them beside the links of a mounted volume) and {@code lost+found} are passed over;
 * files that are not jars too, but named.
 */
final class DropInFinder {

    /** What directories of a plugin's libraries are called elsewhere. */
    private static final Set<String> LIBRARIES = Set.of("lib", "libs", "dependencies", "deps");

    private final List<DropIn> found = new ArrayList<>();
    private final List<RejectedPlugin> rejected = new ArrayList<>();
    private final List<Path> others = new ArrayList<>();
    private final List<RejectedPlugin> oddities = new ArrayList<>();

    /**
     * The drop-ins of a path, ordered by name.
     *
     * @param path a directory, one jar, or {@code directory/*} as TorchServe's users write it
     * @throws IllegalArgumentException if there is no such path, or it can hold no plugins
     */
    static DropInFinder in(Path path) {
        Path root = DropIn.fileName(path).equals("*") ? path.resolveSibling("") : path;
        root = root.toAbsolutePath().normalize();
        if (!Files.exists(root)) {
            throw new IllegalArgumentException("The plugins path " + OneLine.of(path)
                    + " does not exist; --plugins-path names a directory of plugins, or one jar");
        }
        DropInFinder finder = new DropInFinder();
        if (Files.isDirectory(root)) {
            finder.lookInto(root);
        } else if (DropIn.isJarName(root)) {
            finder.found.add(DropIn.jar(root));
        } else {
            throw new IllegalArgumentException("The plugins path " + OneLine.of(path)
                    + " is neither a directory nor a jar; --plugins-path names a directory of plugins, or one jar");
        }
        return finder;
    }

    List<DropIn> found() {
        return found;
    }

    /** Directories that hold no plugin, each with a reason. */
    List<RejectedPlugin> rejected() {
        return rejected;
    }

    /** Files that are no jars by their names or by what is in them. */
    List<Path> others() {
        return others;
    }

    /** What was passed over although somebody may have meant it as a plugin, each with a reason. */
    List<RejectedPlugin> oddities() {
        return oddities;
    }

    private void lookInto(Path root) {
        List<Path> entries;
        try {
            entries = entries(root);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "The plugins path " + OneLine.of(root) + " cannot be read: " + OneLine.of(e.toString()), e);
        }
        if (isUnpacked(root)) {
            reject(root, "it is an unpacked plugin; pack it into a jar, and give the jar's directory as plugins path");
            return;
        }
        for (Path entry : entries) {
            if (Files.isDirectory(entry)) {
                directory(entry);
            } else if (DropIn.isJarName(entry)) {
                found.add(DropIn.jar(entry));
            } else if (isZip(entry)) {
                oddities.add(new RejectedPlugin(
                        entry,
                        "it is a zip file, and its name does not end in .jar; if it is a plugin's jar, rename it, and if it"
                                + " holds jars, unpack them into a directory here"));
            } else {
                others.add(entry);
            }
        }
    }

    /** By its first bytes, whatever its name is. */
    private static boolean isZip(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(4), new byte[] {'P', 'K', 3, 4});
        } catch (IOException e) {
            return false;
        }
    }

    private void directory(Path directory) {
        try {
            List<Path> jars = jars(directory);
            if (jars.isEmpty()) {
                reject(directory, whyNoJars(directory));
            } else {
                found.add(new DropIn(directory, jars));
                tellOfJarsBelow(directory);
            }
        } catch (IOException e) {
            reject(directory, "it cannot be read: " + e);
        }
    }

    private static String whyNoJars(Path directory) throws IOException {
        if (isUnpacked(directory)) {
            return "it is an unpacked plugin; pack it into a jar";
        }
        for (Path below : entries(directory)) {
            if (Files.isDirectory(below) && !jars(below).isEmpty()) {
                if (LIBRARIES.contains(DropIn.fileName(below).toLowerCase(Locale.ROOT))) {
                    return "it holds no jar, and those in its directory " + DropIn.fileName(below)
                            + " are not looked at; put the plugin's jar and those that it needs into " + directory
                            + " itself";
                }
                return "it holds no jar, but the directory " + DropIn.fileName(below)
                        + " in it does; if --plugins-path is one level too high, give it " + directory;
            }
        }
        return "it holds no jar; put the plugin's jars into it, or remove it";
    }

    /** A plugin beside a directory of its libraries, as other programs want it, would lack them. */
    private void tellOfJarsBelow(Path directory) throws IOException {
        for (Path below : entries(directory)) {
            if (Files.isDirectory(below) && !jars(below).isEmpty()) {
                oddities.add(new RejectedPlugin(
                        below,
                        "its " + jars(below).size() + " jars are not looked at; put those that the plugin needs into "
                                + directory + " itself"));
            }
        }
    }

    private void reject(Path path, String reason) {
        rejected.add(new RejectedPlugin(path, OneLine.of(reason)));
    }

    private static boolean isUnpacked(Path directory) {
        return Files.exists(directory.resolve(PluginJar.SERVICE_FILE));
    }

    private static List<Path> jars(Path directory) throws IOException {
        return entries(directory).stream()
                .filter(DropIn::isJarName)
                .filter(entry -> !Files.isDirectory(entry))
                .toList();
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(entry -> !DropIn.fileName(entry).startsWith("."))
                    .filter(entry -> !DropIn.fileName(entry).equals("lost+found"))
                    .sorted(Comparator.comparing(DropIn::fileName))
                    .toList();
        }
    }
}
