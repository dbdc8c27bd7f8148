package dev.holdfast.host.plugins.torchserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.plugins.FixtureJar;
import dev.holdfast.host.plugins.LoadedPlugin;
import dev.holdfast.host.plugins.PluginOptions;
import dev.holdfast.host.plugins.Plugins;
import dev.holdfast.host.plugins.TorchServeFixture;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a plugin that was made for TorchServe can do to the host, and what it cannot. */
class TorchServePluginTest {

    @RegisterExtension
    final LogLines log = new LogLines(Plugins.class, "org.pf4j");

    @TempDir
    private Path directory;

    private Path plugins;
    private TorchServeFixture fixture;
    private Duration limit = Duration.ofSeconds(30);
    private Plugins loaded;

    @BeforeEach
    void dropItIn() {
        plugins = directory.resolve("plugins");
        fixture = new TorchServeFixture(directory.resolve("last"));
        fixture.jar().write(plugins.resolve("Keeper-1.2.jar"));
    }

    @AfterEach
    void close() {
        if (loaded != null) {
            loaded.close();
        }
    }

    private SnapshotSerializer open() {
        return open("default");
    }

    private SnapshotSerializer open(String group) {
        loaded = Plugins.load(PluginOptions.of(List.of(plugins)).withCallLimit(limit));
        return loaded.open(
                loaded.choose(null, new FsSnapshotSerializerFactory()),
                SerializerConfig.builder("keeper", directory).group(group).build());
    }

    private static Snapshot snapshot(long revision) {
        return snapshot(
                "default", revision, "20261121093000" + String.format(Locale.ROOT, "%03d", revision) + "-snapshot.cfg");
    }

