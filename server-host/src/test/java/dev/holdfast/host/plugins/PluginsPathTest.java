package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where plugins are looked for, and what else may lie there. */
class PluginsPathTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path directory;

    private Path plugins() {
        return directory.resolve("plugins");
    }

    @Test
    void noPathsMeanNoPluginsAndNoLines() {
        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of()))) {
            assertThat(loaded.loaded()).isEmpty();
            assertThat(loaded.rejected()).isEmpty();
        }
        assertThat(log.info()).isEmpty();
    }

    @Test
    void limitsMustBeMoreThanNothing() {
        PluginOptions options = PluginOptions.of(List.of());

        assertThatThrownBy(() -> options.withCallLimit(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The call limit of plugins PT0S must be more than 0");
        assertThatThrownBy(() -> options.withInitialisationLimit(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The initialisation limit of plugins PT-1S must be more than 0");
    }

    @Test
    void missingPathIsAnErrorThatNamesIt() {
        assertThatThrownBy(() -> load(directory.resolve("nowhere")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The plugins path " + directory.resolve("nowhere")
                        + " does not exist; --plugins-path names a directory of plugins, or one jar");
    }

    @Test
    void fileThatIsNoJarIsAnError() throws IOException {
        Path file = Files.writeString(directory.resolve("plugins.txt"), "x");

        assertThatThrownBy(() -> load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("plugins.txt is neither a directory nor a jar");
    }

    @Test
    void emptyDirectoryIsNoFault() throws IOException {
        Files.createDirectories(plugins());

        assertNames(plugins());
        assertThat(log.warnings()).isEmpty();
        assertThat(log.info()).last().isEqualTo("There are no plugins in " + plugins());
    }

    @Test
    void oneJarAndTheStarOfAClassPathAreAccepted() {
        Path jar = FixtureJar.plugin("one").write(plugins().resolve("one.jar"));

        assertNames(jar, "one");
        assertNames(plugins().resolve("*"), "one");
    }

    @Test
    void pathsThatOverlapLoadAPluginOnce() throws IOException {
        Path jar = FixtureJar.plugin("one").write(plugins().resolve("one.jar"));

        Path link = Files.createSymbolicLink(directory.resolve("link"), plugins());

        try (Plugins loaded = load(plugins(), jar, plugins().resolve("../plugins"), link)) {
            assertThat(loaded.loaded()).hasSize(1);
        }
        assertThat(log.errors()).isEmpty();
    }

    @Test
    void namesWithSpacesAndSignsAndLettersOfAllAlphabetsLoad() {
        FixtureJar.plugin("a").write(plugins().resolve("a plug-in 100% #1+2.jar"));
        FixtureJar.plugin("b").write(plugins().resolve("b größe 模型.jar"));
        FixtureJar.plugin("c").write(plugins().resolve("c dir #2!/plug in!.JAR"));

        assertNames(plugins(), "a", "b", "c");
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void lineBreakInAFileNameDoesNotBreakTheLogLine() throws IOException {
        Files.createDirectories(plugins());
        Files.createFile(plugins().resolve("a\n2026 ERROR forged.jar"));

        assertNames(plugins());
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains("a 2026 ERROR forged.jar")
                .doesNotContain("\n");
    }

    @Test
    void linksAreFollowedAndDanglingOnesAreTold() throws IOException {
        Path elsewhere = FixtureJar.plugin("linked").write(directory.resolve("elsewhere/file"));
        FixtureJar.plugin("inside").write(directory.resolve("elsewhere/dir/x.jar"));
        Files.createDirectories(plugins());
        Files.createSymbolicLink(plugins().resolve("a.jar"), elsewhere);
        Files.createSymbolicLink(plugins().resolve("b"), directory.resolve("elsewhere/dir"));
        Files.createSymbolicLink(plugins().resolve("c.jar"), directory.resolve("gone"));

        assertNames(plugins(), "linked", "inside");
        assertThat(log.warnings())
                .containsExactly("Plugin " + plugins().resolve("c.jar")
                        + " is not loaded: c.jar is a link to a file that does not exist");
    }

    @Test
    void hiddenEntriesAndOtherFilesArePassedOver() throws IOException {
        FixtureJar.plugin("good").write(plugins().resolve("good.jar"));
        FixtureJar.plugin("hidden").write(plugins().resolve(".hidden.jar"));
        FixtureJar.plugin("old").write(plugins().resolve("..data/old.jar"));
        Files.createDirectories(plugins().resolve("lost+found"));
        Files.writeString(plugins().resolve("README.txt"), "put plugins here");
        Files.writeString(plugins().resolve("good.jar.part"), "half");

        assertNames(plugins(), "good");
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void directoriesWithoutJarsAreTold() throws IOException {
        Files.createDirectories(plugins().resolve("empty"));
        Files.createDirectories(plugins().resolve("docs/images"));
        Files.createDirectories(plugins().resolve("x.jar"));

        assertNames(plugins());
        assertThat(log.warnings())
                .hasSize(3)
                .allSatisfy(line ->
                        assertThat(line).endsWith("it holds no jar; put the plugin's jars into it, or remove it"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"26e.zip", "plugin.jar.bak", "plugin"})
    void aZipThatIsNoJarByItsNameIsToldWhatToDoWithIt(String name) throws IOException {
        FixtureJar.plugin("one").write(plugins().resolve("one.jar"));
        Files.copy(plugins().resolve("one.jar"), plugins().resolve(name));

        assertNames(plugins(), "one");

        assertThat(log.warnings())
                .containsExactly(
                        plugins().resolve(name) + " is passed over: it is a zip file, and its name does not end in"
                                + " .jar; if it is a plugin's jar, rename it, and if it holds jars, unpack them into a directory"
                                + " here");
    }

    @Test
    void aFileThatIsNoJarIsNamed() throws IOException {
        FixtureJar.plugin("one").write(plugins().resolve("one.jar"));
        Files.writeString(plugins().resolve("README.txt"), "put plugins here");

        assertNames(plugins(), "one");

        assertThat(log.warnings()).isEmpty();
        assertThat(log.info()).contains(plugins().resolve("README.txt") + " is passed over: it is no jar");
    }

    @ParameterizedTest
    @ValueSource(strings = {"lib", "Libs", "dependencies"})
    void librariesInADirectoryOfTheirOwnAreToldWhereTheyBelong(String name) {
        FixtureJar.plugin("deep").write(plugins().resolve("deep/" + name + "/deep.jar"));

        assertNames(plugins());

        assertThat(log.warnings())
                .containsExactly(
                        "Plugin " + plugins().resolve("deep") + " is not loaded: it holds no jar, and those in its"
                                + " directory " + name
                                + " are not looked at; put the plugin's jar and those that it needs into "
                                + plugins().resolve("deep") + " itself");
    }

    @Test
    void librariesBelowThePluginsJarAreToldWhereTheyBelong() {
        FixtureJar.plugin("deep").write(plugins().resolve("deep/deep.jar"));
        FixtureJar.plugin("one").write(plugins().resolve("deep/lib/needed.jar"));

        assertNames(plugins(), "deep");

        assertThat(log.warnings())
                .containsExactly(
                        plugins().resolve("deep/lib") + " is passed over: its 1 jars are not looked at; put those"
                                + " that the plugin needs into " + plugins().resolve("deep") + " itself");
    }

    @ParameterizedTest
    @CsvSource({
        "\ufeffcom.example.Factory, U+FEFF (a byte order mark) at its beginning; save it without",
        "\ufeff# comment, U+FEFF (a byte order mark) at its beginning; save it without",
        "com.example.Fac\u200btory, U+200B; save it without",
        "com.example.Factory\u00a0, U+00A0; save it without"
    })
    void aServiceFileWithWhatNobodySeesIsToldWhatItIs(String text, String said) {
        FixtureJar.plugin("one").serviceFile(text + "\n").write(plugins().resolve("one.jar"));

        assertNames(plugins());

        assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains(
                        "its service file META-INF/services/dev.holdfast.sdk.SnapshotSerializerFactory has the invisible"
                                + " character " + said);
    }

    @Test
    void aCommentOfAServiceFileMayHaveWhatItLikes() {
        FixtureJar.plugin("one")
                .serviceFile("# a\u00a0comment\r\nfixture.Factory # our\u200bs\r\n")
                .write(plugins().resolve("one.jar"));
        load(plugins()).close();

        assertThat(log.warnings()).noneMatch(line -> line.contains("invisible"));
    }

    @Test
    void aJarThatMayNotBeReadIsNotTakenForADamagedOne() throws IOException {
        Path jar = FixtureJar.plugin("one").write(plugins().resolve("one.jar"));
        Files.setPosixFilePermissions(jar, Set.of());
        Assumptions.assumeFalse(Files.isReadable(jar), "root may read everything");

        assertNames(plugins());

        assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains("one.jar may not be read by the user of this host")
                .doesNotContain("readable jar");
    }

    @Test
    void pathOneLevelTooHighIsToldWhichOneIsMeant() {
        FixtureJar.plugin("deep").write(plugins().resolve("deep/deep.jar"));

        assertNames(directory);
        assertThat(log.warnings())
                .containsExactly("Plugin " + plugins() + " is not loaded: it holds no jar, but the directory deep in it"
                        + " does; if --plugins-path is one level too high, give it " + plugins());
    }

    @Test
    void severalPluginsInOneDirectoryServeWithAWarning() {
        FixtureJar.plugin("a").write(plugins().resolve("a.jar"));
        FixtureJar.plugin("b").write(plugins().resolve("b.jar"));

        assertNames(directory, "a", "b");
        assertThat(log.warnings())
                .containsExactly(
                        "Plugin " + plugins() + " holds 2 plugins (a.jar, b.jar), which share one class loader;"
                                + " if --plugins-path is one level too high, give it " + plugins());
    }

    @Test
    void pathOneLevelTooDeepIsToldWhereTheDependenciesBelong() {
        FixtureJar.plugin("jdbc").write(plugins().resolve("jdbc/plugin.jar"));
        new FixtureJar()
                .source("db.Driver", "package db; public class Driver {}")
                .write(plugins().resolve("jdbc/driver.jar"));

        assertNames(plugins().resolve("jdbc"), "jdbc");
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains("driver.jar is not loaded", "put both into a directory of their own");
    }

    @Test
    void unpackedPluginsAreTold() throws IOException {
        Path services = Files.createDirectories(plugins().resolve("x/META-INF/services"));
        Files.writeString(services.resolve("dev.holdfast.sdk.SnapshotSerializerFactory"), "x.Y");

        assertNames(plugins());
        assertNames(plugins().resolve("x"));
        assertThat(log.warnings())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("is an unpacked plugin"));
    }

    @Test
    void directoryWithoutAPluginsOwnJarIsTold() {
        new FixtureJar().resource("a.txt", "a").write(plugins().resolve("x/library.jar"));

        assertNames(plugins());
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains("none of its 1 jars has the service file", "is the plugin's own jar missing?");
    }

    @Test
    void oneDamagedJarInADirectoryRejectsThePlugin() throws IOException {
        FixtureJar.plugin("x").write(plugins().resolve("x/plugin.jar"));
        Files.writeString(plugins().resolve("x/library.jar"), "no zip");

        assertNames(plugins());
        assertThat(log.warnings()).singleElement().asString().contains("library.jar is not a readable jar");
    }

    @Test
    void nothingIsWrittenAndAReadOnlyDirectoryServes() throws IOException {
        FixtureJar.plugin("a").write(plugins().resolve("a.jar"));
        FixtureJar.plugin("b").write(plugins().resolve("b/b.jar"));
        Files.writeString(plugins().resolve("c.zip"), "not to be unpacked");
        Files.setPosixFilePermissions(plugins(), PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            Map<Path, FileTime> before = tree();

            assertNames(plugins(), "a", "b");

            assertThat(tree()).isEqualTo(before);
        } finally {
            Files.setPosixFilePermissions(plugins(), PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @Test
    void systemPropertiesOfPf4jBringNothingInAndWriteNothing() throws IOException {
        FixtureJar.plugin("a").write(plugins().resolve("a.jar"));
        FixtureJar.plugin("outside").write(directory.resolve("outside/outside.jar"));
        System.setProperty("pf4j.pluginsDir", directory.resolve("outside").toString());
        System.setProperty("pf4j.mode", "development");
        try {
            assertNames(plugins(), "a");
        } finally {
            System.clearProperty("pf4j.pluginsDir");
            System.clearProperty("pf4j.mode");
        }
    }

    private Map<Path, FileTime> tree() throws IOException {
        Map<Path, FileTime> tree = new TreeMap<>();
        try (Stream<Path> all = Files.walk(plugins())) {
            for (Path path : all.toList()) {
                tree.put(path, Files.getLastModifiedTime(path));
            }
        }
        return tree;
    }

    private static void assertNames(Path path, String... serializers) {
        try (Plugins loaded = load(path)) {
            assertThat(loaded.loaded().stream().flatMap(plugin -> plugin.serializers().stream()))
                    .containsExactly(serializers);
        }
    }

    private static Plugins load(Path... paths) {
        return Plugins.load(PluginOptions.of(List.of(paths)));
    }
}
