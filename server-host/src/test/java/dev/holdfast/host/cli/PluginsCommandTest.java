package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.plugins.FixtureJar;
import dev.holdfast.host.plugins.TorchServeFixture;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast plugins} as an operator types it, with real jars. */
class PluginsCommandTest {

    @TempDir
    private Path directory;

    private Path plugins;
    private Typed typed;

    @BeforeEach
    void type() throws IOException {
        directory = directory.toRealPath();
        plugins = Files.createDirectories(directory.resolve("plugins"));
        typed = new Typed(directory);
    }

    // list

    @Test
    void theTableHasEachDropInWithItsStateAndReasonAndNoLogLines() throws IOException {
        FixtureJar.plugin("acme").write(plugins.resolve("acme.jar"));
        FixtureJar.plugin("zoo").write(plugins.resolve("zoo/plugin.jar"));
        Files.createFile(plugins.resolve("cut.jar"));
        Files.createDirectory(plugins.resolve("nothing"));
        FixtureJar.plugin("fs").write(plugins.resolve("second.jar"));

        assertThat(typed.run("plugins", "list", "--plugins-path=plugins")).isEqualTo(1);

        assertThat(typed.out()).isEqualTo("""
                %s
                  PLUGIN      SERIALIZERS  VERSION  SDK  STATE
                  acme.jar    acme         -        -    loaded
                  cut.jar     -            -        -    rejected
                      cut.jar is an empty file; copy it here again
                  nothing/    -            -        -    rejected
                      it holds no jar; put the plugin's jars into it, or remove it
                  second.jar  fs           -        -    loaded
                      its serializer fs takes the place of the built-in one
                  zoo/        zoo          -        -    loaded

                3 loaded, 2 rejected
                """.formatted(plugins));
        assertThat(typed.errLines()).isEmpty();
    }

    @Test
    void twoDropInsOfOneNameAreBothRejected() {
        FixtureJar.plugin("acme").write(plugins.resolve("acme.jar"));
        FixtureJar.plugin("acme").write(plugins.resolve("second.jar"));

        assertThat(typed.run("plugins", "list", "--plugins-path=plugins")).isEqualTo(1);

        String told = Paragraph.of(
                "its serializer acme is brought by " + plugins.resolve("acme.jar") + " and "
                        + plugins.resolve("second.jar") + "; none of them is used, remove all but one",
                "      ");
        assertThat(typed.out()).isEqualTo("""
                %s
                  PLUGIN      SERIALIZERS  VERSION  SDK  STATE
                  acme.jar    -            -        -    rejected
                %s
                  second.jar  -            -        -    rejected
                %s

                2 rejected
                """.formatted(plugins, told, told));
    }

    @Test
    void jsonIsOneObjectWithTheSame() throws IOException {
        FixtureJar.plugin("acme").write(plugins.resolve("acme.jar"));
        Files.createFile(plugins.resolve("cut.jar"));

        assertThat(typed.run("plugins", "list", "--json", "--ppath", "plugins")).isEqualTo(1);

        JsonNode json = CommandJson.parse(typed.out());
        assertThat(json.properties()).hasSize(1);
        assertThat(json.at("/plugins/0/name").asText()).isEqualTo("acme");
        assertThat(json.at("/plugins/0/serializers/0").asText()).isEqualTo("acme");
        assertThat(json.at("/plugins/0/state").asText()).isEqualTo("loaded");
        assertThat(json.at("/plugins/0").has("reason")).isFalse();
        assertThat(json.at("/plugins/1/path").asText())
                .isEqualTo(plugins.resolve("cut.jar").toString());
        assertThat(json.at("/plugins/1/state").asText()).isEqualTo("rejected");
        assertThat(json.at("/plugins/1/reason").asText()).isEqualTo("cut.jar is an empty file; copy it here again");
        assertThat(typed.errLines()).isEmpty();
    }

    @Test
    void soundPluginsAreExitCode0() {
        FixtureJar.plugin("acme").write(plugins.resolve("acme.jar"));

        assertThat(typed.run("plugins", "list", "--plugins-path=plugins")).isZero();

        assertThat(typed.out()).contains("acme.jar", "1 loaded");
    }

