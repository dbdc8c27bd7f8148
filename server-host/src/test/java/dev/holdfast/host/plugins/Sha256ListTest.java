package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class Sha256ListTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path directory;

    private Path plugins;
    private Path list;

    @BeforeEach
    void nameThem() {
        plugins = directory.resolve("plugins");
        list = directory.resolve("approved.sha256");
    }

    @Test
    void onlyListedJarsLoad() throws Exception {
        Path good = FixtureJar.plugin("good").write(plugins.resolve("good.jar"));
        Path other = FixtureJar.plugin("other").write(plugins.resolve("other.jar"));
        Files.writeString(list, "# approved in May\n\n" + sha256(good) + "  good.jar\n");

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("good");
            assertThat(log.warnings())
                    .containsExactly("Plugin " + other + " is not loaded: other.jar is not approved: its SHA-256 "
                            + sha256(other) + " is not in " + list + "; add that line if you trust the jar");
        }
    }

    @Test
    void linesOfSha256sumInAllItsFormsAreRead() throws Exception {
        Path binary = FixtureJar.plugin("binary").write(plugins.resolve("a.jar"));
        Path escaped = FixtureJar.plugin("escaped").write(plugins.resolve("b.jar"));
        Files.writeString(
                list,
                sha256(binary).toUpperCase(Locale.ROOT) + " *a.jar\r\n" + "\\" + sha256(escaped) + "  b\\\\.jar\r\n");

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded()).hasSize(2);
        }
    }

    @Test
    void everyJarOfADirectoryMustBeListed() throws Exception {
        Path plugin = FixtureJar.plugin("good").write(plugins.resolve("x/plugin.jar"));
        new FixtureJar().resource("a.txt", "a").write(plugins.resolve("x/library.jar"));
        Files.writeString(list, sha256(plugin) + "  plugin.jar\n");

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded()).isEmpty();
            assertThat(log.warnings()).singleElement().asString().contains("library.jar is not approved");
        }
    }

    @Test
    void approvedJarDrawsInNoOther() throws Exception {
        Path plugin = FixtureJar.plugin("good")
                .manifest("Class-Path", "absent.jar ../elsewhere/other.jar")
                .write(plugins.resolve("good.jar"));
        new FixtureJar().resource("a.txt", "a").write(directory.resolve("elsewhere/other.jar"));
        Files.writeString(list, sha256(plugin) + "  good.jar\n");

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded()).isEmpty();
            assertThat(log.warnings())
                    .singleElement()
                    .asString()
                    .contains("the manifest of good.jar draws in " + directory.resolve("elsewhere/other.jar")
                            + " by Class-Path, which is not approved");
        }
    }

    @Test
    void classPathThatCannotBeCheckedIsRefusedOnlyWhereThereIsAList() throws Exception {
        Path plugin =
                FixtureJar.plugin("good").manifest("Class-Path", "lib\\[a].jar").write(plugins.resolve("good.jar"));
        Files.writeString(list, sha256(plugin) + "  good.jar\n");

        try (Plugins listed = load();
                Plugins unlisted = Plugins.load(PluginOptions.of(List.of(plugins)))) {
            assertThat(listed.loaded()).isEmpty();
            assertThat(log.warnings()).singleElement().asString().contains("which is not a URL");
            assertThat(unlisted.loaded()).hasSize(1);
        }
    }

    @Test
    void approvedJarsOfOneDirectoryMayNameOneAnother() throws Exception {
        Path plugin =
                FixtureJar.plugin("good").manifest("Class-Path", "library.jar").write(plugins.resolve("x/plugin.jar"));
        Path library = new FixtureJar().resource("a.txt", "a").write(plugins.resolve("x/library.jar"));
        Files.writeString(list, sha256(plugin) + "  a\n" + sha256(library) + "  b\n");

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded()).hasSize(1);
        }
    }

    @Test
    void listThatIsMissingOrDamagedStopsTheStart() throws IOException {
        Files.createDirectories(plugins);
        assertThatThrownBy(this::load)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("The list of approved plugins " + list + " cannot be read");

        Files.writeString(list, "# ours\nabc  good.jar\n");
        assertThatThrownBy(this::load)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has in line 2 'abc  good.jar', which is not a line of sha256sum");
    }

    private Plugins load() {
        return Plugins.load(PluginOptions.of(List.of(plugins)).withSha256List(list));
    }

    private static String sha256(Path file) throws IOException, NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
