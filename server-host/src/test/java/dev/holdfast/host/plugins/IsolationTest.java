package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.LogLines;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** What a plugin sees of the host and of other plugins, and that it can be let go of. */
class IsolationTest {

    private static final String LIBRARY = SharedLibrary.class.getName();

    @RegisterExtension
    final LogLines log = new LogLines(getClass(), "org.pf4j");

    @TempDir
    Path plugins;

    @Test
    void conflictingVersionsOfOneLibraryLiveSideBySide() {
        withLibrary("one").write(plugins.resolve("a.jar"));
        withLibrary("two").write(plugins.resolve("b.jar"));

        try (Plugins loaded = load()) {
            assertThat(names(loaded)).containsExactly("uses-one", "uses-two");
            assertThat(SharedLibrary.version()).isEqualTo("of-the-host");
        }
    }

    @Test
    void librariesOfTheHostAreHidden() {
        withLibrary("any").without(LIBRARY).write(plugins.resolve("a.jar"));

        try (Plugins loaded = load()) {
            assertThat(names(loaded)).isEmpty();
            assertThat(log.warnings())
                    .singleElement()
                    .asString()
                    .contains("class " + LIBRARY + " is not in the plugin");
        }
    }

    @Test
    void librariesInThePluginsDirectoryAreFound() {
        withLibrary("any").without(LIBRARY).write(plugins.resolve("a/plugin.jar"));
        library("beside").write(plugins.resolve("a/library.jar"));

        try (Plugins loaded = load()) {
            assertThat(names(loaded)).containsExactly("uses-beside");
            assertThat(loaded.loaded()).extracting(LoadedPlugin::name).containsExactly("a");
            assertThat(log.warnings()).isEmpty();
        }
    }

    @Test
    void servicesAndResourcesOfTheHostAreHidden() {
        String visible =
                "(a.F.class.getClassLoader().getResource(\"META-INF/services/org.slf4j.spi.SLF4JServiceProvider\") == null"
                        + " && a.F.class.getClassLoader().getResource(\"ch/qos/logback/classic/Logger.class\") == null"
                        + " && a.F.class.getClassLoader().getResource(\"dev/holdfast/sdk/Snapshot.class\") != null"
                        + " ? \"hidden\" : \"seen\")";
        new FixtureJar().factoryNamed("a.F", visible, "").write(plugins.resolve("a.jar"));

        try (Plugins loaded = load()) {
            assertThat(names(loaded)).containsExactly("hidden");
        }
    }

    @Test
    void copiesOfTheSdkAndOfAnOlderSlf4jInAPluginArePassedOver() {
        new FixtureJar()
                .source(
                        "org.slf4j.LoggerFactory",
                        "package org.slf4j; public class LoggerFactory { static { if (true) throw new"
                                + " IllegalStateException(\"the old one\"); }"
                                + " public static Logger getLogger(String name) { return null; } }")
                .source(
                        "dev.holdfast.sdk.SnapshotSerializerFactory",
                        "package dev.holdfast.sdk; public interface SnapshotSerializerFactory {"
                                + " String name(); SnapshotSerializer open(SerializerConfig config); }")
                .factory(
                        "a.F",
                        "bundling",
                        "public F() { org.slf4j.LoggerFactory.getLogger(\"" + LIBRARY + "\").warn(\"by the host\"); }")
                .write(plugins.resolve("a.jar"));

        try (Plugins loaded = load()) {
            assertThat(names(loaded)).containsExactly("bundling");
            assertThat(log.warnings()).containsExactly("by the host");
        }
    }

    @Test
    void driverIsFoundByTheServiceLoaderOfThePluginAlone() {
        String driver = """
                package db;
                public class Driver implements java.sql.Driver {
                    public java.sql.Connection connect(String url, java.util.Properties info) { return null; }
                    public boolean acceptsURL(String url) { return url.startsWith("jdbc:fixture:"); }
                    public java.sql.DriverPropertyInfo[] getPropertyInfo(String url, java.util.Properties info) {
                        return new java.sql.DriverPropertyInfo[0];
                    }
                    public int getMajorVersion() { return 1; }
                    public int getMinorVersion() { return 0; }
                    public boolean jdbcCompliant() { return false; }
                    public java.util.logging.Logger getParentLogger() { return null; }
                }
                """;
        new FixtureJar()
                .source("db.Driver", driver)
                .resource("META-INF/services/java.sql.Driver", "db.Driver")
                .write(plugins.resolve("a/driver.jar"));
        String drivers = "(\"drivers-\" + java.util.ServiceLoader.load(java.sql.Driver.class,"
                + " %s.class.getClassLoader()).stream().count())";
        new FixtureJar().factoryNamed("a.F", drivers.formatted("a.F"), "").write(plugins.resolve("a/plugin.jar"));
        new FixtureJar().factoryNamed("b.F", drivers.formatted("b.F"), "").write(plugins.resolve("b.jar"));

        try (Plugins loaded = load()) {
            assertThat(names(loaded)).containsExactly("drivers-1", "drivers-0");
        }
    }