    @Test
    void thePathIsTheOneThatAStartWouldTake() throws IOException {
        FixtureJar.plugin("ofhome").write(directory.resolve("home/plugins/ofhome.jar"));
        FixtureJar.plugin("offile").write(plugins.resolve("offile.jar"));
        Files.writeString(directory.resolve("host.properties"), "plugins_path=" + plugins + "\n");
        typed.withHome(directory.resolve("home"));

        assertThat(typed.run("plugins", "list")).isZero();
        assertThat(typed.out()).contains("ofhome.jar").doesNotContain("offile.jar");

        assertThat(typed.run("plugins", "list", "--ts-config=host.properties")).isZero();
        assertThat(typed.out()).contains("offile.jar").doesNotContain("ofhome.jar");

        assertThat(typed.run("plugins", "list", "--set", "plugins_path=home/nowhere"))
                .isEqualTo(1);
        assertThat(typed.errLines()).singleElement().asString().contains("home/nowhere does not exist");
        assertThat(typed.out()).isEmpty();
    }

    @Test
    void jarsThatAreNotApprovedAreRejected() throws IOException {
        FixtureJar.plugin("acme").write(plugins.resolve("acme.jar"));
        Files.writeString(directory.resolve("approved"), "# none yet\n");

        assertThat(typed.run("plugins", "list", "--plugins-path=plugins", "--plugins-sha256=approved"))
                .isEqualTo(1);

        assertThat(typed.out()).contains("rejected", "acme.jar is not approved");
    }

    @Test
    void aPluginThatEveryoneMayWriteIsRejected() throws IOException {
        Path jar = plugins.resolve("memory.jar");
        new MemoryPlugin().write(jar);
        for (Path place : List.of(jar, plugins)) {
            Set<PosixFilePermission> before = Files.getPosixFilePermissions(place);
            Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxrwxrwx"));

            assertThat(typed.run("plugins", "list", "--plugins-path=plugins")).isEqualTo(1);

            assertThat(typed.out().replaceAll("\\s+", " "))
                    .contains("rejected", place + " may be written by everyone", "chmod o-w " + place);
            Files.setPosixFilePermissions(place, before);
        }
    }

    @Test
    void noPluginsAtAllIsNoFailure() {
        assertThat(typed.run("plugins", "list")).isZero();
        assertThat(typed.out()).isEqualTo("No plugins; the serializer that is built in is used.\n");

        assertThat(typed.run("plugins", "list", "--json")).isZero();
        assertThat(CommandJson.parse(typed.out()).at("/plugins").isArray()).isTrue();
    }

    // describe

    @Test
    void theKeysOfASerializerAreDescribed() {
        assertThat(typed.run("plugins", "describe", "fs")).isZero();

        assertThat(typed.out())
                .isEqualTo("The keys of serializer fs\n\n  snapshot.fs.directory\n"
                        + "      where the snapshots lie. Default: <log location>/config\n");
    }

