package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A serializer as it is, but for the context class loader. */
class InPluginContextTest {

    private static final String LOADER = "Thread.currentThread().getContextClassLoader()";

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path plugins;

    @Test
    void everyCallHasThePluginsLoaderAndTheThreadHasItsOwnAfterwards() {
        new FixtureJar()
                .source("acme.Factory", """
                        package acme;
                        import dev.holdfast.sdk.*;
                        import java.util.*;
                        public class Factory implements SnapshotSerializerFactory {
                            static void check() {
                                if (%s != Factory.class.getClassLoader()) throw new AssertionError("the loader");
                            }
                            public String name() { check(); return "acme"; }
                            public SnapshotSerializer open(SerializerConfig config) {
                                check();
                                ChunkStore chunks = new ChunkStore() {
                                    public int maxChunkBytes() { check(); return 1 << 20; }
                                    public void put(Map<String, byte[]> all) { check(); }
                                    public Map<String, byte[]> get(Collection<String> ids) { check(); return Map.of(); }
                                    public SortedMap<String, java.time.Instant> list(String after, int limit) { check(); return new TreeMap<>(); }
                                    public int delete(Collection<String> ids, java.time.Instant before) { check(); return 0; }
                                };
                                return new SnapshotSerializer() {
                                    public void save(Snapshot snapshot) { check(); }
                                    public Optional<Snapshot> getLast() { check(); throw new SnapshotConflictException("as it is"); }
                                    public SnapshotPage list(ListRequest request) { check(); return SnapshotPage.last(List.of()); }
                                    public Snapshot get(String name) { check(); throw new IllegalArgumentException(name); }
                                    public Optional<ChunkStore> chunks() { check(); return Optional.of(chunks); }
                                    public void close() { check(); }
                                };
                            }
                        }
                        """.formatted(LOADER))
                .provider("acme.Factory")
                .write(plugins.resolve("acme.jar"));
        ClassLoader before = Thread.currentThread().getContextClassLoader();

        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of(plugins)))) {
            SerializerChoice choice = loaded.choose("acme", new ScriptedBuiltIn());
            SnapshotSerializerFactory factory = loaded.unguarded(choice);
            assertThat(factory.name()).isEqualTo("acme");
            assertThat(choice.factoryType().getName()).isEqualTo("acme.Factory");
            try (SnapshotSerializer serializer = factory.open(
                    SerializerConfig.builder("acme", plugins).group("g").build())) {
                assertThatThrownBy(serializer::getLast)
                        .isInstanceOf(SnapshotConflictException.class)
                        .hasMessage("as it is");
                assertThatThrownBy(() -> serializer.get("x"))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("x");
                assertThatThrownBy(() -> serializer.delete("x")).isInstanceOf(UnsupportedOperationException.class);
                assertThat(serializer.chunks()).containsSame(serializer.chunks().orElseThrow());
                assertThat(serializer.chunks().orElseThrow().missing(List.of())).isEmpty();
                assertThat(serializer.chunks().orElseThrow().maxChunkBytes()).isEqualTo(1 << 20);
            }
        }
        assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
    }

    /** As of a plugin whose jar alone was dropped in, and whose libraries are used where it is opened. */
    @Test
    void aLibraryThatIsMissedByACallIsNamedWithThePlaceWhereItBelongs() throws IOException {
        FixtureJar opensWithALibrary = new FixtureJar()
                .source("acme.Library", "package acme; class Library { static void call() {} }")
                .source("acme.Factory", """
                        package acme;
                        import dev.holdfast.sdk.*;
                        public class Factory implements SnapshotSerializerFactory {
                            public String name() { return "acme"; }
                            public SnapshotSerializer open(SerializerConfig config) {
                                Library.call();
                                throw new IllegalStateException("the library is there");
                            }
                        }
                        """)
                .provider("acme.Factory")
                .without("acme.Library");
        Path alone = Files.createDirectory(plugins.resolve("alone"));
        opensWithALibrary.write(alone.resolve("acme.jar"));
        Path withOthers = Files.createDirectories(plugins.resolve("others/acme"));
        opensWithALibrary.write(withOthers.resolve("acme-1.jar"));

        assertMissing(alone, "acme.jar", "and the plugin's own into " + alone.resolve("acme") + "/");
        assertMissing(withOthers.getParent(), "acme", "into " + withOthers + "/");
    }

    private static void assertMissing(Path path, String plugin, String place) {
        String missing = ": class acme.Library is not in the plugin; put the jar that has it " + place;
        SerializerConfig config =
                SerializerConfig.builder("acme", path).group("g").build();
        try (Plugins loaded = Plugins.load(PluginOptions.of(List.of(path)))) {
            SerializerChoice choice = loaded.choose("acme", new ScriptedBuiltIn());
            assertThatThrownBy(() -> loaded.unguarded(choice).open(config))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessage("Plugin " + plugin + missing);
            assertThatThrownBy(() -> loaded.open(choice, config))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessage("Serializer acme of plugin " + plugin + " failed in open" + missing);
        }
    }

    private static final class ScriptedBuiltIn implements SnapshotSerializerFactory {

        @Override
        public String name() {
            return "fs";
        }

        @Override
        public SnapshotSerializer open(SerializerConfig config) {
            throw new IllegalStateException("not asked for");
        }
    }
}
