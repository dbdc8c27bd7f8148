package dev.holdfast.dist;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A distribution unpacked from the archive that the build made, and commands run with it. */
final class Distribution {

    private final Path home;
    private final Path workingDirectory;
    private final Map<String, String> environment = new HashMap<>();

    private Distribution(Path home, Path workingDirectory) {
        this.home = home;
        this.workingDirectory = workingDirectory;
    }

    /** @param directory where it is unpacked, and where its commands run and leave their traces */
    static Distribution unpack(Path directory) throws IOException, InterruptedException {
        Path archive = Path.of(System.getProperty("holdfast.distribution"));
        Path parent = Files.createDirectories(directory.resolve("where it is"));
        Path workingDirectory = Files.createDirectories(directory.resolve("work"));
        Process tar = new ProcessBuilder("tar", "xzf", archive.toString(), "-C", parent.toString())
                .inheritIO()
                .start();
        if (tar.waitFor() != 0) {
            throw new IOException("tar could not unpack " + archive);
        }
        try (var entries = Files.list(parent)) {
            Distribution distribution = new Distribution(entries.findFirst().orElseThrow(), workingDirectory);
            distribution.with("HOLDFAST_RUN_DIR", directory.resolve("run").toString());
            // Or a start would have the archive made by a process that outlives the test, in what the test then
            // removes.
            distribution.with("HOLDFAST_CDS", "off");
            // As the test itself: the build runs in a language with other digits.
            distribution.with(
                    "HOLDFAST_JAVA_OPTS",
                    "-Duser.language=" + System.getProperty("user.language") + " -Duser.country="
                            + System.getProperty("user.country", ""));
            return distribution;
        }
    }

    Path home() {
        return home;
    }

    Path workingDirectory() {
        return workingDirectory;
    }

    /** Has the hosts take a server on this machine for Amazon's. */
    Distribution withDynamoDb(URI endpoint) {
        return with("AWS_ENDPOINT_URL_DYNAMODB", endpoint.toString())
                .with("AWS_REGION", "eu-central-1")
                .with("AWS_ACCESS_KEY_ID", "local")
                .with("AWS_SECRET_ACCESS_KEY", "local")
                .with("AWS_EC2_METADATA_DISABLED", "true");
    }

    /** One of our plugins: a jar, or a directory of jars. */
    Path available(String plugin) throws IOException {
        try (var plugins = Files.list(home.resolve("plugins-available"))) {
            return plugins.filter(file -> (file.getFileName() + "-").startsWith(plugin + "-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Copies one of our plugins to where it is found: the whole installation. */
    Distribution install(String plugin) throws IOException {
        Path available = available(plugin);
        Path installed = home.resolve("plugins").resolve(available.getFileName());
        Files.copy(available, installed);
        if (Files.isDirectory(available)) {
            try (var jars = Files.list(available)) {
                for (Path jar : jars.toList()) {
                    Files.copy(jar, installed.resolve(jar.getFileName()));
                }
            }
        }
        return this;
    }

    Distribution with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** The same distribution, for commands about the host of one log location. */
    Distribution at(Path logs) {
        Distribution other = new Distribution(home, workingDirectory);
        other.environment.putAll(environment);
        return other.with("LOG_LOCATION", logs.toString());
    }

    /** What a command said. */
    record Said(int exitCode, String out, String err) {}

    Said run(String... args) throws IOException, InterruptedException {
        return runAs(home.resolve("bin/holdfast"), args);
    }

    Said runAs(Path command, String... args) throws IOException, InterruptedException {
        File out = Files.createTempFile(workingDirectory, "out", ".txt").toFile();
        File err = Files.createTempFile(workingDirectory, "err", ".txt").toFile();
        Process process = start(command, out, err, args);
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("holdfast " + List.of(args) + " has not ended");
        }
        return new Said(process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
    }

    private Process start(Path command, File out, File err, String... args) throws IOException {
        List<String> line = new ArrayList<>(List.of(command.toString()));
        line.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(workingDirectory.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(out)
                .redirectError(err);
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("TS_") || name.startsWith("AWS_") || name.equals("LOG_LOCATION"));
        builder.environment().putAll(environment);
        return builder.start();
    }
}
