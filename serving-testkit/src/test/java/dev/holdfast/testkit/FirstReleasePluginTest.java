package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.testkit.engine.Events;

/**
 * A plugin as it was written for the first release of the SDK, in {@code src/test/resources/first-release}: it compiles and
 * passes the contract with every later SDK, but for the rules that came later, of which it is told. Its sources are never
 * changed; where they would have to be, plugins of others would have to be too.
 */
class FirstReleasePluginTest {

    private static final String SERVICE = "META-INF/services/" + SnapshotSerializerFactory.class.getName();

    @TempDir
    private Path directory;

    private List<Path> sources;

    @BeforeEach
    void findSources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/resources/first-release"))) {
            sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        }
        assertThat(sources).hasSize(5);
    }

    @Test
    void itIsFoundByItsServiceFile() throws Exception {
        Path service = directory.resolve(SERVICE);
        Files.createDirectories(service.getParent());
        Files.writeString(service, "com.example.first.MemorySerializerFactory\n");

        try (CompiledPlugin plugin = CompiledPlugin.of(sources, directory)) {
            assertThat(ServiceLoader.load(SnapshotSerializerFactory.class, plugin.loader()))
                    .filteredOn(factory -> factory.getClass().getClassLoader() == plugin.loader())
                    .singleElement()
                    .extracting(SnapshotSerializerFactory::name)
                    .isEqualTo("first-memory");
        }
    }

    @Test
    void itPassesTheContractOfChunks() throws Exception {
        try (CompiledPlugin plugin = CompiledPlugin.of(sources, directory)) {
            Events tests = plugin.run("com.example.first.MemoryChunkStoreTest");

            assertThat(tests.failed().stream().map(CompiledPlugin::outcome)).isEmpty();
            assertThat(tests.succeeded().count()).isGreaterThan(15);
            assertThat(tests.skipped().count()).isZero();
        }
    }

    @Test
    void itPassesTheContractOfSnapshotsAndIsToldOfTheRulesThatCameLater() throws Exception {
        try (CompiledPlugin plugin = CompiledPlugin.of(sources, directory)) {
            Events tests = plugin.run("com.example.first.MemorySerializerTest");

            assertThat(tests.succeeded().count()).isGreaterThan(40);
            assertThat(tests.skipped().count()).isZero();
            assertThat(tests.failed().stream().map(CompiledPlugin::outcome))
                    .isNotEmpty()
                    .allSatisfy(outcome -> assertThat(outcome).containsIgnoringCase("follow"));
            assertThat(tests.failed().stream().map(CompiledPlugin::outcome))
                    .anySatisfy(outcome -> assertThat(outcome)
                            .contains("a store that looks at revisions alone takes a change on top of another host's")
                            .contains("Compare header.follows() with the newest one's save-id"));
            assertThat(tests.aborted().stream().map(CompiledPlugin::outcome))
                    .filteredOn(outcome -> outcome.startsWith("theCount") && !outcome.contains("damage()"))
                    .isNotEmpty()
                    .allSatisfy(outcome -> assertThat(outcome).contains("does not count its snapshots"));
        }
    }
}
