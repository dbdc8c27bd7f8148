package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A drop-in of our own form that wants to end the process: it does not, and is named. A call that slips through ends this JVM. */
class PluginExitTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path plugins;

    private final List<String> calls = new CopyOnWriteArrayList<>();

    private Plugins load() {
        return Plugins.load(PluginOptions.of(List.of(plugins)).withCallWatch(call -> {
            calls.add(call);
            return () -> calls.add("end of " + call);
        }));
    }

    private SnapshotSerializer open(Plugins loaded) {
        return loaded.open(
                loaded.choose(null, new ScriptedSerializer()),
                SerializerConfig.builder("ex", plugins).build());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "public Factory() { System.exit(3); }",
                "static { if (true) System.exit(3); }",
                "public Factory() { new Object() { void end() { System.exit(3); } }.end(); }"
            })
    void aFactoryIsRejectedAndTheOtherPluginsServe(String members) {
        Path jar = new FixtureJar().factory("bad.Factory", "ex", members).write(plugins.resolve("ex.jar"));
        FixtureJar.plugin("good").write(plugins.resolve("good.jar"));

        try (Plugins loaded = load()) {
            assertThat(loaded.loaded())
                    .flatExtracting(LoadedPlugin::serializers)
                    .containsExactly("good");
            assertThat(loaded.rejected()).singleElement().satisfies(rejected -> {
                assertThat(rejected.path()).isEqualTo(jar);
                assertThat(rejected.reason())
                        .isEqualTo("the constructor of bad.Factory called System.exit(3), which is refused here");
            });
            assertThat(log.warnings())
                    .anySatisfy(line -> assertThat(line)
                            .startsWith("A plugin called System.exit(3), which is refused here: bad.Factory")
                            .contains(" of ex.jar, on thread plugin-init-ex"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"save", "getLast", "list", "get", "close", "open"})
    void aSerializerIsUnavailableAndNamed(String method) {
        plugin("System.exit(4)").write(plugins.resolve("ex.jar"));
        System.setProperty("fixture.exits.in", method);
        try (Plugins loaded = load()) {
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> ExitCaller.call(method, () -> open(loaded)))
                    .withMessage("Serializer ex of plugin ex.jar failed in " + method
                            + ": it called System.exit(4), which is refused here");
        } finally {
            System.clearProperty("fixture.exits.in");
        }
    }

    @Test
    void eachCallOfADropInIsToldBeforeAndAfter() {
        plugin("").write(plugins.resolve("ex.jar"));

        try (Plugins loaded = load()) {
            assertThat(calls)
                    .containsExactly(
                            "the constructor of bad.Exits of plugin ex.jar",
                            "end of the constructor of bad.Exits of plugin ex.jar");
            calls.clear();
            SnapshotSerializer serializer = open(loaded);
            serializer.getLast();

            assertThat(calls)
                    .containsExactly(
                            "open of serializer ex of plugin ex.jar",
                            "end of open of serializer ex of plugin ex.jar",
                            "getLast of serializer ex of plugin ex.jar",
                            "end of getLast of serializer ex of plugin ex.jar");
        }
        assertThat(calls).endsWith("end of close of serializer ex of plugin ex.jar");
    }

    @Test
    void aCallThatFailsHasEndedToo() {
        plugin("throw new IllegalArgumentException(\"no\")").write(plugins.resolve("ex.jar"));
        System.setProperty("fixture.exits.in", "open");
        try (Plugins loaded = load()) {
            assertThatThrownBy(() -> open(loaded)).hasMessage("no");

            assertThat(calls).endsWith("end of open of serializer ex of plugin ex.jar");
        } finally {
            System.clearProperty("fixture.exits.in");
        }
    }

    @Test
    void callsOfTheBuiltInSerializerAreNotTold() {
        try (Plugins loaded = load()) {
            open(loaded).getLast();

            assertThat(calls).isEmpty();
        }
    }

    /** Does something in one method, whose name a system property has. */
    private static FixtureJar plugin(String does) {
        return new FixtureJar().source("bad.Exits", """
                package bad;
                import dev.holdfast.sdk.*;
                public class Exits implements SnapshotSerializerFactory {
                    static void in(String method) {
                        if (method.equals(System.getProperty("fixture.exits.in"))) { %s; }
                    }
                    public String name() { return "ex"; }
                    public SnapshotSerializer open(SerializerConfig config) {
                        in("open");
                        return new SnapshotSerializer() {
                            public void save(Snapshot snapshot) { in("save"); }
                            public java.util.Optional<Snapshot> getLast() { in("getLast"); return java.util.Optional.empty(); }
                            public SnapshotPage list(ListRequest request) { in("list"); return SnapshotPage.last(java.util.List.of()); }
                            public Snapshot get(String name) { in("get"); throw new SnapshotNotFoundException(name); }
                            public void close() { in("close"); }
                        };
                    }
                }
                """.formatted(does)).provider("bad.Exits");
    }

    /** Calls one method of a serializer by its name. */
    private interface ExitCaller {

        static void call(String method, java.util.function.Supplier<SnapshotSerializer> opener) {
            SnapshotSerializer serializer = opener.get();
            switch (method) {
                case "save" -> serializer.save(ScriptedSerializer.snapshot("default", "x", 1));
                case "getLast" -> serializer.getLast();
                case "list" -> serializer.list(dev.holdfast.sdk.ListRequest.firstPage(1));
                case "get" -> serializer.get("x");
                case "close" -> serializer.close();
                default -> throw new AssertionError("open has not failed");
            }
        }
    }
}
