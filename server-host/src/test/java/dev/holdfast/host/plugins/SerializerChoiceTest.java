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
    void unknownNameWithoutAPluginsPathSaysThatNoneIsSet() {
        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of()))) {
            assertThatThrownBy(() -> loaded.choose("ddb", fs))
                    .hasMessage("Snapshot serializer 'ddb' is not here; there are: fs; plugins were not looked for, as"
                            + " --plugins-path is not set");
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
                            + "; remove one of them");
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
            assertThat(loaded.loaded())
                    .extracting(LoadedPlugin::serializers)
                    .containsExactly(List.of("ddb"), List.of("other"));
            assertThat(loaded.choose("other", fs).plugin())
                    .contains(loaded.loaded().get(1));
        }
    }

    private Plugins load() {
        return Plugins.load(PluginOptions.of(List.of(plugins)));
    }
}
