package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.plugins.PluginStatus.State;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is told of each drop-in: those that serve, those that do so in part, and those that do not. */
class PluginStatusTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path plugins;

    @Test
    void everyDropInIsThereOnceOrderedByPath() throws IOException {
        FixtureJar.plugin("zeta")
                .manifest("Implementation-Version", "3.1")
                .manifest("Holdfast-SDK-Version", "1.2")
                .write(plugins.resolve("a.jar"));
        FixtureJar.plugin("beta").write(plugins.resolve("b/b.jar"));
        Files.createFile(plugins.resolve("c.jar"));
        Files.createDirectory(plugins.resolve("d"));

        List<PluginStatus> all = all();

        assertThat(all).extracting(PluginStatus::name).containsExactly("a", "b", "c", "d");
        assertThat(all.get(0))
                .isEqualTo(new PluginStatus(
                        "a",
                        List.of("zeta"),
                        Optional.of("3.1"),
                        Optional.of("1.2"),
                        plugins.resolve("a.jar"),
                        State.LOADED,
                        Optional.empty()));
        assertThat(all.get(1).path()).isEqualTo(plugins.resolve("b"));
        assertThat(all.get(1).state()).isEqualTo(State.LOADED);
        assertThat(all.subList(2, 4)).allMatch(plugin -> plugin.state() == State.REJECTED);
        assertThat(all.get(2).reason()).contains("c.jar is an empty file; copy it here again");
        assertThat(all.get(3).reason()).contains("it holds no jar; put the plugin's jars into it, or remove it");
    }

    @Test
    void aRejectedJarThatCouldBeOpenedTellsItsVersions() {
        FixtureJar.plugin("acme")
                .manifest("Implementation-Version", "9")
                .manifest("Holdfast-SDK-Version", "2.0")
                .write(plugins.resolve("acme.jar"));

        assertThat(all()).singleElement().satisfies(plugin -> {
            assertThat(plugin.state()).isEqualTo(State.REJECTED);
            assertThat(plugin.serializers()).isEmpty();
            assertThat(plugin.version()).contains("9");
            assertThat(plugin.sdkVersion()).contains("2.0");
            assertThat(plugin.reason())
                    .hasValueSatisfying(reason -> assertThat(reason).contains("it is made for SDK 2.0"));
        });
    }

    @Test
    void oneGoodFactoryBesideABrokenOneIsLoadedInPart() {
        FixtureJar.plugin("good")
                .factory("bad.Factory", "bad", "public Factory() { throw new IllegalStateException(\"no licence\"); }")
                .write(plugins.resolve("both.jar"));

        assertThat(all()).singleElement().satisfies(plugin -> {
            assertThat(plugin.state()).isEqualTo(State.LOADED_IN_PART);
            assertThat(plugin.serializers()).containsExactly("good");
            assertThat(plugin.reason())
                    .contains("the constructor of bad.Factory throws java.lang.IllegalStateException: no licence");
        });
    }

    @Test
    void pluginsWhoseSerializersHaveOneNameAreRejectedAndNameEachOther() {
        FixtureJar.plugin("acme").write(plugins.resolve("1.jar"));
        FixtureJar.plugin("acme").write(plugins.resolve("2.jar"));

        List<PluginStatus> all = all();

        assertThat(all).extracting(PluginStatus::state).containsExactly(State.REJECTED, State.REJECTED);
        assertThat(all)
                .allSatisfy(plugin -> assertThat(plugin.reason())
                        .contains("its serializer acme is brought by " + plugins.resolve("1.jar") + " and "
                                + plugins.resolve("2.jar") + "; none of them is used, remove all but one"));
    }

    @Test
    void aWarningIsAReasonOfALoadedPluginToo() {
        FixtureJar.plugin("acme").manifest("Holdfast-SDK-Version", "1.9").write(plugins.resolve("acme.jar"));

        assertThat(all()).singleElement().satisfies(plugin -> {
            assertThat(plugin.state()).isEqualTo(State.LOADED);
            assertThat(plugin.reason())
                    .hasValueSatisfying(reason -> assertThat(reason).contains("SDK 1.9, which is newer than"));
        });
    }

    @Test
    void inJsonWhatIsNotKnownIsLeftOut() {
        FixtureJar.plugin("acme").write(plugins.resolve("acme.jar"));

        assertThat(PluginStatus.toMap(all()))
                .isEqualTo(Map.of(
                        "plugins",
                        List.of(Map.of(
                                "name",
                                "acme",
                                "serializers",
                                List.of("acme"),
                                "path",
                                plugins.resolve("acme.jar").toString(),
                                "state",
                                "loaded"))));
    }

    private List<PluginStatus> all() {
        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of(plugins)).withSdkVersion("1.2.0"))) {
            return loaded.all();
        }
    }
}
