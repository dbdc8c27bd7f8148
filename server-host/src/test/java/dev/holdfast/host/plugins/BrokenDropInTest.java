package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What each broken drop-in prints, and that the good one after it, by path order, loads. */
class BrokenDropInTest {

    private static final int NEWER_JAVA = Runtime.version().feature() + 1;

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path plugins;

    private Path bad;
    private PluginOptions options;
    private Plugins loaded;

    @BeforeEach
    void nameThem() {
        bad = plugins.resolve("bad.jar");
        options = PluginOptions.of(List.of(plugins)).withSdkVersion("1.2.0");
    }

    @AfterEach
    void close() {
        if (loaded != null) {
            loaded.close();
        }
    }

    @Test
    void randomBytes() throws IOException {
        byte[] bytes = new byte[5000];
        new Random(1).nextBytes(bytes);
        Files.write(bad, bytes);

        assertRejected("bad.jar is not a readable jar (", "copy it here again");
    }

    @Test
    void truncatedJar() throws IOException {
        byte[] whole = Files.readAllBytes(FixtureJar.plugin("bad").write(bad));
        Files.write(bad, Arrays.copyOf(whole, whole.length / 2));

        assertRejected("bad.jar is not a readable jar (", "copy it here again");
    }

    @Test
    void emptyFile() throws IOException {
        Files.createFile(bad);

        assertRejected("bad.jar is an empty file; copy it here again");
    }

    @Test
    void providerCompiledForANewerJava() {
        FixtureJar.plugin("bad").forJava("good.Factory_bad", NEWER_JAVA).write(bad);

        assertRejected("class good.Factory_bad needs Java " + NEWER_JAVA + ", this server runs Java "
                + Runtime.version().feature());
    }

    @Test
    void librariesCompiledForANewerJava() {
        new FixtureJar()
                .factory("bad.Factory", "bad", "public Factory() { Library.call(); }")
                .source("bad.Library", "package bad; class Library { static void call() {} }")
                .forJava("bad.Library", NEWER_JAVA)
                .write(bad);

        assertRejected("class bad.Library needs Java " + NEWER_JAVA + ", this server runs Java ");
    }

    @Test
    void constructorThrows() {
        new FixtureJar()
                .factory(
                        "bad.Factory", "bad", "public Factory() { throw new IllegalStateException(\"no\\nlicence\"); }")
                .write(bad);

        assertRejected("the constructor of bad.Factory throws java.lang.IllegalStateException: no licence");
    }

    @Test
    void staticInitialiserThrows() {
        new FixtureJar()
                .factory("bad.Factory", "bad", "static { if (true) throw new IllegalStateException(\"no licence\"); }")
                .write(bad);

        assertRejected("a static initialiser throws java.lang.IllegalStateException: no licence");
    }

    @Test
    void classMissing() {
        new FixtureJar()
                .factory("bad.Factory", "bad", "public Factory() { Library.call(); }")
                .source("bad.Library", "package bad; class Library { static void call() {} }")
                .without("bad.Library")
                .write(bad);

        assertRejected("class bad.Library is not in the plugin; put the jar that has it and the plugin's own into "
                + plugins.resolve("bad") + "/");
    }

    @Test
    void superclassMissing() {
        new FixtureJar()
                .source("bad.Base", "package bad; public class Base {}")
                .source("bad.Factory", FixtureJar.factorySource("bad.Factory", "\"bad\"", "extends Base", ""))
                .provider("bad.Factory")
                .without("bad.Base")
                .write(bad);

        assertRejected("class bad.Base is not in the plugin; put the jar that has it");
    }

    @Test
    void serviceFileNamesAnAbsentClass() {
        new FixtureJar().serviceFile("bad.Nowhere").write(bad);

        assertRejected("its service file names the class bad.Nowhere, which is not in the plugin");
    }

    @Test
    void providerIsNotASubtype() {
        new FixtureJar()
                .source("bad.Other", "package bad; public class Other {}")
                .provider("bad.Other")
                .write(bad);

        assertRejected("class bad.Other is not a SnapshotSerializerFactory");
    }

    @Test
    void providerHasNoConstructorWithoutParameters() {
        new FixtureJar()
                .factory("bad.Factory", "bad", "public Factory(int size) {}")
                .write(bad);

        assertRejected("class bad.Factory has no public constructor without parameters");
    }

    @Test
    void providerIsNotPublic() {
        new FixtureJar()
                .source(
                        "bad.Factory",
                        FixtureJar.factorySource("bad.Factory", "\"bad\"", "", "public Factory() {}")
                                .replace("public class", "class"))
                .provider("bad.Factory")
                .write(bad);

        assertRejected("class bad.Factory is not public");
    }

