package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import dev.holdfast.host.logging.LogbackDefaults;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Starts and stops in a log location where somebody else has put something. */
class PlantedPlacesIT {

    @TempDir
    private Path directory;

    private Typed typed;
    private Path logs;
    private Path victim;

    @BeforeEach
    void aLogLocation() throws IOException {
        directory = directory.toRealPath();
        Files.createDirectories(directory.resolve("store"));
        typed = new Typed(directory);
        logs = Files.createDirectories(directory.resolve("logs"));
        victim = Files.writeString(directory.resolve("victim"), "precious");
    }

    @AfterEach
    void logAsBefore() {
        // A start in this process has set where its log goes.
        new LogbackDefaults().configure((LoggerContext) LoggerFactory.getILoggerFactory());
    }

    @ParameterizedTest
    @CsvSource({
        "--foreground, holdfast.lock",
        "--foreground, holdfast.log",
        "--start,      holdfast.out",
    })
    void aLinkInAFilesPlaceIsNotFollowedAndNamed(String verb, String name) throws IOException {
        Path link = Files.createSymbolicLink(logs.resolve(name), victim);

        assertThat(typed.run(verb, "--model-store=store")).isEqualTo(1);

        assertThat(typed.errLines())
                .singleElement()
                .asString()
                .contains(link + " is a link, which is not followed; remove it");
        assertThat(victim).hasContent("precious");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "config",
                "config/.chunks",
                "crash",
                "journal",
                "journal/fs",
                "journal/fs/default",
                "journal/fs/default/pending",
                "spool",
                "spool/fs",
                "tls",
                "work"
            })
    void aLinkInADirectorysPlaceIsNotFollowedAndNamed(String name) throws IOException {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.createDirectories(logs.resolve(name).getParent());
        Path link = Files.createSymbolicLink(logs.resolve(name), elsewhere);

        for (String verb : List.of("--foreground", "--start")) {
            assertThat(typed.run(verb, "--model-store=store")).isEqualTo(1);
            assertThat(typed.errLines())
                    .singleElement()
                    .asString()
                    .contains(link + " is a link, which is not followed; remove it", "or", "name");
        }
        assertThat(elsewhere).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "config", "journal"})
    void aPlaceThatEveryoneMayWriteIsRefusedWithTheCure(String name) throws IOException {
        Path open = Files.createDirectories(logs.resolve(name));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

        for (String verb : List.of("--foreground", "--start")) {
            assertThat(typed.run(verb, "--model-store=store")).isEqualTo(1);
            assertThat(typed.errLines())
                    .singleElement()
                    .asString()
                    .contains(
                            "The log location " + logs + " cannot be used",
                            open + " may be written by everyone",
                            "chmod o-w " + open,
                            "--log-location");
        }
    }

    @Test
    void aStopReplacesALinkThatLiesWhereItLeavesWord() throws Exception {
        Files.createSymbolicLink(logs.resolve("holdfast.stop"), victim);

        StopRequest.write(logs, ProcessIdentity.current(), Duration.ofSeconds(3));

        assertThat(victim).hasContent("precious");
        assertThat(StopRequest.take(logs).orElseThrow().limit()).contains(Duration.ofSeconds(3));
        assertThat(logs.resolve("holdfast.stop")).doesNotExist();
    }

    @Test
    void underAnyUmaskAHostsFilesAreItsOwnersAlone() throws Exception {
        Files.delete(logs);
        ProcessBuilder builder = new ProcessBuilder(
                        "sh",
                        "-c",
                        "umask 000; exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.holdfast.host.cli.Main",
                        "--foreground",
                        "--model-store=store",
                        "-Dinference_address=http://127.0.0.1:0",
                        "-Dmanagement_address=http://127.0.0.1:0",
                        "-Dmetrics_address=http://127.0.0.1:0")
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("HOLDFAST_RUN_DIR", directory.resolve("run").toString());
        builder.environment().remove("LOG_LOCATION");
        Process process = builder.start();
        try (var out = process.inputReader()) {
            String line = out.readLine();
            while (line != null && !line.equals("Holdfast is ready.")) {
                line = out.readLine();
            }
            assertThat(line).as("the ready line").isNotNull();
            try (Stream<Path> all = Stream.concat(Files.walk(logs), Files.walk(directory.resolve("run")))) {
                List<Path> paths = all.toList();
                assertThat(paths)
                        .hasSizeGreaterThan(8)
                        .allSatisfy(
                                path -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                                        .as("%s", path)
                                        .endsWith("------"));
            }
            process.toHandle().destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }
}
