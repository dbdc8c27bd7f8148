package dev.holdfast.dist;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * The distribution of an earlier commit: the sources of its host and of its plugins, compiled here against the libraries of
 * this one, in place of this one's. Takes seconds, where the whole build of that commit takes minutes. The jars stay in
 * {@code target} for the next time.
 */
final class OlderDistribution {

    /** Where the sources of each jar are, and how the jar's name begins. */
    private static final List<String> MODULES =
            List.of("serving-sdk", "torchserve-plugins-sdk", "plugin-fs", "plugin-jdbc", "server-host");

    private OlderDistribution() {}

    /** Empty where the commit is not here, as in a shallow clone or in a source archive. */
    static Optional<Distribution> of(String commit, Path directory) throws IOException, InterruptedException {
        Path jars = Path.of("target", "older-" + commit).toAbsolutePath();
        Distribution distribution = Distribution.unpack(directory);
        if (!Files.isDirectory(jars)) {
            Path sources = Files.createDirectory(directory.resolve("sources"));
            if (!checkOut(commit, sources)) {
                return Optional.empty();
            }
            Path made = Files.createDirectory(directory.resolve("jars"));
            for (String module : MODULES) {
                make(module, sources, made, distribution);
            }
            Files.createDirectories(jars.getParent());
            copy(made, Files.createDirectories(jars));
        }
        replaceIn(distribution.home(), jars);
        return Optional.of(distribution.install("plugin-jdbc"));
    }

    private static boolean checkOut(String commit, Path sources) throws IOException, InterruptedException {
        List<String> archive = new ArrayList<>(
                List.of("git", "archive", "--format=tar", "--output=" + sources.resolve("sources.tar")));
        archive.add(commit);
        MODULES.forEach(module -> archive.add(module + "/src/main"));
        Path root = Path.of("..").toRealPath();
        return succeeds(root, sources, archive.toArray(String[]::new))
                && succeeds(sources, sources, "tar", "xf", "sources.tar");
    }

    private static boolean succeeds(Path directory, Path said, String... command)
            throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(
                                said.resolve("said-by-" + command[0] + ".txt").toFile())
                        .start()
                        .waitFor()
                == 0;
    }

    private static void make(String module, Path sources, Path made, Distribution libraries)
            throws IOException, InterruptedException {
        Path main = sources.resolve(module).resolve("src/main");
        Path classes = Files.createDirectories(sources.resolve(module).resolve("classes"));
        List<String> arguments = new ArrayList<>(List.of(
                "-proc:none", "-nowarn", "-parameters", "-d", classes.toString(), "-cp", classPath(made, libraries)));
        try (Stream<Path> files = Files.walk(main.resolve("java"))) {
            files.filter(file -> file.toString().endsWith(".java"))
                    .map(Path::toString)
                    .forEach(arguments::add);
        }
        if (ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)) != 0) {
            throw new IOException("The sources of " + module + " do not compile against today's libraries");
        }
        if (Files.isDirectory(main.resolve("resources"))) {
            copy(main.resolve("resources"), classes);
        }
        pack(todays(module, libraries.home()), classes, made);
    }

    /** What is made already comes first, so that nothing of today's is compiled against. */
    private static String classPath(Path made, Distribution libraries) throws IOException {
        List<String> path = new ArrayList<>();
        for (Path directory : List.of(
                made,
                libraries.home().resolve("lib"),
                libraries.home().resolve("lib/verify"),
                libraries.available("plugin-jdbc"))) {
            try (Stream<Path> jars = Files.list(directory)) {
                jars.filter(jar -> jar.toString().endsWith(".jar"))
                        .map(Path::toString)
                        .forEach(path::add);
            }
        }
        return String.join(File.pathSeparator, path);
    }

    private static Path todays(String module, Path home) throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            return files.filter(file -> file.getFileName().toString().matches(module + "-[0-9].*\\.jar"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** With today's manifest, which has the class path and what a plugin says of itself. */
    private static void pack(Path todays, Path classes, Path made) throws IOException {
        try (JarFile jar = new JarFile(todays.toFile());
                OutputStream file = Files.newOutputStream(made.resolve(todays.getFileName()));
                JarOutputStream out = new JarOutputStream(file, jar.getManifest());
                Stream<Path> files = Files.walk(classes)) {
            for (Path each : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(
                        new JarEntry(classes.relativize(each).toString().replace(File.separatorChar, '/')));
                try (InputStream in = Files.newInputStream(each)) {
                    in.transferTo(out);
                }
            }
        }
    }

    /** Wherever the distribution has a jar of that name. */
    private static void replaceIn(Path home, Path jars) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(home)) {
            all = files.filter(Files::isRegularFile).toList();
        }
        for (Path file : all) {
            Path older = jars.resolve(file.getFileName().toString());
            if (Files.exists(older)) {
                Files.copy(older, file, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
    }
}