    private static Snapshot snapshot(String group, long revision, String name) {
        String models = "{\"name\":\"" + name + "\",\"modelCount\":1,\"created\":7,\"models\":{\"m\":{\"1.0\":"
                + "{\"defaultVersion\":true,\"marName\":\"m.mar\"}}}}";
        String text = "#Holdfast snapshot format=1\nholdfast.header=name=" + name
                + " x=y\nb=two words\na=1\nmodel_snapshot=" + models + "\n#sha256=0\n";
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name(name)
                        .kind(SnapshotKind.SNAPSHOT)
                        .createdOn(Instant.parse("2026-11-21T09:30:00.123Z"))
                        .group(group)
                        .revision(revision)
                        .host("h")
                        .modelCount(1),
                text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void itIsRecognisedNamedAfterItsFileAndSaysOnceWhatItCannotDo() {
        SnapshotSerializer serializer = open();

        assertThat(loaded.loaded())
                .singleElement()
                .extracting(LoadedPlugin::serializers)
                .isEqualTo(List.of("keeper"));
        assertThat(log.info())
                .contains("Snapshot serializer via plugin has been loaded successfully")
                .anyMatch(line -> line.startsWith("Serializer keeper comes from plugin Keeper-1.2 (")
                        && line.endsWith("made for TorchServe)"));
        assertThat(log.warnings())
                .containsExactly("Serializer keeper of plugin Keeper-1.2.jar is made for TorchServe, so it cannot list"
                        + " snapshots, get one by its name, remove one, or refuse a revision that another host has saved; it"
                        + " does not know groups; an error that it swallows looks like a success, or like an empty store."
                        + " This host keeps copies of the newest snapshots beside it; let no other host use its store");
        assertThat(serializer.getLast()).isEmpty();
        loaded.open(
                loaded.choose("KEEPER", new FsSnapshotSerializerFactory()),
                SerializerConfig.builder("keeper", directory).build());
        assertThat(log.warnings()).hasSize(1);
    }

    @Test
    void whatWasSavedComesBackByteForByte() throws IOException {
        Snapshot first = snapshot(1);
        Snapshot second = snapshot(2);
        try (SnapshotSerializer serializer = open()) {
            serializer.save(first);
            serializer.save(second);
            serializer.save(second);

            Snapshot last = serializer.getLast().orElseThrow();
            assertThat(last.header()).isEqualTo(second.header());
            assertThat(last.toBytes()).isEqualTo(second.toBytes());
            assertThat(serializer.get(second.header().name())).isEqualTo(second);
            assertThat(serializer.list(ListRequest.firstPage(9)).headers()).containsExactly(second.header());
            assertThat(serializer
                            .list(ListRequest.firstPage(9).kind(SnapshotKind.SAVE))
                            .headers())
                    .isEmpty();
            assertThat(serializer.chunks()).isEmpty();
            assertThatExceptionOfType(SnapshotNotFoundException.class)
                    .isThrownBy(() -> serializer.get(first.header().name()))
                    .withMessageContaining("no other can be had from it");
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> serializer.list(ListRequest.firstPage(9).page("2")));
            assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> serializer.delete("x"));
        }
        assertThat(Files.readString(fixture.last()))
                .as("the bean that the plugin was given, and the properties as TorchServe reads them")
                .startsWith("#" + second.header().name() + " 1795253400123 1 {\"m\":{\"1.0\":"
                        + "{\"defaultVersion\":true,\"marName\":\"m.mar\"}}}")
                .contains("b=two words\n", "a=1\n", "model_snapshot={\\n  \"name\"\\: \"")
                .doesNotContain("holdfast.header=");
        assertThat(log.warnings()).hasSize(1);
    }

    @Test
    void whatTheHostGaveIsNotTouchedByWhatThePluginDoesToIt() {
        fixture.behave("change");
        try (SnapshotSerializer serializer = open()) {
            Snapshot snapshot = snapshot(1);
            byte[] before = snapshot.toBytes();

            serializer.save(snapshot);
            serializer.save(snapshot(2));

            assertThat(snapshot.toBytes()).isEqualTo(before);
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "exit in save, it called System.exit(3), true",
        "halt in save, it called Runtime.halt(4), true",
        "throw in save, the pool is shut down, false",
        "fail in save, no route to the store, false"
    })
    void aSaveThatFailsIsUnavailable(String mode, String reason, boolean exits) {
        try (SnapshotSerializer serializer = open()) {
            serializer.save(snapshot(1));
            fixture.behave(mode);

            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> serializer.save(snapshot(2)))
                    .withMessageStartingWith("Serializer keeper of plugin Keeper-1.2.jar failed in saveSnapshot: ")
                    .withMessageContaining(reason);
            assertThat(log.warnings())
                    .filteredOn(line -> line.startsWith("A plugin called "))
                    .hasSize(exits ? 1 : 0)
                    .allMatch(line -> line.contains("which is refused here: ts.Keeper.saveSnapshot(Keeper.java:"));

            fixture.behave("");
            serializer.save(snapshot(2));
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(2);
        }
    }

    @Test
    void anExitWhenTheLastIsAskedForIsUnavailableToo() {
        try (SnapshotSerializer serializer = open()) {
            fixture.behave("exit in get");

            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(serializer::getLast)
                    .withMessageContaining(
                            "failed in getLastSnapshot: it called Runtime.exit(5), which is refused here");
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> serializer.list(ListRequest.firstPage(1)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "exit in constructor, the constructor of ts.Keeper called System.exit(2)",
        "throw in constructor, the constructor of ts.Keeper throws java.lang.IllegalStateException: no region"
    })
    void aConstructorThatFailsIsAStoreThatCannotBeOpenedNow(String mode, String reason) {
        fixture.behave(mode);

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(this::open)
                .withMessageContaining("Serializer keeper of plugin Keeper-1.2.jar cannot be opened: " + reason);

        fixture.behave("");
        assertThat(open().getLast()).isEmpty();
    }

    @Test
    void anExitInAStaticInitialiserIsRefusedToo() {
        fixture.jar()
                .source("ts.Eager", "package ts; public class Eager extends Keeper { static { System.exit(6); } }")
                .torchServeProviders("ts.Eager")
                .write(plugins.resolve("Keeper-1.2.jar"));

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(this::open)
                .withMessageEndingWith("cannot be opened: the constructor of ts.Eager called System.exit(6), which is"
                        + " refused here");
    }

    @Test
    void aLibraryThatIsMissingIsNamedWithWhereItBelongs() {
        fixture.jar()
                .source("lib.Client", "package lib; public class Client {}")
                .source("ts.Needy", "package ts; public class Needy extends Keeper { Object it = new lib.Client(); }")
                .without("lib.Client")
                .torchServeProviders("ts.Needy")
                .write(plugins.resolve("Keeper-1.2.jar"));

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(this::open)
                .withMessageEndingWith(
                        "cannot be opened: class lib.Client is not in the plugin; put the jar that has it"
                                + " and the plugin's own into " + plugins.resolve("Keeper-1.2") + "/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"block in save", "block in get"})
    void aCallThatBlocksCostsOneLimit(String mode) {
        limit = Duration.ofSeconds(1);
        try (SnapshotSerializer serializer = open()) {
            fixture.behave(mode);
            Snapshot snapshot = snapshot(1);
            long begin = System.nanoTime();

            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> serializer.save(snapshot))
                    .withMessageContaining("has not ended save within 1000 ms");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(limit, Duration.ofSeconds(30));

            fixture.behave("");
            // On a machine that has other things to do, more than one limit may pass until then.
            await().ignoreExceptionsInstanceOf(StoreUnavailableException.class).untilAsserted(() -> {
                serializer.save(snapshot);
                assertThat(serializer.getLast()).contains(snapshot);
            });
        }
    }

    @Test
    void aCallThatWasGivenUpDoesNothingMore() {
        limit = Duration.ofSeconds(1);
        try (SnapshotSerializer serializer = open()) {
            fixture.behave("block in get");
            assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> serializer.save(snapshot(1)));
            fixture.behave("");

            // On a machine that has other things to do, more than one limit may pass until then.
            await().ignoreExceptionsInstanceOf(StoreUnavailableException.class)
                    .untilAsserted(() -> assertThat(serializer.getLast())
                            .as("what the call would have saved")
                            .isEmpty());
            assertThat(log.warnings()).noneMatch(line -> line.contains("swallowed an error"));
        }
    }

    @Test
    void aSwallowedErrorIsBelievedAndToldOnce() {
        try (SnapshotSerializer serializer = open()) {
            serializer.save(snapshot(1));
            fixture.behave("swallow");
            serializer.save(snapshot(2));
            serializer.save(snapshot(3));

            assertThat(log.warnings())
                    .filteredOn(line -> line.contains("does not give it back"))
                    .singleElement()
                    .asString()
                    .contains("reported no error for snapshot 20261121093000002-snapshot.cfg")
                    .contains("(it gives 20261121093000001-snapshot.cfg, revision 1)")
                    .contains("it may have swallowed an error");
            fixture.behave("");
            serializer.save(snapshot(4));
            assertThat(log.info())
                    .contains("Serializer keeper of plugin Keeper-1.2.jar gives back what it saves again");
        }
    }

    @Test
    void aPluginThatKeepsNoPropertyOfOursIsToldOnceAndTakenForNoOtherHost() {
        fixture.behave("strip");
        try (SnapshotSerializer serializer = open()) {
            serializer.save(snapshot(1));
            serializer.save(snapshot(2));

            assertThat(log.warnings())
                    .filteredOn(line -> line.contains("snapshot 2026"))
                    .singleElement()
                    .asString()
                    .contains(
                            "gives snapshot 20261121093000001-snapshot.cfg back without its property holdfast.snapshot");
        }
    }

    @ParameterizedTest
    @CsvSource({"nothing, it gives nothing", "misread, IndexOutOfBoundsException"})
    void aPluginThatHidesWhatItTookIsBelieved(String mode, String told) {
        fixture.behave(mode);
        try (SnapshotSerializer serializer = open()) {
            serializer.save(snapshot(1));

            assertThat(log.warnings()).anyMatch(line -> line.contains("does not give it back") && line.contains(told));
            fixture.behave("");
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(1);
        }
    }

    @Test
    void aPluginThatCanBeReadNeitherBeforeNorAfterIsNotBelieved() {
        fixture.behave("away and swallow");
        try (SnapshotSerializer serializer = open()) {
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> serializer.save(snapshot(1)))
                    .withMessageContaining("could be read neither before nor after, so it is taken for not saved");
        }
    }

    @Test
    void aMistakeOfThePluginInReadingIsNoStoreThatIsAway() {
        fixture.behave("misread");
        try (SnapshotSerializer serializer = open()) {
            assertThatExceptionOfType(SnapshotCorruptException.class)
                    .isThrownBy(serializer::getLast)
                    .withMessageContaining("getLastSnapshot throws java.lang.IndexOutOfBoundsException");
            assertThat(serializer.list(ListRequest.firstPage(1)).headers()).isEmpty();
        }
    }

    @Test
    void whatAnotherHostSavedIsAConflictAsFarAsItShows() {
        Snapshot theirs = snapshot(3);
        try (SnapshotSerializer serializer = open()) {
            serializer.save(theirs);

            for (long revision = 2; revision <= 3; revision++) {
                Snapshot ours = snapshot("default", revision, "ours.cfg");
                assertThatExceptionOfType(SnapshotConflictException.class)
                        .isThrownBy(() -> serializer.save(ours))
                        .withMessageContaining("has revision 3 already: snapshot "
                                + theirs.header().name() + " of host h");
            }
            assertThatExceptionOfType(SnapshotConflictException.class)
                    .isThrownBy(() -> serializer.save(
                            snapshot("default", 4, theirs.header().name())))
                    .withMessageContaining("has a snapshot named");
        }
    }

    @Test
    void aStoreOfAnotherGroupIsNotTouched() {
        try (SnapshotSerializer serializer = open()) {
            serializer.save(snapshot(1));
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> serializer.save(snapshot("other", 2, "x")))
                    .withMessageContaining("is of group other");
        }
        loaded.close();
        SnapshotSerializer other = open("blue");

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(other::getLast)
                .withMessageContaining("is of group default; give group blue a store of its own");
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> other.save(snapshot("blue", 9, "x")))
                .withMessageContaining("is of group default");
    }

    @Test
    void propertiesThatTorchServeWroteAreASnapshotOfItsOwn() throws IOException {
        Files.writeString(fixture.last(), """
                #snapshot
                #Sat Nov 21 09:30:00 UTC 2026
                model_store=/mnt/models
                inference_address=http\\://127.0.0.1\\:8080
                model_snapshot={\\n  "name"\\: "20261121093000123-startup.cfg",\\n  "modelCount"\\: 1,\\n  "created"\\: 1795253400123,\\n \\
                 "models"\\: {\\n    "m"\\: {}}}
                """);
        try (SnapshotSerializer serializer = open()) {
            Snapshot last = serializer.getLast().orElseThrow();

            assertThat(last.header().toMap())
                    .containsEntry("name", "20261121093000123-startup.cfg")
                    .containsEntry("kind", "startup")
                    .containsEntry("createdOn", "2026-11-21T09:30:00.123Z")
                    .containsEntry("revision", "0")
                    .containsEntry("host", "torchserve")
                    .containsEntry("modelCount", "1");
            assertThat(last.text())
                    .startsWith("inference_address=http\\://127.0.0.1\\:8080\nmodel_snapshot={\\n  \"name\"\\: ")
                    .endsWith("model_store=/mnt/models\n");
            assertThat(serializer.getLast()).as("the same at every look").contains(last);

            serializer.save(snapshot(1));
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(1);
        }
    }

    @Test
    void anOrdinaryPluginKeepsItsOwnGsonAndDoesNotSeeTorchServesTypes() {
        String sees =
                "(a.F.class.getClassLoader().getResource(\"org/pytorch/serve/servingsdk/snapshot/Snapshot.class\")"
                        + " == null ? com.google.gson.Gson.OWN : \"torchserve\")";
        new FixtureJar()
                .source(
                        "com.google.gson.Gson",
                        "package com.google.gson; public class Gson { public static final String OWN"
                                + " = String.valueOf(\"its-own-gson\"); }")
                .factoryNamed("a.F", sees, "")
                .write(plugins.resolve("a.jar"));
        openOrdinary("its-own-gson");

        assertThat(loaded.loaded())
                .extracting(LoadedPlugin::serializers)
                .containsExactlyInAnyOrder(List.of("keeper"), List.of("its-own-gson"));
    }

    private void openOrdinary(String name) {
        loaded = Plugins.load(PluginOptions.of(List.of(plugins)).withCallLimit(limit));
        assertThat(loaded.choose(name, new FsSnapshotSerializerFactory()).isMadeForTorchServe())
                .isFalse();
    }

    @Test
    void aDropInWithBothServiceFilesIsOurs() {
        FixtureJar.plugin("ours").torchServeProviders("not.There").write(plugins.resolve("Keeper-1.2.jar"));
        openOrdinary("ours");

        assertThat(loaded.loaded()).extracting(LoadedPlugin::serializers).containsExactly(List.of("ours"));
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void ofSeveralSerializersInOneDropInTheFirstIsUsed() {
        String other = "package ts; public class Other extends Keeper {}";
        fixture.jar()
                .source("ts.Other", other)
                .torchServeProviders("ts.Other", "ts.Keeper")
                .write(plugins.resolve("Keeper-1.2.jar"));
        open();

        assertThat(log.warnings())
                .anyMatch(line -> line.endsWith("Keeper-1.2.jar is loaded in part: of a plugin for TorchServe the first"
                        + " serializer is used, so not ts.Keeper"));
    }

    @Test
    void aKeyForItIsRefused() {
        loaded = Plugins.load(PluginOptions.of(List.of(plugins)));

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> loaded.open(
                        loaded.choose(null, new FsSnapshotSerializerFactory()),
                        SerializerConfig.builder("keeper", directory)
                                .values(Map.of("table", "x"))
                                .build()))
                .withMessageContaining("snapshot.keeper.table is not a known key; the keys of keeper are none");
    }

    @ParameterizedTest
    @CsvSource({
        "ddb-endpoint-1.0, ddb-endpoint",
        "DDBEndPoint-1.0-SNAPSHOT, ddbendpoint",
        "DDBEndPoint, ddbendpoint",
        "my_store-2-redis-3.1.4-rc1, my-store-2-redis",
        "ddb, torchserve-ddb",
        "fs-2.0, torchserve-fs",
        "JDBC, torchserve-jdbc",
        "2-1.0, torchserve",
        "s3.store, s3-store",
        "7zip store!, zip-store"
    })
    void theNameIsThatOfTheFileWithoutItsVersion(String file, String name) {
        assertThat(TorchServeName.of(file)).isEqualTo(name).matches("[a-z][a-z0-9-]{0,62}");
        assertThat(TorchServeName.of("a".repeat(61) + "--b-" + file)).matches("[a-z][a-z0-9-]{0,62}");
    }
}
