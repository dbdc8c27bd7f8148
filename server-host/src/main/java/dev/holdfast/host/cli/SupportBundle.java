package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.HostVersion;
import dev.holdfast.host.StartOptions;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What somebody who helps needs to see, as one file: the diagnosis, what the host says of itself, its threads, the
 * configuration, the ends of the logs. Secrets are taken out of each of them; tokens and private keys are not read into it.
 */
final class SupportBundle {

    /** Of each log its end. */
    private static final int MOST_OF_A_LOG = 4 << 20;

    private static final List<String> LOGS = List.of(
            "holdfast.log",
            "holdfast.1.log",
            "holdfast.out",
            "audit.log",
            "access_log.log",
            "model_log.log",
            "ts_metrics.log",
            "model_metrics.log");

    private final Map<String, String> parts = new LinkedHashMap<>();
    private final StartOptions options;
    private final KnownSecrets secrets;

    /** @param options of a start with the options of the command */
    SupportBundle(StartOptions options) {
        this.options = options;
        this.secrets = new KnownSecrets(options.environment())
                .config(options.commandLine())
                .keyFile(options.logLocation().resolve("key_file.json"));
        options.defaultConfig().ifPresent(file -> config(file).ifPresent(secrets::config));
        options.tsConfig().ifPresent(file -> config(file).ifPresent(secrets::config));
    }

    private static Optional<Map<String, String>> config(Path file) {
        try {
            return Optional.of(ConfigFile.parse("Configuration file", ConfigFile.read("Configuration file", file)));
        } catch (ConfigException e) {
            return Optional.empty();
        }
    }

    void diagnosis(String text, JsonNode json) {
        parts.put("doctor.txt", text);
        parts.put("doctor.json", CommandJson.pretty(json));
        parts.put(
                "versions.txt",
                "command: Holdfast " + HostVersion.get() + "\njava: " + Runtime.version() + "\nsystem: "
                        + System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch") + "\nprocessors: "
                        + Runtime.getRuntime().availableProcessors() + "\n");
    }

    /** What a host that runs says; what it does not answer is noted in its place. */
    void host(RunningHost host, HostApi api) {
        secrets.keyFile(host.keyFile());
        parts.put("host/run.json", CommandJson.pretty(host.toJson()));
        for (String path : List.of("diagnosis", "snapshots/status", "snapshots", "models", "plugins")) {
            parts.put("host/" + path.replace('/', '-') + ".json", answer(() -> api.manageForText("GET", "/" + path)));
        }
        parts.put("host/threads.txt", answer(() -> api.manageForText("GET", "/diagnosis/threads")));
    }

    private static String answer(Supplier<String> call) {
        try {
            return call.get();
        } catch (CommandFailure e) {
            return "not answered: " + e.getMessage() + "\n";
        }
    }

    /**
     * Writes it; the file appears whole, and is readable for this user alone.
     *
     * @throws IOException if it cannot be written, or is there already
     */
    void write(Path file, Instant now) throws IOException {
        Redaction redaction = new Redaction(secrets.values());
        files();
        Path temporary = Files.createTempFile(
                file.toAbsolutePath().getParent(),
                ".holdfast-bundle",
                ".tmp",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (OutputStream out = Files.newOutputStream(temporary, StandardOpenOption.WRITE);
                    TarGz tar = new TarGz(out, now)) {
                for (Map.Entry<String, String> part : parts.entrySet()) {
                    tar.add(
                            "holdfast-bundle/" + part.getKey(),
                            redaction.of(part.getValue()).getBytes(StandardCharsets.UTF_8));
                }
                for (Map.Entry<String, Map<String, String>> config : configs().entrySet()) {
                    tar.add(
                            "holdfast-bundle/" + config.getKey(),
                            redaction.ofConfig(config.getValue()).getBytes(StandardCharsets.UTF_8));
                }
            }
            Files.createLink(file, temporary);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private Map<String, Map<String, String>> configs() {
        Map<String, Map<String, String>> configs = new LinkedHashMap<>();
        configs.put("config/command-line.properties", options.commandLine());
        options.defaultConfig()
                .flatMap(SupportBundle::config)
                .ifPresent(found -> configs.put("config/default.properties", found));
        options.tsConfig()
                .flatMap(SupportBundle::config)
                .ifPresent(found -> configs.put("config/ts-config.properties", found));
        return configs;
    }

    private void files() {
        Path logs = options.logLocation();
        Stream.concat(
                        LOGS.stream().map(logs::resolve),
                        PlaceChecks.crashReports(logs).stream().limit(3))
                .filter(Files::isRegularFile)
                .forEach(file -> parts.put("logs/" + file.getFileName(), end(file)));
        StringBuilder list = new StringBuilder();
        try (Stream<Path> tree = Files.walk(logs, 4)) {
            tree.limit(10_000)
                    .forEach(path -> list.append(size(path))
                            .append("  ")
                            .append(OneLine.of(logs.relativize(path).toString()))
                            .append('\n'));
        } catch (IOException | java.io.UncheckedIOException e) {
            list.append("not read further: ").append(e.getMessage()).append('\n');
        }
        parts.put("files.txt", list.toString());
    }

    private static String size(Path path) {
        try {
            return Files.isDirectory(path) ? "directory" : String.valueOf(Files.size(path));
        } catch (IOException e) {
            return "?";
        }
    }

    private static String end(Path file) {
        try (RandomAccessFile read = new RandomAccessFile(file.toFile(), "r")) {
            long skipped = Math.max(0, read.length() - MOST_OF_A_LOG);
            read.seek(skipped);
            byte[] bytes = new byte[(int) (read.length() - skipped)];
            read.readFully(bytes);
            String text = new String(bytes, StandardCharsets.UTF_8);
            // What began before may be the second half of a secret.
            return skipped == 0 ? text : text.substring(text.indexOf('\n') + 1);
        } catch (IOException e) {
            return "cannot be read: " + OneLine.of(e) + "\n";
        }
    }
}