    @Test
    void aSerializerThatDeclaresNoKeysIsSaidToHaveNone() {
        new MemoryPlugin().write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "describe", "memory", "--plugins-path=plugins"))
                .isZero();

        assertThat(typed.out()).startsWith("Serializer memory does not declare its keys");
    }

    // verify

    private Path logs() {
        return directory.resolve("logs");
    }

    private SnapshotSerializer fs(String group) {
        return new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs()).group(group).build());
    }

    @Test
    void aSoundSerializerPasses() {
        new MemoryPlugin().write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "verify", "memory", "--plugins-path=plugins"))
                .as(typed.out())
                .isZero();

        assertThat(typed.out())
                .startsWith("Serializer memory of plugin " + plugins.resolve("memory.jar"))
                .contains("Everything happens in groups verify-")
                .containsPattern("passed +[0-9]+ ms  a new group has nothing")
                .contains("group default may be that of a host, and is not opened")
                .contains("a configured store is not damaged behind the serializer's back")
                .contains("the serializer does not remove snapshots")
                .containsPattern("[0-9]+ passed, 0 failed, [0-9]+ skipped in ")
                .contains("No chunks: what models learn cannot be kept in this store.")
                .containsPattern("Times: save [0-9.]+ ms, getLast [0-9.]+ ms, list [0-9.]+ ms")
                .contains("its snapshots stay, for the serializer does not remove any:\n      verify-")
                .contains("Not proved:\n  - that a save survives a loss of power")
                .doesNotContain("FAILED", "Exception");
        assertThat(typed.errLines()).isEmpty();
    }

    @Test
    void aSerializerThatLosesUpdatesFailsByName() {
        new MemoryPlugin()
                .with("if (!byRevision.isEmpty() && byRevision.lastKey() >= header.revision())", "if (false)")
                .write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "verify", "memory", "--plugins-path=plugins"))
                .isEqualTo(1);

        assertThat(typed.out())
                .containsPattern("FAILED +[0-9]+ ms  the same revision is a conflict and changes nothing\n {21}\\S")
                .contains("Failed:\n")
                .contains("  - SnapshotSerializerContract.theSameRevisionIsAConflictAndChangesNothing\n")
                .contains("  - SnapshotSerializerContract.ofManyThreadsThatRaceForARevisionExactlyOneWins\n");
        assertThat(typed.errLines()).isEmpty();
    }

    @Test
    void theReportSaysByWhichRulesEachRequirementIsProved() {
        new MemoryPlugin()
                .with("if (!byRevision.isEmpty() && byRevision.lastKey() >= header.revision())", "if (false)")
                .write(plugins.resolve("memory.jar"));

        typed.run("plugins", "verify", "memory", "--plugins-path=plugins");

        assertThat(typed.out().replaceAll("\\s+", " "))
                .contains("Requirements of the plugin author's manual, and the rules that prove them:")
                .contains("3 A save that does not come next is a conflict, and changes nothing BROKEN: ")
                .containsPattern("11 Groups do not see each other's snapshots [A-Za-z, ]*groupsDoNotMix")
                .contains("not tried here: whatIsOutOfReachIsUnavailableAndNeverTakenForNothing")
                .contains("18 Secrets are taken from no key, and told to nobody no rule can prove it")
                .doesNotContain("20 A chunk");
    }

    @Test
    void aSaveThatThrowsAnErrorIsToldLikeAnyOtherFailure() {
        new MemoryPlugin()
                .with(
                        "public void save(Snapshot snapshot) {",
                        "public void save(Snapshot snapshot) { if (true) throw new" + " StackOverflowError(\"deep\");")
                .write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "verify", "memory", "--plugins-path=plugins"))
                .isEqualTo(1);

        assertThat(typed.out()).contains("StackOverflowError: deep", "Failed:\n");
        assertThat(typed.errLines()).isEmpty();
    }

    @Test
    void whatAKilledRunLeftIsToldAndEmptied() throws IOException {
        try (SnapshotSerializer fs = fs("verify-0123abcd-x1")) {
            fs.save(TestSnapshots.snapshot("verify-0123abcd-x1", 1));
        }
        Path record = logs().resolve("verify/fs.verify-0123abcd-");
        Files.createDirectories(record.getParent());
        Files.writeString(record, "verify-0123abcd-look\nverify-0123abcd-x1\n");

        assertThat(typed.run("plugins", "verify", "fs")).isZero();
        assertThat(typed.out())
                .contains("Earlier runs have left scratch groups in this store. To empty them: holdfast"
                        + " plugins verify fs --clean\n");
        assertThat(typed.run("plugins", "verify", "fs", "--clean")).isZero();

        assertThat(typed.out()).endsWith("2 of 2 scratch groups are empty again.\n");
        try (SnapshotSerializer fs = fs("verify-0123abcd-x1")) {
            assertThat(fs.getLast()).isEmpty();
        }
        assertThat(record.getParent()).isEmptyDirectory();
        assertThat(typed.run("plugins", "verify", "fs", "--clean")).isZero();
        assertThat(typed.out()).contains("No earlier run that " + logs() + " knows of has left anything.");
    }

    @Test
    void aRecordThatNamesTheGroupOfAHostIsRefused() throws IOException {
        Path record = logs().resolve("verify/fs.verify-0123abcd-");
        Files.createDirectories(record.getParent());
        Files.writeString(record, "default\n");

        assertThat(typed.run("plugins", "verify", "fs", "--clean")).isEqualTo(1);

        assertThat(typed.errLines()).singleElement().asString().contains("Group 'default' is none of a verification");
    }

    @Test
    void aStoreThatIsDownIsOneLine() {
        new MemoryPlugin()
                .with(
                        "public Optional<Snapshot> getLast() {",
                        "public Optional<Snapshot> getLast() { if (true) throw new"
                                + " dev.holdfast.sdk.StoreUnavailableException(\"no route to db\");")
                .write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "verify", "memory", "--plugins-path=plugins"))
                .isEqualTo(1);

        assertThat(typed.errLines())
                .containsExactly("Snapshot store memory: The store cannot be reached: no route to db");
        assertThat(typed.out()).isEmpty();
    }

    @Test
    void aStoreThatCannotBeOpenedIsOneLineWithRetentionToo() {
        new MemoryPlugin()
                .with(
                        "config.requireKnown();",
                        "config.requireKnown(\"keep\"); if (true) throw new"
                                + " dev.holdfast.sdk.StoreUnavailableException(\"no route to db\");")
                .write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "verify", "memory", "--ppath=plugins", "-Dsnapshot.memory.keep=2"))
                .isEqualTo(1);

        assertThat(typed.errLines())
                .containsExactly("Snapshot store memory: The store cannot be reached: no route to db");
        assertThat(typed.out()).isEmpty();
    }

    @Test
    void retentionIsLeftOutAndSaid() {
        new MemoryPlugin()
                .with(
                        "config.requireKnown();",
                        "config.requireKnown(\"keep\"); keep = config.getInt(\"keep\", 0, 0, 99);")
                .with(
                        "    @Override\n    public String name() {",
                        "    static int keep;\n\n    @Override\n    public String name() {")
                .with(
                        "byRevision.put(header.revision(), snapshot);",
                        "byRevision.put(header.revision(), snapshot); while (MemorySerializerFactory.keep > 0 &&"
                                + " byRevision.size() > MemorySerializerFactory.keep) byRevision.pollFirstEntry();")
                .write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "verify", "memory", "--ppath=plugins", "-Dsnapshot.memory.keep=2"))
                .isZero();

        assertThat(typed.out())
                .contains("snapshot.memory.keep=2 is left out of this run: it removes what the rules have just saved.")
                .contains("  - retention: snapshot.memory.keep was left out");
        assertThat(typed.run("plugins", "verify", "memory", "--ppath=plugins", "-Dsnapshot.memory.keep=two"))
                .isEqualTo(1);
        assertThat(typed.errLines())
                .containsExactly(
                        "Snapshot store memory: snapshot.memory.keep 'two' must be a whole number from 0 to 99");
    }

    @Test
    void aStoreOfAPluginThatWasMadeForTorchServeIsNotTouched() {
        TorchServeFixture fixture = new TorchServeFixture(plugins.resolveSibling("last.properties"));
        fixture.jar().write(plugins.resolve("keeper.jar"));

        assertThat(typed.run("plugins", "verify", "keeper", "--plugins-path=plugins"))
                .isEqualTo(1);

        assertThat(typed.errLines())
                .containsExactly(
                        "Serializer keeper was made for TorchServe: it knows no groups and removes nothing, so its"
                                + " store cannot be verified without harm to what hosts keep there");
        assertThat(typed.out()).isEmpty();
        assertThat(fixture.last()).doesNotExist();
    }

    @Test
    void aWrongNameOrConfigurationIsOneLine() {
        new MemoryPlugin().write(plugins.resolve("memory.jar"));

        assertThat(typed.run("plugins", "verify", "nosuch", "--plugins-path=plugins"))
                .isEqualTo(1);
        assertThat(typed.errLines()).containsExactly("Snapshot serializer 'nosuch' is not here; there are: fs, memory");

        assertThat(typed.run("plugins", "verify", "memory", "--plugins-path=plugins", "-Dsnapshot.memory.size=1"))
                .isEqualTo(1);
        assertThat(typed.errLines())
                .containsExactly(
                        "Snapshot store memory: snapshot.memory.size is not a known key; the keys of memory are"
                                + " none");
        assertThat(List.of(typed.out())).containsExactly("");
    }
}
