package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.dist.Distribution.Said;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistributionIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] PORTS = {
        "-Dinference_address=http://127.0.0.1:0",
        "-Dmanagement_address=http://127.0.0.1:0",
        "-Dmetrics_address=http://127.0.0.1:0"
    };

    @TempDir
    private static Path directory;

    private static Distribution unpacked;

    private Path logs;

    @BeforeAll
    static void unpack() throws IOException, InterruptedException {
        directory = directory.toRealPath();
        unpacked = Distribution.unpack(directory);
    }

    @BeforeEach
    void aLogLocationOfItsOwn() throws IOException {
        logs = Files.createTempDirectory(directory, "logs");
        unpacked.with("LOG_LOCATION", logs.toString());
    }

    @AfterEach
    void leaveNoHost() throws IOException {
        new RunningHost(logs).end();
    }

    @Test
    void everyJarOfTheClassPathIsThereAndEveryPluginToo() throws IOException {
        Path lib = unpacked.home().resolve("lib");
        Path host;
        try (var jars = Files.list(lib)) {
            host = jars.filter(jar -> jar.getFileName().toString().startsWith("server-host-"))
                    .findFirst()
                    .orElseThrow();
        }
        try (JarFile jar = new JarFile(host.toFile())) {
            String classPath = jar.getManifest().getMainAttributes().getValue("Class-Path");
            assertThat(classPath.split(" "))
                    .hasSizeGreaterThan(10)
                    .allSatisfy(name -> assertThat(lib.resolve(name)).isRegularFile());
        }
        assertThat(unpacked.home().resolve("plugins")).isEmptyDirectory();
        try (var plugins = Files.list(unpacked.home().resolve("plugins-available"))) {
            assertThat(plugins)
                    .anySatisfy(jar -> assertThat(jar.getFileName().toString()).matches("plugin-fs-.*\\.jar"));
        }
        assertThat(List.of(
                        "conf/config.properties",
                        "conf/logback.xml",
                        "LICENSE",
                        "NOTICE",
                        "completion/holdfast.bash",
                        "completion/holdfast.fish"))
                .allSatisfy(file -> assertThat(unpacked.home().resolve(file)).isNotEmptyFile());
        assertThat(unpacked.home().resolve("lib/native/linux-x64")).isNotEmptyDirectory();
    }

    /** Whatever was built before it: else its bytes, and their SHA-256, depended on that. */
    @Test
    void theJarOfPluginDdbIsMadeOfOurClassesAndNotOfAnEarlierOne() throws IOException {
        Path original;
        try (var jars = Files.list(Path.of("..", "plugin-ddb", "target"))) {
            original = jars.filter(jar -> jar.getFileName().toString().startsWith("original-plugin-ddb-"))
                    .findFirst()
                    .orElseThrow();
        }
        try (JarFile jar = new JarFile(original.toFile())) {
            assertThat(jar.stream().map(JarEntry::getName).filter(name -> name.endsWith(".class")))
                    .isNotEmpty()
                    .allMatch(name -> name.startsWith("dev/holdfast/plugin/ddb/"));
        }
    }

    @Test
    void aLinkToTheScriptWorks() throws Exception {
        Path link = Files.createSymbolicLink(
                directory.resolve("link-" + System.nanoTime()), unpacked.home().resolve("bin/holdfast"));

        Said said = unpacked.runAs(link, "--version");

        assertThat(said).isEqualTo(new Said(0, said.out(), ""));
        assertThat(said.out()).startsWith("Holdfast ").doesNotContain("development");
    }

    @Test
    void aJavaThatIsTooOldIsNamed() throws Exception {
        Path old = Files.createDirectories(directory.resolve("old-java/bin"));
        Files.writeString(old.resolve("java"), "#!/bin/sh\nexit 9\n");
        Files.setPosixFilePermissions(old.resolve("java"), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(directory.resolve("old-java/release"), "JAVA_VERSION=\"1.8.0_402\"\n");
        Distribution distribution =
                unpacked.with("JAVA_HOME", directory.resolve("old-java").toString());
        try {
            Said said = distribution.run("--version");
            assertThat(said.exitCode()).isEqualTo(1);
            assertThat(said.err().lines()).hasSize(3).first().asString().contains("is Java 8", "Java 17 or newer");
            assertThat(said.err()).contains("sudo apt install", "sudo dnf install", "brew install", "wsl --install");
        } finally {
            unpacked.with("JAVA_HOME", System.getProperty("java.home"));
        }
    }

    @Test
    void noJvmTalksOfNativeLibrariesOrUnsafe() throws Exception {
        Distribution distribution = Distribution.unpack(Files.createDirectory(directory.resolve("quiet")))
                .install("plugin-jdbc")
                .with("LOG_LOCATION", logs.toString());
        String[] start = {
            "--start",
            "--model-store=" + distribution.home().resolve("examples/model-store"),
            "--models=digits=digits.onnx,taxi=taxi-1.0",
            "-Dsnapshot.jdbc.url=jdbc:sqlite:" + logs.resolve("snapshots.db"),
            "-Dsnapshot.jdbc.codec=zstd"
        };

        Said started =
                distribution.run(Stream.of(start, PORTS).flatMap(Stream::of).toArray(String[]::new));
        Said listed = distribution.run("snapshots", "list");
        Said verified = distribution.run("plugins", "verify", "jdbc");
        Said stopped = distribution.run("--stop");

        assertThat(started.exitCode()).as(started.err()).isZero();
        assertThat(List.of(started.err(), listed.err(), verified.err(), stopped.err(), verified.out()))
                .noneMatch(said -> said.contains("WARNING:"));
        assertThat(logs.resolve("holdfast.out")).content().doesNotContain("WARNING:");
    }

    @Test
    void whatAHostServesSurvivesAKill() throws Exception {
        start("--model-store=" + unpacked.home().resolve("examples/model-store"));
        assertThat(call("POST", "/models?url=digits-1.0&initial_workers=2&synchronous=true")
                        .statusCode())
                .isEqualTo(200);
        assertThat(call("PUT", "/models/digits/1.0?min_worker=3&max_worker=3&synchronous=true")
                        .statusCode())
                .isEqualTo(200);
        long pid = run().required("pid").longValue();
        ProcessHandle host = ProcessHandle.of(pid).orElseThrow();
        host.destroyForcibly();
        await().atMost(Duration.ofSeconds(60)).until(() -> !host.isAlive());

        Said again = start("--model-store=" + unpacked.home().resolve("examples/model-store"));

        assertThat(run().required("pid").longValue()).isNotEqualTo(pid);
        assertThat(again.out()).contains("state");
        JsonNode served = JSON.readTree(call("GET", "/models/digits").body());
        assertThat(served.required(0).required("modelVersion").textValue()).isEqualTo("1.0");
        assertThat(served.required(0).required("workers")).hasSize(3);

        Said list = unpacked.run("snapshots", "list");
        assertThat(list.exitCode()).as("%s", list).isZero();
        assertThat(list.out()).contains("REVISION", "-startup.cfg", "-snapshot.cfg");
        String newest = newestOf(list);
        assertThat(unpacked.run("snapshots", "show", "--text", newest).out()).contains("model_snapshot");
        String oldest = list.out()
                .lines()
                .reduce((first, second) -> second)
                .orElseThrow()
                .split(" ")[0];
        Said deleted = unpacked.run("snapshots", "delete", oldest);
        assertThat(deleted.exitCode()).as("%s", deleted).isZero();
        assertThat(deleted.out()).isEqualTo("Snapshot \"" + oldest + "\" deleted\n");
        Said left = unpacked.run("snapshots", "list");
        assertThat(left.out()).contains(newest).doesNotContain(oldest);
        // Not that one, but one that tells the other hosts up to where somebody has deleted.
        Said last = unpacked.run("snapshots", "delete", newestOf(left));
        assertThat(last.exitCode()).isEqualTo(4);
        assertThat(last.err()).contains("answered with 409", "is the last one of group default");
        assertThat(unpacked.run("snapshots", "attach", "--take=local").exitCode())
                .as("the host is not detached")
                .isEqualTo(4);

        Said stop = unpacked.run("--stop");
        assertThat(stop).isEqualTo(new Said(0, "Holdfast has stopped.\n", ""));
        try (var snapshots = Files.list(logs.resolve("config"))) {
            assertThat(snapshots.map(file -> file.getFileName().toString()))
                    .anySatisfy(name -> assertThat(name).endsWith("-shutdown.cfg"));
        }
    }

    private static String newestOf(Said list) {
        return list.out().lines().skip(1).findFirst().orElseThrow().split(" ")[0];
    }

    @Test
    void aPluginThatIsCopiedOverIsUsed() throws Exception {
        Path available = unpacked.home().resolve("plugins-available");
        Path copied;
        try (var plugins = Files.list(available)) {
            Path jar = plugins.filter(file -> file.getFileName().toString().startsWith("plugin-fs-"))
                    .findFirst()
                    .orElseThrow();
            copied = Files.copy(jar, unpacked.home().resolve("plugins").resolve(jar.getFileName()));
        }
        try {
            start("--model-store=" + unpacked.home().resolve("examples/model-store"));
            assertThat(logs.resolve("holdfast.log"))
                    .content()
                    .contains("Snapshot serializer via plugin has been loaded successfully");
            assertThat(unpacked.run("--stop").exitCode()).isZero();
        } finally {
            Files.delete(copied);
        }
    }

    @Test
    void aStartThatFailsSaysWhyAndKeepsNoSnapshot() throws Exception {
        for (String mode : List.of("--start", "--foreground")) {
            Said said = unpacked.run(mode, "--model-store=/nowhere");
            assertThat(said.exitCode()).isEqualTo(1);
            assertThat(said.err().lines()).singleElement().asString().contains("/nowhere");
            assertThat(logs.resolve("config")).doesNotExist();
        }
    }

    @Test
    void optionsOfTheJvmThatItDoesNotKnowAreNamed() throws Exception {
        unpacked.with("HOLDFAST_JAVA_OPTS", "-XX:+NoSuchOption");
        try {
            Said said =
                    unpacked.run("--start", "--model-store=" + unpacked.home().resolve("examples/model-store"));
            assertThat(said.exitCode()).isEqualTo(1);
            assertThat(said.err().lines()).singleElement().asString().contains("NoSuchOption", "holdfast.out");
        } finally {
            unpacked.with("HOLDFAST_JAVA_OPTS", "");
        }
    }

    @Test
    void theClassDataArchiveIsMadeOnceAndUsed() throws Exception {
        Path cache = Files.createTempDirectory(directory, "cache");
        unpacked.with("HOLDFAST_CDS", "on").with("HOLDFAST_CACHE", cache.toString());
        try {
            Said made = unpacked.run("warm-up");
            assertThat(made.exitCode()).as("%s", made).isZero();
            assertThat(made.out()).contains(cache.toString());
            assertThat(unpacked.run("warm-up").out()).startsWith("Nothing to do");

            Said started = start("--model-store=" + unpacked.home().resolve("examples/model-store"));
            assertThat(started.err()).isEmpty();
            assertThat(ProcessHandle.of(run().required("pid").longValue())
                            .flatMap(handle -> handle.info().commandLine()))
                    .hasValueSatisfying(line -> assertThat(line).contains("-XX:SharedArchiveFile=" + cache));
            assertThat(unpacked.run("--stop").exitCode()).isZero();
        } finally {
            unpacked.with("HOLDFAST_CDS", "off");
        }
    }

    @Test
    void theFirstStartHasTheClassDataArchiveMadeBesideTheHost() throws Exception {
        Path cache = Files.createTempDirectory(directory, "cache");
        unpacked.with("HOLDFAST_CDS", "on").with("HOLDFAST_CACHE", cache.toString());
        try {
            start("--model-store=" + unpacked.home().resolve("examples/model-store"));

            // Its last step gives it its name; what makes it is as nice as can be, and gives up after two minutes.
            await().atMost(Duration.ofMinutes(3))
                    .untilAsserted(() -> assertThat(cache).isDirectoryContaining("glob:**.jsa"));
            assertThat(unpacked.run("warm-up").out()).startsWith("Nothing to do: the class data archive is there");
            assertThat(unpacked.run("--stop").exitCode()).isZero();
        } finally {
            unpacked.with("HOLDFAST_CDS", "off");
        }
    }

    @Test
    void theDemoTellsItsStoryAndLeavesNothingRunning() throws Exception {
        Said demo = unpacked.run("demo");

        assertThat(demo.exitCode()).as("%s", demo).isZero();
        assertThat(demo.err()).isEmpty();
        assertThat(demo.out())
                .contains(
                        "SIGKILL",
                        "The same models, versions, default and workers.",
                        "The same predictions for all 360 digits",
                        "It has learned 9760 half hours",
                        "It knows who wrote 111 of the 120 paragraphs",
                        "The same scores of the taxis",
                        "The same scores of all paragraphs",
                        "The strangest morning was that of 2015-01-27",
                        "taught.cfg",
                        "-shutdown.cfg")
                .containsPattern("2014-12-25 +(0\\.[0-9]{3,}) +\\1 +0\\.0\n")
                .endsWith("Everything came back as it was.\n")
                .doesNotContain("\u001b");
        assertThat(unpacked.run("--stop").out()).isEqualTo("Holdfast is not currently running.\n");
    }

    private Said start(String... more) throws IOException, InterruptedException {
        String[] args = new String[more.length + PORTS.length];
        System.arraycopy(more, 0, args, 0, more.length);
        System.arraycopy(PORTS, 0, args, more.length, PORTS.length);
        Said said = unpacked.run(args);
        assertThat(said.exitCode()).as("%s", said).isZero();
        assertThat(said.out()).startsWith("Holdfast is ready.");
        return said;
    }

    private JsonNode run() throws IOException {
        return new RunningHost(logs).run();
    }

    private HttpResponse<String> call(String method, String path) throws IOException, InterruptedException {
        return new RunningHost(logs).manage(method, path);
    }
}