    @Test
    void noServiceFile() {
        FixtureJar.plugin("bad").withoutServiceFile().write(plugins.resolve("only/bad.jar"));
        options = PluginOptions.of(List.of(plugins.resolve("only/bad.jar"), plugins));
        FixtureJar.plugin("good").write(plugins.resolve("good.jar"));

        loaded = Plugins.load(options);

        assertThat(log.warnings())
                .first()
                .asString()
                .contains("bad.jar is not loaded: it has no service file META-INF/services/")
                .contains("a shaded jar loses it");
        assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("good");
    }

    @Test
    void dependencyBesideThePluginIsToldWhereItBelongs() {
        new FixtureJar()
                .source("library.Driver", "package library; public class Driver {}")
                .write(bad);

        assertRejected("it has no service file, so it is no plugin; if a plugin needs it, put both into a directory of"
                + " their own, such as " + plugins.resolve("good") + "/ (the plugins here: good.jar)");
    }

    @Test
    void pluginOfTorchServeWithoutItsClass() {
        new FixtureJar().torchServeProviders("a.B").write(bad);

        assertRejected("its service file names the class a.B, which is not in the plugin");
    }

    @Test
    void pluginOfTorchServeThatIsNone() {
        new FixtureJar()
                .source("a.B", "package a; public class B {}")
                .torchServeProviders("a.B")
                .write(bad);

        assertRejected("class a.B is not a SnapshotSerializer");
    }

    @Test
    void pluginOfTorchServeThatNamesNoClass() {
        new FixtureJar().torchServeProviders("# nothing").write(bad);

        assertRejected("its service file META-INF/services/org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer"
                + " names no class");
    }

    @Test
    void serviceFileWithBadSyntax() {
        new FixtureJar().serviceFile("# ours\nbad Factory\n").write(bad);

        assertRejected("in bad.jar has in line 2: Illegal configuration-file syntax");
    }

    @Test
    void serviceFileWithoutAName() {
        new FixtureJar().serviceFile("# nothing\n").write(bad);

        assertRejected("names no class");
    }

    @Test
    void badManifest() {
        FixtureJar.plugin("bad")
                .withoutManifest()
                .resource("META-INF/MANIFEST.MF", "not a manifest\n")
                .write(bad);

        assertRejected("bad.jar is not a readable jar (");
    }

    @Test
    void damagedClass() {
        new FixtureJar()
                .resource("bad/Factory.class", "not a class file")
                .provider("bad.Factory")
                .write(bad);

        assertRejected("one of its classes is damaged: java.lang.ClassFormatError");
    }

    @Test
    void namesThatAreNoNames() {
        new FixtureJar()
                .factory("bad.Upper", "S3 Bucket", "")
                .factoryNamed("bad.Null", "null", "")
                .factoryNamed("bad.Throwing", "String.valueOf((char[]) null)", "")
                .write(bad);

        assertRejected(
                "the serializer name 'S3 Bucket' of class bad.Upper must match [a-z][a-z0-9-]{0,62}",
                "the serializer name 'null' of class bad.Null must match",
                "its code throws java.lang.NullPointerException");
    }

    @Test
    void initialiserThatHangs() {
        new FixtureJar()
                .factory(
                        "bad.Factory",
                        "bad",
                        "static { try { new java.util.concurrent.CountDownLatch(1).await(); }"
                                + " catch (InterruptedException e) { throw new RuntimeException(e); } }")
                .write(bad);
        FixtureJar.plugin("good").write(plugins.resolve("good.jar"));
        options = options.withInitialisationLimit(Duration.ofMillis(1500));

        // On a machine that has other things to do, the good one may take as long.
        await().untilAsserted(() -> {
            close();
            loaded = Plugins.load(options);
            assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("good");
        });

        String reason = "its initialisation has not ended within 1500 ms";
        assertThat(loaded.rejected())
                .singleElement()
                .satisfies(rejected -> assertThat(rejected.path()).isEqualTo(bad))
                .extracting(RejectedPlugin::reason)
                .isEqualTo(reason);
        assertThat(log.warnings())
                .filteredOn(line -> line.startsWith("Plugin " + bad))
                .isNotEmpty()
                .containsOnly("Plugin " + bad + " is not loaded: " + reason);
        assertThat(log.showStackTraces()).isFalse();
    }

    @Test
    void initialiserThatUsesUpTheStack() {
        new FixtureJar()
                .factory(
                        "bad.Factory",
                        "bad",
                        "public Factory() { deep(1); } int deep(int n) { return deep(n + 1) + 1; }")
                .write(bad);

        assertRejected("the constructor of bad.Factory throws java.lang.StackOverflowError");
    }

