package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Finds the drop-ins of one plugins path, by looking at names alone:
 *
 * <pre>
 *   plugins/x.jar        one plugin
 *   plugins/x/*.jar      one plugin with the jars that it needs
 * </pre>
 *
 * <p>Hidden entries (as Kubernetes has them beside the links of a mounted volume), {@code lost+found} and files that are
 * not jars are passed over.
 */
final class DropInFinder {

    private final List<DropIn> found = new ArrayList<>();
    private final List<RejectedPlugin> rejected = new ArrayList<>();

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
            }
        }
    }

    private void directory(Path directory) {
        try {
            List<Path> jars = jars(directory);
            if (jars.isEmpty()) {
                reject(directory, whyNoJars(directory));
            } else {
                found.add(new DropIn(directory, jars));
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
                return "it holds no jar, but the directory " + DropIn.fileName(below)
                        + " in it does; if --plugins-path is one level too high, give it " + directory;
            }
        }
        return "it holds no jar; put the plugin's jars into it, or remove it";
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
