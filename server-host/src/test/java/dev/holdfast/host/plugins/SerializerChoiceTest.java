package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerializerChoiceTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path plugins;

    private final ScriptedSerializer fs = new ScriptedSerializer();

    @Test
    void withoutPluginsItIsTheBuiltInOne() {
        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of()))) {
            SerializerChoice choice = loaded.choose(null, fs);

            assertThat(choice.name()).isEqualTo("fs");
            assertThat(choice.factory()).isSameAs(fs);
            assertThat(choice.plugin()).isEmpty();
            assertThat(log.info()).isEmpty();
        }
    }

    @Test
    void theOneSerializerOfAPluginIsTheDefaultAndTheLogSaysSoInTheWordsThatOperatorsKnow() {
        Path jar = FixtureJar.plugin("ddb")
                .manifest("Implementation-Version", "3.4")
                .manifest("Holdfast-SDK-Version", "1.0")
                .write(plugins.resolve("ddb-3.4.jar"));

        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of(plugins)).withSdkVersion("1.0.0"))) {
            SerializerChoice choice = loaded.choose(null, fs);

            assertThat(choice.name()).isEqualTo("ddb");
            assertThat(choice.plugin()).contains(loaded.loaded().get(0));
            assertThat(log.info())
                    .containsExactly(
                            "Trying to load snapshot serializer via plugin....",
                            "Plugins are looked for in " + plugins,
                            "Snapshot serializer via plugin has been loaded successfully",
                            "Serializer ddb comes from plugin ddb-3.4 (" + jar + ", version 3.4, made for SDK 1.0)");
        }
    }

    @Test
    void namesCompareIgnoringCase() {
        FixtureJar.plugin("ddb").write(plugins.resolve("a.jar"));
        FixtureJar.plugin("jdbc").write(plugins.resolve("b.jar"));

        try (Plugins loaded = load()) {
            assertThat(loaded.choose("DDB", fs).name()).isEqualTo("ddb");
            assertThat(loaded.choose("Jdbc", fs).name()).isEqualTo("jdbc");
            assertThat(loaded.choose("FS", fs).factory()).isSameAs(fs);
        }
    }

    @Test
    void severalWithoutAChoiceAreAnErrorThatListsThem() {
        FixtureJar.plugin("jdbc").write(plugins.resolve("b.jar"));
        FixtureJar.plugin("ddb").write(plugins.resolve("c.jar"));

        try (Plugins loaded = load()) {
            assertThatThrownBy(() -> loaded.choose(null, fs))
                    .isInstanceOf(SerializerChoiceException.class)
                    .hasMessage("The plugins bring 2 snapshot serializers; choose one with --snapshot-store: ddb, jdbc,"
                            + " or fs");
        }
    }

    @Test
    void unknownNameIsAnErrorThatListsWhatIsThereAndWhatWasRejected() throws IOException {
        FixtureJar.plugin("jdbc").write(plugins.resolve("b.jar"));
        Path broken = Files.createFile(plugins.resolve("s3.jar"));

        try (Plugins loaded = load()) {
            assertThatThrownBy(() -> loaded.choose("s3", fs))
                    .isInstanceOf(SerializerChoiceException.class)
                    .hasMessage("Snapshot serializer 's3' is not here; there are: fs, jdbc; not loaded: " + broken
                            + " (s3.jar is an empty file; copy it here again)");
        }
    }

    @Test
    void unknownNameWithoutAPluginSaysHowToInstallOne() {
        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of()))) {
            assertThatThrownBy(() -> loaded.choose("ddb", fs))
                    .hasMessage(
                            "Snapshot serializer 'ddb' is not here; there are: fs; no plugin is installed: put it into the"
                                    + " directory plugins of the distribution (those of Holdfast are in plugins-available), or name"
                                    + " another directory with --plugins-path");
        }
    }

    @Test
    void dropInTakesThePlaceOfTheBuiltInOneAndIsNoChoiceBesideAnother() {
        FixtureJar.plugin("fs").write(plugins.resolve("better-fs.jar"));
        FixtureJar.plugin("ddb").write(plugins.resolve("ddb.jar"));

        try (Plugins loaded = load()) {
            assertThat(loaded.choose(null, fs).name()).isEqualTo("ddb");
            assertThat(loaded.choose("fs", fs).factory()).isNotSameAs(fs);
            assertThat(log.info())
                    .last()
                    .isEqualTo("Serializer fs of plugin better-fs takes the place of the built-in one");
            assertThat(loaded.all().get(0).reason()).contains("its serializer fs takes the place of the built-in one");
        }
    }

    @Test
    void nameOfTwoPluginsIsAnErrorOnlyWhereItIsChosen() {
        Path first = FixtureJar.plugin("ddb").write(plugins.resolve("a.jar"));
        Path second = FixtureJar.plugin("ddb").write(plugins.resolve("b.jar"));
        FixtureJar.plugin("jdbc").write(plugins.resolve("c.jar"));

        try (Plugins loaded = load()) {
            assertThat(loaded.choose("jdbc", fs).name()).isEqualTo("jdbc");
            assertThatThrownBy(() -> loaded.choose("ddb", fs))
                    .isInstanceOf(SerializerChoiceException.class)
                    .hasMessage("Snapshot serializer ddb is brought by " + first + " and " + second
                            + "; none of them is used, remove all but one");
        }
    }

    @Test
    void nameOfTwoPluginsIsAnErrorAsTheDefaultToo() {
        FixtureJar.plugin("ddb").write(plugins.resolve("a.jar"));
        FixtureJar.plugin("ddb").write(plugins.resolve("b.jar"));

        try (Plugins loaded = load()) {
            assertThatThrownBy(() -> loaded.choose(null, fs)).hasMessageContaining("is brought by");
        }
    }

    @Test
    void pluginThatSharesOneNameServesItsOthers() {
        FixtureJar.plugin("ddb").write(plugins.resolve("a.jar"));
        FixtureJar.plugin("ddb").factory("b.Other", "other", "").write(plugins.resolve("b.jar"));

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded()).extracting(LoadedPlugin::serializers).containsExactly(List.of("other"));
            assertThat(loaded.choose("other", fs).plugin())
                    .contains(loaded.loaded().get(0));
        }
    }

    @Test
    void aNameOfTwoPluginsIsNoFewerToChooseFrom() {
        FixtureJar.plugin("two").write(plugins.resolve("a.jar"));
        FixtureJar.plugin("two").write(plugins.resolve("b.jar"));
        FixtureJar.plugin("other").write(plugins.resolve("c.jar"));

        try (Plugins loaded = load()) {
            assertThatThrownBy(() -> loaded.choose(null, fs))
                    .hasMessageStartingWith(
                            "The plugins bring 2 snapshot serializers; choose one with --snapshot-store:"
                                    + " other, two, or fs");
        }
    }

    @Test
    void thePluginsOfOneNameLieInPathsOfTheirOwn() {
        Path first = FixtureJar.plugin("two").write(plugins.resolve("one/a.jar"));
        Path second = FixtureJar.plugin("two").write(plugins.resolve("two/b.jar"));

        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of(second, first)))) {
            assertThat(loaded.loaded()).isEmpty();
            assertThatThrownBy(() -> loaded.choose("two", fs)).hasMessageContainingAll(first + "", second + "");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ddb", "jdbc"})
    void aNameOfOneOfOurPluginsIsReservedForIt(String name) {
        Path foreign = new FixtureJar().factory("acme.Factory", name, "").write(plugins.resolve("acme.jar"));
        Path ours = FixtureJar.plugin(name).write(plugins.resolve("ours.jar"));

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded()).extracting(LoadedPlugin::path).containsExactly(ours);
            assertThat(loaded.choose(null, fs).name()).isEqualTo(name);
            assertThat(log.warnings())
                    .containsExactly("Plugin " + foreign + " is not loaded: the serializer name '" + name
                            + "' of class acme.Factory is reserved for Holdfast's own plugin; its author must give it"
                            + " another one, such as 'acme-" + name + "'");
        }
    }

    @Test
    void aPluginServesWithoutItsSerializerOfAReservedName() {
        Path both = new FixtureJar()
                .factory("acme.Jdbc", "jdbc", "")
                .factory("acme.Own", "acme", "")
                .write(plugins.resolve("acme.jar"));

        try (Plugins loaded = load()) {
            assertThat(loaded.choose(null, fs).name()).isEqualTo("acme");
            assertThatThrownBy(() -> loaded.choose("jdbc", fs))
                    .hasMessageContainingAll("'jdbc' is not here; there are: acme, fs", both.toString(), "is reserved");
        }
    }

    private Plugins load() {
        return Plugins.load(PluginOptions.of(List.of(plugins)));
    }
}