    @Test
    void madeForAnotherMajorSdk() {
        FixtureJar.plugin("bad").manifest("Holdfast-SDK-Version", "2.0").write(bad);

        assertRejected("it is made for SDK 2.0, this server has SDK 1.2.0; take a build of the plugin for SDK 1.x");
    }

    @Test
    void sdkVersionThatIsNone() {
        FixtureJar.plugin("bad").manifest("Holdfast-SDK-Version", "latest").write(bad);

        assertRejected("its manifest says Holdfast-SDK-Version 'latest', which must begin like 1.4");
    }

    @Test
    void madeForANewerMinorSdkLoadsWithAWarning() {
        FixtureJar.plugin("bad").manifest("Holdfast-SDK-Version", "1.3.1").write(bad);

        load();

        assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("bad", "good");
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .startsWith("Plugin " + bad + " is loaded, but it is made for SDK 1.3.1, which is newer than this"
                        + " server's SDK 1.2.0");
    }

    @Test
    void madeForTheSameOrAnOlderSdkLoadsSilently() {
        FixtureJar.plugin("bad").manifest("Holdfast-SDK-Version", "1.0").write(bad);

        load();

        assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("bad", "good");
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void fourBadProvidersAndOneGood() {
        new FixtureJar()
                .provider("bad.Nowhere")
                .factory("bad.Newer", "newer", "")
                .forJava("bad.Newer", NEWER_JAVA)
                .factory("bad.Throws", "throws", "public Throws() { throw new IllegalStateException(\"no\"); }")
                .source("bad.Other", "package bad; public class Other {}")
                .provider("bad.Other")
                .factory("bad.Whole", "whole", "")
                .write(bad);

        load();

        assertThat(loaded.loaded()).flatExtracting(LoadedPlugin::serializers).containsExactly("whole", "good");
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .startsWith("Plugin " + bad + " is loaded in part: ")
                .contains(
                        "bad.Nowhere", "bad.Newer needs Java " + NEWER_JAVA, "bad.Throws throws", "bad.Other is not a");
        assertThat(loaded.rejected()).extracting(RejectedPlugin::path).containsExactly(bad);
    }

    @Test
    void jarWithoutManifestOrDirectoryEntriesLoads() {
        FixtureJar.plugin("bad").withoutManifest().withoutDirectories().write(bad);

        load();

        assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("bad", "good");
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void ofSeveralPluginsOfOneNameNoneServes() {
        FixtureJar.plugin("good").write(bad);
        Path third = FixtureJar.plugin("good").write(plugins.resolve("third.jar"));
        Path good = plugins.resolve("good.jar");

        load();

        String told = "good is brought by " + bad + " and " + good + " and " + third
                + "; none of them is used, remove all but one";
        assertThat(log.errors()).containsExactly("Serializer " + told);
        assertThat(log.warnings()).isEmpty();
        assertThat(loaded.loaded()).isEmpty();
        assertThat(loaded.rejected()).extracting(RejectedPlugin::path).containsExactly(bad, good, third);
        assertThat(loaded.rejected()).extracting(RejectedPlugin::reason).containsOnly("its serializer " + told);
    }

    @Test
    void aPluginThatBringsOneNameTwiceServesWithItsOthers() {
        new FixtureJar()
                .factory("bad.One", "twice", "")
                .factory("bad.Other", "twice", "")
                .factory("bad.Third", "once", "")
                .write(bad);

        load();

        assertThat(log.errors())
                .containsExactly(
                        "Serializer twice is brought by " + bad + " twice; none of them is used, remove all but one");
        assertThat(loaded.loaded())
                .extracting(LoadedPlugin::serializers)
                .containsExactly(List.of("once"), List.of("good"));
    }

    private void assertRejected(String... inTheLine) {
        load();

        assertThat(log.warnings())
                .singleElement()
                .asString()
                .startsWith("Plugin " + bad + " is not loaded: ")
                .contains(inTheLine)
                .doesNotContain("\n");
        assertThat(log.errors()).isEmpty();
        assertThat(log.showStackTraces()).isFalse();
        assertThat(log.haveStackTraceAtDebug()).isTrue();
        assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("good");
        assertThat(loaded.rejected()).singleElement().satisfies(rejected -> {
            assertThat(rejected.path()).isEqualTo(bad);
            assertThat(rejected.reason()).contains(inTheLine);
        });
    }

    private void load() {
        FixtureJar.plugin("good").write(plugins.resolve("good.jar"));
        loaded = Plugins.load(options);
    }
}
