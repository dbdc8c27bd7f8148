package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code bin/holdfast} with a Java that prints what it is started with instead of being a host, and that is a real one where the
 * script asks it for the JVM options of a configuration.
 */
class HostScriptIT {

    @TempDir
    private Path directory;

    private Path home;
    private Path java;

    @BeforeEach
    void aDistribution() throws IOException {
        directory = directory.toRealPath();
        home = Files.createDirectories(directory.resolve("a home"));
        Files.createDirectories(home.resolve("lib"));
        Files.createFile(home.resolve("lib/server-host-1.jar"));
        Files.createDirectories(home.resolve("conf"));
        Path script = Files.createDirectories(home.resolve("bin")).resolve("holdfast");
        Files.copy(Path.of("src/main/dist/bin/holdfast"), script);
        java = Files.createDirectories(directory.resolve("jdk/bin")).resolve("java");
        Files.writeString(directory.resolve("jdk/release"), "JAVA_VERSION=\"17.0.15\"\n");
        Files.writeString(java, """
                #!/bin/sh
                case "$*" in
                    *JvmOptions*)
                        echo asked >>"$ASKED"
                        while [ "$1" != dev.holdfast.host.cli.JvmOptions ]; do shift; done
                        exec '%s' -cp '%s' "$@"
                        ;;
                esac
                for argument in "$@"; do echo "$argument"; done
                """.formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"), System.getProperty("java.class.path")));
        for (Path file : List.of(script, java)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vmargs=-Xmx200m -Da=*",
                "vmargs=-Xmx200m -Da=*\r\njob_queue_size=3\r\n",
                "\uFEFFvmargs=-Xmx200m -Da=*",
                "vmargs -Xmx200m -Da=*",
                "vmargs=-Xmx200m \\\n  -Da=*",
                "vmargs=-Xmx$$SIZE$$ -Da=*",
                "vm\\\nargs=-Xmx200m -Da=*",
                "#vmargs=-Xmx1m\rvmargs=-Xmx200m -Da=*\r",
                "vmargs=-Xmx1m\nvmargs=-Xmx200m -Da=*",
            })
    void theJvmGetsTheOptionsOfTheConfigurationAsAllKeysAreRead(String text) throws Exception {
        Path file = Files.writeString(directory.resolve("a file.properties"), text);

        List<String> started = start("--ts-config", file.toString());

        assertThat(started).containsSubsequence("-Xmx200m", "-Da=*", "-jar").doesNotContain("-Xmx1m");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ts-c", "--ts", "--conf"})
    void flagsThatAreWrittenByTheirBeginningsAreKnownHereToo(String flag) throws Exception {
        Path file = Files.writeString(directory.resolve("a.properties"), "vmargs=-Xmx200m");

        assertThat(start(flag, file.toString())).containsSubsequence("-Xmx200m", "-jar", flag, file.toString());
        assertThat(start(flag + "=" + file)).containsSubsequence("-Xmx200m", "-jar", flag + "=" + file);
    }

    @Test
    void ofASnapshotTheJvmGetsSizesOfMemoryAlone() throws Exception {
        Path file = Files.writeString(
                directory.resolve("startup.cfg"),
                "vmargs=-Xmx200m -javaagent:/nowhere.jar -Xlog:gc:file=/nowhere\nmodel_snapshot={}\n");

        List<String> started = start("--foreground", "--config=" + file);

        assertThat(started).contains("-Xmx200m", "-Dholdfast.vmargs=-Xmx200m");
        assertThat(started).noneMatch(argument -> argument.contains("nowhere"));
    }

    @Test
    void theDefaultConfigurationIsReadToo() throws Exception {
        Files.writeString(home.resolve("conf/config.properties"), "vmargs = -Xmx200m\n");

        assertThat(start()).contains("-Xmx200m");
    }

    @Test
    void aVariableThatIsNotSetStopsTheStartInOneLine() throws Exception {
        Path file = Files.writeString(directory.resolve("config.properties"), "vmargs=$$NOPE$$");

        assertThat(start("--ts-config", file.toString()))
                .containsExactly(
                        "vmargs of the --ts-config file " + file
                                + " names the environment variable NOPE, which is not set",
                        "exit 1");
    }

    @Test
    void aConfigurationWithoutTheKeyCostsNoJvm() throws Exception {
        Files.copy(Path.of("src/main/dist/conf/config.properties"), home.resolve("conf/config.properties"));
        Path file = Files.writeString(
                directory.resolve("config.properties"), "model_store=C:\\\\models\nmodel_snapshot={\"a\": \\n}\n");

        assertThat(start("--ts-config", file.toString())).contains("-jar", "-Dholdfast.vmargs=");
        assertThat(directory.resolve("asked")).doesNotExist();
    }

    /** What the host's JVM is started with, each argument on its line; or what the script said instead. */
    private List<String> start(String... args) throws IOException, InterruptedException {
        Path out = directory.resolve("out.txt");
        List<String> line =
                new java.util.ArrayList<>(List.of(home.resolve("bin/holdfast").toString(), "--foreground"));
        line.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(directory.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(out.toFile())
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "PATH", System.getenv("PATH"),
                        "JAVA_HOME", directory.resolve("jdk").toString(),
                        "HOLDFAST_CDS", "off",
                        "SIZE", "200m",
                        "ASKED", directory.resolve("asked").toString()));
        Process process = builder.start();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("bin/holdfast has not ended; it said: " + Files.readString(out));
        }
        List<String> said = Files.readAllLines(out);
        if (process.exitValue() != 0) {
            said.add("exit " + process.exitValue());
        }
        return said;
    }
}
