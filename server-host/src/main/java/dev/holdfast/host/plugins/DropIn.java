package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What an operator dropped in as one plugin.
 *
 * @param path a jar, or a directory of jars
 * @param jars what its class loader reads, in this order
 */
record DropIn(Path path, List<Path> jars) {

    DropIn {
        jars = List.copyOf(jars);
    }

    static DropIn jar(Path jar) {
        return new DropIn(jar, List.of(jar));
    }

    /** One that lies at a path, for messages: its jars are not looked for. */
    static DropIn at(Path path) {
        return Files.isDirectory(path) ? new DropIn(path, List.of()) : jar(path);
    }

    static boolean isJarName(Path path) {
        return fileName(path).toLowerCase(Locale.ROOT).endsWith(".jar");
    }

    static String nameOf(Path path) {
        String file = OneLine.of(fileName(path));
        return isJarName(path) ? file.substring(0, file.length() - ".jar".length()) : file;
    }

    static String fileName(Path path) {
        Path last = path.getFileName();
        return last == null ? path.toString() : last.toString();
    }

    String name() {
        return nameOf(path);
    }

    boolean isDirectory() {
        return !(jars.size() == 1 && jars.get(0).equals(path));
    }

    /** The directory for the libraries that this plugin needs. */
    String home() {
        return OneLine.of(isDirectory() ? path : path.resolveSibling(name())) + "/";
    }
}
