package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.dist.Distribution.Said;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast plugins} of the distribution: the list, and the contract run against configured stores. */
class PluginsIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path MEMORY = Path.of("../server-host/src/test/resources/memory-plugin/com/example");

    @TempDir
    private Path directory;

    private Distribution unpacked;
    private Path logs;

    @BeforeEach
    void unpack() throws Exception {
        directory = directory.toRealPath();
        unpacked = Distribution.unpack(directory);
        logs = Files.createDirectory(directory.resolve("logs"));
        unpacked.with("LOG_LOCATION", logs.toString());
    }

    @AfterEach
    void leaveNoHost() throws IOException {
        new RunningHost(logs).end();
    }

    @Test
    void theListIsTheSameFromTheCommandAndFromARunningHost() throws Exception {
        unpacked.install("plugin-jdbc");
        Files.writeString(unpacked.home().resolve("plugins/acme.jar"), "no jar");

        Said table = unpacked.run("plugins", "list");
        Said json = unpacked.run("plugins", "list", "--json");

        assertThat(table.exitCode()).isEqualTo(1);
        assertThat(table.out())
                .startsWith(unpacked.home().resolve("plugins") + "\n  PLUGIN        SERIALIZERS  VERSION")
                .containsPattern("  acme.jar +- +- +- +rejected\n      acme.jar is not a readable jar")
                .containsPattern("  plugin-jdbc/ +jdbc +\\S+ +[0-9.]+\\S* +loaded\n")
                .endsWith("\n1 loaded, 1 rejected\n");
        assertThat(table.err()).isEmpty();
        assertThat(json.exitCode()).isEqualTo(1);
        JsonNode listed = JSON.readTree(json.out());
        assertThat(listed.required("plugins")).hasSize(2);

        Said start = unpacked.run(
                "--model-store=" + unpacked.home().resolve("examples/model-store"),
                "-Dinference_address=http://127.0.0.1:0",
                "-Dmanagement_address=http://127.0.0.1:0",
                "-Dmetrics_address=http://127.0.0.1:0");
        assertThat(start.exitCode()).as("%s", start).isZero();
        var answer = new RunningHost(logs).manage("GET", "/plugins");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(JSON.readTree(answer.body())).isEqualTo(listed);
        assertThat(unpacked.run("--stop").exitCode()).isZero();
    }

    @Test
    void theBuiltInStoreKeepsTheContractAndIsEmptyAfterwards() throws Exception {
        Path hosts = Files.createDirectories(logs.resolve("config"));
        Files.writeString(hosts.resolve("20261121093000000-startup.cfg"), "of a host\n");

        Said said = unpacked.run("plugins", "verify", "fs");

        assertThat(said.exitCode()).as("%s", said).isZero();
        assertThat(said.err()).isEmpty();
        assertThat(said.out())
                .startsWith("Serializer fs, built in, ")
                // On some JVMs one rule cannot tell whether classes are let go of.
                .containsPattern("\n[0-9]+ passed, 0 failed, 1[12] skipped in ")
                .contains("One writer at a time: ", "\nChunks of what models have learned\n", "\nNot proved:\n")
                .containsPattern("\n([0-9]+) of \\1 scratch groups are empty again\\.\n");
        assertThat(hosts.resolve("20261121093000000-startup.cfg")).hasContent("of a host");
        try (Stream<Path> files = Files.list(hosts)) {
            assertThat(files).containsExactly(hosts.resolve("20261121093000000-startup.cfg"));
        }
    }

    @Test
    void theJdbcStoreKeepsTheContractInSqliteWhateverItsRetention() throws Exception {
        unpacked.install("plugin-jdbc");

        Said said = unpacked.run("plugins", "verify", "JDBC", "-Dsnapshot.jdbc.keep=3", "-Dsnapshot.jdbc.keep-for=1d");

        assertThat(said.exitCode()).as("%s", said).isZero();
        assertThat(said.err()).isEmpty();
        assertThat(said.out())
                .startsWith("Serializer jdbc of plugin ")
                .contains("snapshot.jdbc.keep=3 is left out of this run", "snapshot.jdbc.keep-for=1d is left out")
                .containsPattern("\n[0-9]+ passed, 0 failed, 1[12] skipped in ")
                .containsPattern("\n([0-9]+) of \\1 scratch groups are empty again\\.\n");
        assertThat(logs.resolve("snapshots.db")).isRegularFile();
    }

    @Test
    void aStoreThatIsDownIsOneLine() throws Exception {
        unpacked.install("plugin-jdbc");

        Said said = unpacked.run("plugins", "verify", "jdbc", "-Dsnapshot.jdbc.url=jdbc:postgresql://127.0.0.1:1/x");

        assertThat(said.exitCode()).isEqualTo(1);
        assertThat(said.out()).isEmpty();
        assertThat(said.err().lines())
                .singleElement()
                .asString()
                .startsWith("Snapshot store jdbc: The store cannot be reached: ");
    }

    @Test
    void aSerializerThatLosesUpdatesFailsByName() throws Exception {
        broken(unpacked.home().resolve("plugins/lossy.jar"));

        Said said = unpacked.run("plugins", "verify", "memory");

        assertThat(said.exitCode()).as("%s", said).isEqualTo(1);
        assertThat(said.err()).isEmpty();
        assertThat(said.out())
                .containsPattern(
                        "\n  FAILED +[0-9]+ ms  a lower revision is a conflict also where it is free\n {21}\\S")
                .contains("\nFailed:\n")
                .contains("\n  - SnapshotSerializerContract.aLowerRevisionIsAConflictAlsoWhereItIsFree\n")
                .contains("its snapshots stay, for the serializer does not remove any:");
    }

    @Test
    void theContractIsOnNoOtherClassPath() throws Exception {
        try (Stream<Path> jars = Files.list(unpacked.home().resolve("lib"))) {
            assertThat(jars.map(jar -> jar.getFileName().toString()))
                    .isNotEmpty()
                    .noneMatch(name -> name.matches("(serving-testkit|junit|assertj|opentest4j).*"));
        }
        try (Stream<Path> jars = Files.list(unpacked.home().resolve("lib/verify"))) {
            assertThat(jars.map(jar -> jar.getFileName().toString()))
                    .anyMatch(name -> name.startsWith("serving-testkit-"))
                    .noneMatch(name -> name.startsWith("serving-sdk"));
        }
    }

    /** A plugin that keeps snapshots in memory, without its check for a newer revision. */
    private void broken(Path jar) throws IOException, URISyntaxException {
        String check = "if (!byRevision.isEmpty() && byRevision.lastKey() >= header.revision())";
        Path work = Files.createDirectories(directory.resolve("lossy/com/example"));
        List<String> arguments = new ArrayList<>(List.of(
                "-proc:none",
                "-cp",
                Path.of(SnapshotSerializerFactory.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI())
                        .toString()));
        for (String type : List.of("MemorySerializerFactory", "MemorySerializer")) {
            String code = Files.readString(MEMORY.resolve(type + ".java"));
            assertThat(code.contains(check)).isEqualTo(type.equals("MemorySerializer"));
            Path source = Files.writeString(work.resolve(type + ".java"), code.replace(check, "if (false)"));
            arguments.add(source.toString());
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(new String[0])))
                .isZero();
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> classes = Files.list(work)) {
            out.putNextEntry(new JarEntry("META-INF/services/" + SnapshotSerializerFactory.class.getName()));
            out.write("com.example.MemorySerializerFactory\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            for (Path type :
                    classes.filter(path -> path.toString().endsWith(".class")).toList()) {
                out.putNextEntry(new JarEntry("com/example/" + type.getFileName()));
                out.write(Files.readAllBytes(type));
            }
        }
    }
}
