package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.dist.Distribution.Said;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code ./holdfast} in a checkout of one module, at a path with a blank, on a machine that has a few tools and the Java and
 * the Maven that a test gives it: a script each, that tells a version, and for Maven one that makes a distribution.
 */
class LauncherIT {

    private static final List<String> TOOLS =
            List.of("chmod", "cksum", "date", "find", "grep", "head", "mkdir", "readlink", "sed", "sleep", "tail");

    private static final String DISTRIBUTION = """
            echo '[INFO] Building Holdfast plugins-dist 0.1.0-SNAPSHOT                    [10/10]'
            echo built >>"$BUILDS"
            mkdir -p plugins-dist/target/holdfast-1/bin
            printf '#!/bin/sh\\necho "ran $*"\\n' >plugins-dist/target/holdfast-1/bin/holdfast
            chmod +x plugins-dist/target/holdfast-1/bin/holdfast
            echo archive >plugins-dist/target/holdfast-1.tar.gz
            """;

    @TempDir
    private Path directory;

    private Path checkout;
    private Path source;
    private Path tools;
    private Path builds;
    private Path err;

    @BeforeEach
    void aCheckoutOnAMachine() throws IOException {
        directory = directory.toRealPath();
        err = directory.resolve("err.txt");
        builds = directory.resolve("builds.txt");
        checkout = Files.createDirectories(directory.resolve("a checkout"));
        Path launcher = checkout.resolve("holdfast");
        Files.copy(Path.of("..", "holdfast"), launcher);
        source = checkout.resolve("plugins-dist/src/main/Source.java");
        Files.createDirectories(source.getParent());
        Files.writeString(source, "class Source {}");
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
        Files.writeString(checkout.resolve("plugins-dist/pom.xml"), "<project/>");
        tools = Files.createDirectories(directory.resolve("tools"));
        for (String tool : TOOLS) {
            script(tool, "exec '" + found(tool) + "' \"$@\"");
        }
    }

    @Test
    void theFirstRunBuildsTheSecondDoesNot() throws Exception {
        java("17.0.15");
        maven("3.8.7", "17.0.15", DISTRIBUTION);

        Said first = run("demo", "two words");
        Said second = run("--version");

        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(first.out()).isEqualTo("ran demo two words\n");
        assertThat(first.err()).contains("Building Holdfast on Java 17").containsPattern("Built in \\d+ s\\.\n");
        assertThat(second.out()).isEqualTo("ran --version\n");
        assertThat(second.err()).isEmpty();
        assertThat(builds).content().isEqualTo("built\n");
    }

    @Test
    void anUpdateOfASourceIsBuilt() throws Exception {
        java("17.0.15");
        maven("3.9.11", "25.0.3", DISTRIBUTION);
        run("--version");
        theBuildWasAMinuteAgo();

        Files.writeString(source, "class Source { int updated; }");
        run("--version");

        assertThat(builds).content().isEqualTo("built\nbuilt\n");
    }

    @Test
    void anUpdateThatRemovesASourceIsBuilt() throws Exception {
        java("17.0.15");
        maven("3.9.11", "25.0.3", DISTRIBUTION);
        run("--version");
        theBuildWasAMinuteAgo();

        Files.delete(source);
        run("--version");

        assertThat(builds).content().isEqualTo("built\nbuilt\n");
    }

    @Test
    void aMissingJavaIsNamedWithTheWayToOne() throws Exception {
        maven("3.8.7", "17.0.15", DISTRIBUTION);

        assertTellsHowToGetIt(run("demo"), "a JDK is needed, 17 or newer, and no java on the PATH works");
    }

    @Test
    void aJavaThatOnlySaysWhereToGetOneIsNone() throws Exception {
        script("java", "echo 'Unable to locate a Java Runtime.' >&2; exit 1");
        maven("3.8.7", "17.0.15", DISTRIBUTION);

        assertTellsHowToGetIt(run("demo"), "no java on the PATH works");
    }

    @Test
    void aJavaHomeWithoutACompilerIsNamed() throws Exception {
        maven("3.8.7", "17.0.15", DISTRIBUTION);

        Said said = run(Map.of("JAVA_HOME", "/nowhere"), "demo");

        assertTellsHowToGetIt(said, "JAVA_HOME is /nowhere, which has no bin/javac");
    }

    @Test
    void aJavaThatIsTooOldIsNamed() throws Exception {
        java("1.8.0_402");
        maven("3.8.7", "1.8.0_402", DISTRIBUTION);

        assertTellsHowToGetIt(run("demo"), "Maven runs on Java 8 (" + directory + "/jdk); JDK 17 or newer is needed");
    }

    @Test
    void aJavaWithoutACompilerIsNamed() throws Exception {
        java("21.0.2");
        maven("3.8.7", "21.0.2", DISTRIBUTION);
        Files.delete(directory.resolve("jdk/bin/javac"));

        assertTellsHowToGetIt(run("demo"), directory + "/jdk is a Java without a compiler");
    }

    @Test
    void aMissingMavenIsNamedWithTheWayToOne() throws Exception {
        java("17.0.15");

        assertTellsHowToGetIt(
                run("demo"), "Maven is needed to build Holdfast, 3.8 or newer, and mvn is not on the PATH");
    }

    @Test
    void aMavenThatIsTooOldIsNamed() throws Exception {
        java("17.0.15");
        maven("3.6.3", "17.0.15", DISTRIBUTION);

        assertTellsHowToGetIt(run("demo"), "is Maven 3.6; 3.8 or newer is needed");
    }