    @Test
    void everyCallHasThePluginsContextClassLoaderAndItsNameInTheLoggingContext() {
        telling().write(plugins.resolve("telling-1.0.jar"));
        MDC.put("request", "r7");
        ClassLoader before = Thread.currentThread().getContextClassLoader();

        try (Plugins loaded = load()) {
            SnapshotSerializer serializer =
                    loaded.open(loaded.choose(null, new ScriptedSerializer()), ScriptedSerializer.config());
            Map<String, ThrowingCallable> calls = Map.of(
                    "save", () -> serializer.save(ScriptedSerializer.snapshot("default", "a", 1)),
                    "getLast", serializer::getLast,
                    "list", () -> serializer.list(ListRequest.firstPage(1)),
                    "get", () -> serializer.get("a"),
                    "delete", () -> serializer.delete("a"),
                    "close", serializer::close);

            calls.forEach((method, call) -> {
                if (!method.equals("close")) {
                    assertThat(catchThrowable(call)).hasMessage("own loader true, plugin telling-1.0, request r7");
                }
            });
            assertThat(catchThrowable(calls.get("close")))
                    .hasMessage("own loader true, plugin telling-1.0, request r7");
        } finally {
            MDC.remove("request");
        }

        assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
        assertThat(MDC.get("plugin")).isNull();
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void classLoadersBecomeCollectableAfterClose() {
        FixtureJar.plugin("brief").write(plugins.resolve("a.jar"));

        Plugins loaded = load();
        WeakReference<ClassLoader> loader = use(loaded);

        loaded.close();

        await().untilAsserted(() -> {
            System.gc();
            assertThat(loader.get()).isNull();
        });
        // Still reachable until here, so that it was close() that let go.
        loaded.close();
    }

    private static WeakReference<ClassLoader> use(Plugins loaded) {
        SerializerChoice choice = loaded.choose(null, new ScriptedSerializer());
        SnapshotSerializer serializer = loaded.open(choice, ScriptedSerializer.config());
        serializer.save(ScriptedSerializer.snapshot("default", "a", 1));
        assertThat(serializer.getLast()).isEmpty();
        return new WeakReference<>(choice.factory().getClass().getClassLoader());
    }

    /** A plugin whose serializer tells in each call what it sees around it. */
    private static FixtureJar telling() {
        String tell = "throw new StoreUnavailableException(\"own loader \""
                + " + (Thread.currentThread().getContextClassLoader() == a.F.class.getClassLoader())"
                + " + \", plugin \" + org.slf4j.MDC.get(\"plugin\") + \", request \" + org.slf4j.MDC.get(\"request\"));";
        String source = """
                package a;
                import dev.holdfast.sdk.*;
                public class F implements SnapshotSerializerFactory {
                    public F() { require(); }
                    static void require() {
                        if (Thread.currentThread().getContextClassLoader() != F.class.getClassLoader()
                                || !"telling-1.0".equals(org.slf4j.MDC.get("plugin"))) {
                            throw new IllegalStateException("not in the context of the plugin");
                        }
                    }
                    public String name() { require(); return "telling"; }
                    public SnapshotSerializer open(SerializerConfig config) {
                        require();
                        return new SnapshotSerializer() {
                            public void save(Snapshot snapshot) { TELL }
                            public java.util.Optional<Snapshot> getLast() { TELL }
                            public SnapshotPage list(ListRequest request) { TELL }
                            public Snapshot get(String name) { TELL }
                            public boolean delete(String name) { TELL }
                            public void close() { TELL }
                        };
                    }
                }
                """;
        return new FixtureJar().source("a.F", source.replace("TELL", tell)).provider("a.F");
    }

    private static FixtureJar withLibrary(String version) {
        return library(version).factoryNamed("user.Factory", "\"uses-\" + " + LIBRARY + ".version()", "");
    }

    private static FixtureJar library(String version) {
        return new FixtureJar()
                .source(
                        LIBRARY,
                        "package dev.holdfast.host.plugins; public class SharedLibrary {"
                                + " public static String version() { return \"" + version + "\"; } }");
    }

    private Plugins load() {
        return Plugins.load(PluginOptions.of(List.of(plugins)));
    }

    private static List<String> names(Plugins loaded) {
        return loaded.loaded().stream()
                .flatMap(plugin -> plugin.serializers().stream())
                .toList();
    }
}
