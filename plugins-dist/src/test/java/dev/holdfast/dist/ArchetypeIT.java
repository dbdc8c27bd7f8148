package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The "Ten minutes" of the plugin author's manual, its commands run as they stand there: a project is made, built, and
 * its jar loaded by a host. Only the first of them, in a clone, is left to the build that runs this test.
 */
class ArchetypeIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern COMMANDS = Pattern.compile("```sh\\n(.*?)```", Pattern.DOTALL);
    private static final String VERSION = System.getProperty("holdfast.version");

    @TempDir
    private static Path directory;

    private static StrangersMaven maven;
    private static Distribution unpacked;
    private static String inTheClone;
    private static String makeAndBuild;
    private static String install;
    private static String killAndStart;
    private static Path project;
    private static Path jar;

    @BeforeAll
    static void makeTheProjectAndBuildIt() throws Exception {
        directory = directory.toRealPath();
        maven = StrangersMaven.in(Files.createDirectory(directory.resolve("maven")));
        unpacked = Distribution.unpack(directory);
        List<String> commands = commandsOfTheManual();
        inTheClone = commands.get(0);
        makeAndBuild = commands.get(1);
        install = commands.get(2);
        killAndStart = commands.get(3);

        Path empty = Files.createDirectory(directory.resolve("an empty directory"));
        Said said = maven.sh(empty, Map.of(), makeAndBuild);
        assertThat(said.exitCode()).as(said.out()).isZero();

        project = empty.resolve("my-store-plugin");
        jar = project.resolve("target/my-store-plugin-1.0.0-SNAPSHOT.jar");
    }

    private static List<String> commandsOfTheManual() throws IOException {
        String manual = Files.readString(Path.of("../docs/plugin-authors-manual.md"));
        int start = manual.indexOf("\n## Ten minutes\n");
        assertThat(start).as("the section Ten minutes of the manual").isPositive();
        String section = manual.substring(start, manual.indexOf("\n## ", start + 1));
        List<String> commands = COMMANDS.matcher(section)
                .results()
                .map(result -> result.group(1))
                .toList();
        assertThat(commands).as("the commands of the section Ten minutes").hasSize(4);
        return commands;
    }

    @AfterEach
    void leaveNoHost() throws IOException {
        host().end();
    }

    @Test
    void theManualNamesThisVersionAndInstallsWhatThisTestFound() throws IOException {
        assertThat(inTheClone).contains("holdfast-" + VERSION);
        assertThat(makeAndBuild).contains("-DarchetypeVersion=" + VERSION);
        Path installed = Path.of(System.getProperty("holdfast.strangers.repository"), "dev", "holdfast");
        try (var artifacts = Files.list(installed)) {
            assertThat(artifacts.map(artifact -> artifact.getFileName().toString()))
                    .as("the modules that the manual installs, and their parent, which -am adds")
                    .allSatisfy(artifact -> assertThat(inTheClone + " holdfast").contains(artifact))
                    .hasSize(4);
        }
    }

    @Test
    void everyTestOfTheContractRunsInTheProject() throws IOException {
        List<String> tests = Arrays.stream(SnapshotSerializerContract.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(Method::getName)
                .toList();

        String report =
                Files.readString(project.resolve("target/surefire-reports/TEST-com.example.MyStoreSerializerTest.xml"));

        assertThat(tests)
                .hasSizeGreaterThan(40)
                .allSatisfy(test -> assertThat(report).contains("<testcase name=\"" + test + "\""));
        // Left out are the one for stores with one writer at a time, and those of a count and of the last save-id
        // alone,
        // which the project does not have.
        assertThat(report)
                .containsPattern("<testsuite [^>]* errors=\"0\" skipped=\"5\" failures=\"0\"")
                .contains("the store has many writers", "does not count its snapshots");
    }

    @Test
    void theJarHasTheServiceFileAndTheManifestThatTheHostReads() throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            assertThat(names(file))
                    .contains("META-INF/services/dev.holdfast.sdk.SnapshotSerializerFactory")
                    .noneMatch(name -> name.startsWith("dev/holdfast/") || name.startsWith("META-INF/maven/"));
            Attributes manifest = file.getManifest().getMainAttributes();
            assertThat(manifest.getValue("Holdfast-SDK-Version")).isEqualTo(VERSION);
            assertThat(manifest.getValue(Attributes.Name.IMPLEMENTATION_VERSION))
                    .isEqualTo("1.0.0-SNAPSHOT");
        }
        assertThat(project.resolve(".gitignore")).content().isEqualTo("target/\n");
        assertThat(project.resolve("README.md")).content().contains("my-store").doesNotContain("${");
    }

    @Test
    void whatAHostServesIsThereAgainAfterAKill() throws Exception {
        // All that the manual does not say: free ports, for other hosts may run on this machine.
        Files.writeString(unpacked.home().resolve("conf/config.properties"), """
                inference_address=http://127.0.0.1:0
                management_address=http://127.0.0.1:0
                metrics_address=http://127.0.0.1:0
                """, StandardOpenOption.APPEND);
        Said installed = shell(project, install);
        assertThat(installed.out())
                .contains("Snapshots go to store my-store", "-startup.cfg")
                .containsPattern("\n[0-9]{2} passed, 0 failed, [0-9]+ skipped in ");
        assertThat(host().logs().resolve("holdfast.log"))
                .content()
                .contains("Snapshot serializer via plugin has been loaded successfully");
        assertThat(host().manage("PUT", "/models/digits?min_worker=3&max_worker=3&synchronous=true")
                        .statusCode())
                .isEqualTo(200);
        long killed = pid();

        shell(unpacked.home(), killAndStart);

        await().atMost(Duration.ofSeconds(60))
                .until(() -> ProcessHandle.of(killed).isEmpty());
        assertThat(pid()).isNotEqualTo(killed);
        JsonNode digits = JSON.readTree(host().manage("GET", "/models/digits").body());
        assertThat(digits.required(0).required("workers")).hasSize(3);
        assertThat(unpacked.home().resolve("my-store/default/0000000000000000002.snapshot"))
                .isNotEmptyFile();
        assertThat(shell(unpacked.home(), "bin/holdfast --stop").out()).isEqualTo("Holdfast has stopped.\n");
    }

    @Test
    void anSdkThatWouldEndInsideThePluginFailsTheBuild() throws Exception {
        Path changed = changed("sdk-inside", "      <scope>provided</scope>\n", "");

        Said said = maven.mvn(changed, "-B", "-o", "verify");

        assertThat(said.exitCode()).as(said.out()).isEqualTo(1);
        assertThat(said.out())
                .contains("The SDK is the host's and must not end inside the plugin's jar."
                        + " Give dev.holdfast:serving-sdk the scope \"provided\"");
        assertThat(changed.resolve("target/classes")).doesNotExist();
    }

    /** Two drivers of databases, each with a service file of the same name, and a pool that brings slf4j. */
    @Test
    void librariesEndInsideWithTheirServiceFilesAndWithoutWhatTheHostBrings() throws Exception {
        String libraries = dependency("com.h2database", "h2", "h2.version", "compile")
                + dependency("org.postgresql", "postgresql", "postgresql.version", "compile")
                + dependency("com.zaxxer", "HikariCP", "hikaricp.version", "compile");
        Path changed = changed("libraries", "  <dependencies>\n", "  <dependencies>\n" + libraries);
        Said said = maven.mvn(changed, "-B", "-DskipTests", "package");

        assertThat(said.exitCode()).as(said.out()).isZero();
        try (JarFile file = new JarFile(
                changed.resolve("target/my-store-plugin-1.0.0-SNAPSHOT.jar").toFile())) {
            assertThat(names(file))
                    .contains(
                            "org/h2/Driver.class",
                            "org/postgresql/Driver.class",
                            "com/zaxxer/hikari/HikariDataSource.class")
                    .noneMatch(name -> name.startsWith("dev/holdfast/") || name.startsWith("org/slf4j/"));
            JarEntry drivers = file.getJarEntry("META-INF/services/java.sql.Driver");
            assertThat(new String(file.getInputStream(drivers).readAllBytes(), StandardCharsets.UTF_8))
                    .contains("org.h2.Driver", "org.postgresql.Driver");
            assertThat(file.getManifest().getMainAttributes().getValue("Holdfast-SDK-Version"))
                    .isEqualTo(VERSION);
        }
    }

    @Test
    void aNameThatBreaksTheRuleIsRefusedWithTheRule() throws Exception {
        Path empty = Files.createDirectory(directory.resolve("bad-name"));
        String generate = makeAndBuild.substring(0, makeAndBuild.indexOf("\ncd "));

        Said broken = maven.sh(empty, Map.of(), generate.replace("=my-store", "='S3 Bucket'"));
        Said taken = maven.sh(
                empty,
                Map.of(),
                generate.replace("-Dserializer=my-store", "-Dserializer=jdbc").replace("my-store-plugin", "another"));

        assertThat(broken.exitCode()).as(broken.out()).isEqualTo(1);
        assertThat(broken.out())
                .contains("Serializer name 'S3 Bucket' must match [a-z][a-z0-9-]{0,62}; remove the directory");
        assertThat(taken.exitCode()).as(taken.out()).isEqualTo(1);
        assertThat(taken.out()).contains("Serializer name 'jdbc' is that of a serializer of Holdfast");
    }

    @Test
    void theNamesOfAllPluginsOfTheDistributionAreTaken() throws IOException {
        String script;
        try (InputStream in = getClass().getResourceAsStream("/META-INF/archetype-post-generate.groovy")) {
            script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        try (var plugins = Files.list(unpacked.home().resolve("plugins-available"))) {
            assertThat(plugins.map(
                            plugin -> plugin.getFileName().toString().replaceFirst("^plugin-([a-z]+).*", "'$1'")))
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(script).contains(name));
        }
    }

    /** A copy of the project, without what was built, whose pom.xml says something else in the first place that fits. */
    private static Path changed(String name, String text, String other) throws IOException {
        Path copy = directory.resolve(name);
        StrangersMaven.copy(project, copy);
        Path pom = copy.resolve("pom.xml");
        String before = Files.readString(pom);
        assertThat(before).contains(text);
        Files.writeString(pom, before.replaceFirst(Pattern.quote(text), other));
        return copy;
    }

    private static String dependency(String group, String artifact, String version, String scope) {
        return "<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version><scope>%s</scope></dependency>\n"
                .formatted(group, artifact, System.getProperty(version), scope);
    }

    private static List<String> names(JarFile file) {
        return file.stream().map(JarEntry::getName).toList();
    }

    private static Said shell(Path in, String script) throws IOException, InterruptedException {
        Said said = maven.sh(
                in,
                Map.of(
                        "HOLDFAST", unpacked.home().toString(),
                        // Or a process that outlives this test would make an archive in what is removed after it.
                        "HOLDFAST_CDS", "off",
                        "HOLDFAST_RUN_DIR", directory.resolve("run").toString()),
                script);
        assertThat(said.exitCode()).as(said.out()).isZero();
        return said;
    }

    private static RunningHost host() {
        return new RunningHost(unpacked.home().resolve("logs"));
    }

    private static long pid() throws IOException {
        return host().run().required("pid").longValue();
    }
}