    @Test
    void aRepositoryThatCannotBeReachedIsNamed() throws Exception {
        java("17.0.15");
        maven("3.8.7", "17.0.15", """
                echo '[ERROR] Plugin a:b:1 or one of its dependencies could not be resolved: Failed to read artifact descriptor for a:b:jar:1: Could not transfer artifact a:b:pom:1 from/to central (https://repo.example/maven2): Unknown host repo.example -> [Help 1]'
                echo '[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.'
                exit 1
                """);

        Said said = run("demo");

        assertThat(said.exitCode()).isEqualTo(1);
        assertThat(said.err().lines())
                .hasSize(4)
                .element(1)
                .isEqualTo("holdfast: Maven could not fetch what the build needs: Could not transfer artifact a:b:pom:1"
                        + " from/to central (https://repo.example/maven2): Unknown host repo.example");
        assertThat(said.err()).contains("proxy", "~/.m2/settings.xml", checkout + "/target/build.log");
    }

    @Test
    void aBuildThatFailsShowsMavensReasonAndWhereAllOfItIs() throws Exception {
        java("17.0.15");
        maven("3.8.7", "17.0.15", "echo '[INFO] chatter'; echo '[ERROR] No space left on device'; exit 1");

        Said said = run("demo");

        assertThat(said.exitCode()).isEqualTo(1);
        assertThat(said.out()).isEmpty();
        assertThat(said.err())
                .contains("[ERROR] No space left on device\n", "holdfast: the build failed", "target/build.log")
                .doesNotContain("chatter");
    }

    @Test
    void aLongBuildTellsItsModuleAndItsSeconds() throws Exception {
        java("17.0.15");
        maven("3.8.7", "17.0.15", """
                echo '[INFO] Downloaded from central: https://repo.example/a.pom (1 kB at 1 kB/s)'
                echo '[INFO] Building Holdfast server-host 0.1.0-SNAPSHOT                    [9/10]'
                waited=0
                until grep -q 'server-host' "$ERR" || [ $waited = 60 ]; do sleep 1; waited=$((waited + 1)); done
                """ + DISTRIBUTION);

        Said said = run("demo");

        assertThat(said.err()).containsPattern(" \\d+ s {2}server-host \\[9/10], 1 files downloaded\n");
        assertThat(said.exitCode()).isZero();
    }

    @Test
    void sourcesThatCannotBeWrittenAreNamed() throws Exception {
        java("17.0.15");
        maven("3.8.7", "17.0.15", DISTRIBUTION);
        Path module = checkout.resolve("plugins-dist");
        Files.setPosixFilePermissions(module, PosixFilePermissions.fromString("r-xr-xr-x"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> asNobody = List.of();
        if (Files.isWritable(module)) {
            // Root may write everything.
            Files.setPosixFilePermissions(checkout, PosixFilePermissions.fromString("rwxrwxrwx"));
            assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "root, and no setpriv to be somebody else");
            asNobody = List.of("/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
        }

        Said said = run(asNobody, Map.of(), "demo");

        Files.setPosixFilePermissions(module, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(said.exitCode()).isEqualTo(1);
        assertThat(said.err())
                .contains("the build writes to the folders target of " + checkout, module + " cannot be written");
        assertThat(builds).doesNotExist();
    }

    private static void assertTellsHowToGetIt(Said said, String reason) {
        assertThat(said.exitCode()).isEqualTo(1);
        assertThat(said.err().lines())
                .hasSize(3)
                .first()
                .asString()
                .startsWith("holdfast: ")
                .contains(reason);
        assertThat(said.err())
                .contains("Debian", "sudo apt install", "sudo dnf install", "brew install", "wsl --install");
    }

    private void java(String version) throws IOException {
        script("java", "echo 'openjdk version \"" + version + "\"' >&2");
    }

    private void maven(String version, String java, String build) throws IOException {
        Path jdk = Files.createDirectories(directory.resolve("jdk/bin"));
        executable(jdk.resolve("javac"), "exit 0");
        // Debian's Maven writes bold letters into pipes as well.
        script("mvn", """
                if [ "$1" = -version ]; then
                    printf '\\033[1mApache Maven %s\\033[m\\nMaven home: /usr/share/maven\\n'
                    echo 'Java version: %s, vendor: Debian, runtime: %s'
                    exit
                fi
                %s
                """.formatted(version, java, jdk.getParent(), build));
    }

    private void script(String name, String lines) throws IOException {
        executable(tools.resolve(name), lines);
    }

    private static void executable(Path file, String lines) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + lines + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void theBuildWasAMinuteAgo() throws IOException {
        FileTime before = FileTime.from(Instant.now().minusSeconds(60));
        try (var files = Files.walk(checkout)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, before);
            }
        }
    }

    private static Path found(String tool) {
        return Stream.of("/usr/bin", "/bin")
                .map(place -> Path.of(place, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    private Said run(String... args) throws IOException, InterruptedException {
        return run(Map.of(), args);
    }

    private Said run(Map<String, String> environment, String... args) throws IOException, InterruptedException {
        return run(List.of(), environment, args);
    }

    private Said run(List<String> as, Map<String, String> environment, String... args)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(as);
        line.add(checkout.resolve("holdfast").toString());
        line.addAll(List.of(args));
        Path out = directory.resolve("out.txt");
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(directory.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", tools.toString());
        builder.environment().put("BUILDS", builds.toString());
        builder.environment().put("ERR", err.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("./holdfast has not ended; it said: " + Files.readString(err));
        }
        return new Said(process.exitValue(), Files.readString(out), Files.readString(err));
    }
}
