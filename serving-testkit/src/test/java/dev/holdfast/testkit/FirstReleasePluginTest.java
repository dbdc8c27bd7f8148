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
 * passes the contract with every later SDK. Its sources are never changed; where they would have to be, plugins of others
 * would have to be too.
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
    void itPassesTheContracts() throws Exception {
        try (CompiledPlugin plugin = CompiledPlugin.of(sources, directory)) {
            passes(plugin.run("com.example.first.MemorySerializerTest"), 40);
            passes(plugin.run("com.example.first.MemoryChunkStoreTest"), 15);
        }
    }

    private static void passes(Events tests, long least) {
        assertThat(tests.failed().stream().map(CompiledPlugin::outcome)).isEmpty();
        assertThat(tests.succeeded().count()).isGreaterThan(least);
        assertThat(tests.skipped().count()).isZero();
    }
}
