package dev.holdfast.dist;

import dev.holdfast.dist.Distribution.Said;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Maven as somebody has it who builds a plugin: with a local repository of his own, into which the build of Holdfast has
 * installed what {@code mvn install} would, and with none of Holdfast's sources around.
 *
 * <p>It is the Maven that runs this build. What that one has in its local repository is not downloaded again; whatever is
 * missing there comes from Maven's own default. The settings of the user, such as a mirror, stay in force.
 */
final class StrangersMaven {

    /** Maven's children tell one another where they run. */
    private static final List<String> OF_THIS_BUILD =
            List.of("MAVEN_BASEDIR", "MAVEN_CMD_LINE_ARGS", "MAVEN_CONFIG", "MAVEN_PROJECTBASEDIR");

    private static final int MINUTES = 10;

    private final Path commands;
    private final Path outputs;

    private StrangersMaven(Path commands, Path outputs) {
        this.commands = commands;
        this.outputs = outputs;
    }

    /** @param directory where its command and its settings are put; not below a directory with a {@code .mvn} */
    static StrangersMaven in(Path directory) throws IOException {
        Path settings = Files.writeString(directory.resolve("settings.xml"), settings());
        Path commands = Files.createDirectories(directory.resolve("bin"));
        Path mvn = Files.writeString(
                commands.resolve("mvn"),
                "#!/bin/sh\nexec '%s' -gs '%s' '-Dmaven.repo.local=%s' \"$@\"\n"
                        .formatted(
                                Path.of(System.getProperty("maven.home"), "bin", "mvn"),
                                settings,
                                System.getProperty("holdfast.strangers.repository")));
        Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new StrangersMaven(commands, Files.createDirectories(directory.resolve("outputs")));
    }

    private static String settings() {
        String repository = """
                    <id>this-machine</id>
                    <url>%s</url>
                    <releases><checksumPolicy>ignore</checksumPolicy></releases>
                    <snapshots><enabled>false</enabled></snapshots>
                """.formatted(
                        Path.of(System.getProperty("maven.local.repository")).toUri());
        return """
                <settings>
                  <profiles>
                    <profile>
                      <id>what-this-machine-has</id>
                      <repositories><repository>%s</repository></repositories>
                      <pluginRepositories><pluginRepository>%s</pluginRepository></pluginRepositories>
                    </profile>
                  </profiles>
                  <activeProfiles><activeProfile>what-this-machine-has</activeProfile></activeProfiles>
                </settings>
                """.formatted(repository, repository);
    }

    /** Copies a project without what was built of it. */
    static void copy(Path project, Path to) throws IOException {
        Path built = project.resolve("target");
        try (Stream<Path> files = Files.walk(project)) {
            for (Path file : (Iterable<Path>) files.filter(file -> !file.startsWith(built))::iterator) {
                Path copy = to.resolve(project.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
    }

    /** Runs Maven in a directory; standard error is part of what it said. */
    Said mvn(Path directory, String... args) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(commands.resolve("mvn").toString()));
        line.addAll(List.of(args));
        return run(directory, Map.of(), line);
    }

    /** Runs a script in a directory, in which {@code mvn} is this Maven, up to the first command that fails. */
    Said sh(Path directory, Map<String, String> environment, String script) throws IOException, InterruptedException {
        return run(directory, environment, List.of("sh", "-eu", "-c", script));
    }

    private Said run(Path directory, Map<String, String> environment, List<String> line)
            throws IOException, InterruptedException {
        // A file, not a pipe, which a host in the background would hold open.
        File out = Files.createTempFile(outputs, "out", ".txt").toFile();
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(directory.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(out);
        builder.environment()
                .keySet()
                .removeIf(
                        name -> OF_THIS_BUILD.contains(name) || name.startsWith("TS_") || name.equals("LOG_LOCATION"));
        builder.environment().merge("PATH", commands.toString(), (path, mine) -> mine + File.pathSeparator + path);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new IOException(
                    line + " has not ended in " + MINUTES + " minutes; it said: " + Files.readString(out.toPath()));
        }
        return new Said(process.exitValue(), Files.readString(out.toPath()), "");
    }
}
