package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.plugins.FixtureJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plugins that end the process of a real host where nothing can stop them: they are named, by this host or by the next one. */
class PluginEndsProcessIT {

    /** Ends the process by reflection, in the place and by the method of Runtime that a file beside the log location says. */
    private static final String ENDS = """
            package acme;
            import dev.holdfast.sdk.*;
            import java.nio.file.*;
            public class Ends implements SnapshotSerializerFactory {
                static void in(String place) {
                    try {
                        Path file = Path.of("").toAbsolutePath().resolveSibling("ends");
                        String[] said = Files.exists(file) ? Files.readString(file).split(" ") : new String[] {"", ""};
                        if (said[0].equals(place)) {
                            Runtime.class.getMethod(said[1], int.class).invoke(Runtime.getRuntime(), 3);
                        }
                    } catch (java.io.IOException | ReflectiveOperationException e) {
                        throw new IllegalStateException(e);
                    }
                }
                public Ends() { in("constructor"); }
                public String name() { return "ends"; }
                public SnapshotSerializer open(SerializerConfig config) {
                    return new SnapshotSerializer() {
                        public void save(Snapshot snapshot) { in("save"); }
                        public java.util.Optional<Snapshot> getLast() { in("getLast"); return java.util.Optional.empty(); }
                        public SnapshotPage list(ListRequest request) { return SnapshotPage.last(java.util.List.of()); }
                        public Snapshot get(String name) { throw new SnapshotNotFoundException(name); }
                        public void close() {}
                    };
                }
            }
            """;

    @TempDir
    private Path directory;

    private Path store;
    private Path plugins;
    private Path logs;

    @BeforeEach
    void makePlaces() throws IOException {
        directory = directory.toRealPath();
        store = Files.createDirectory(directory.resolve("store"));
        plugins = directory.resolve("plugins");
        logs = Files.createDirectory(directory.resolve("logs"));
        new FixtureJar().source("acme.Ends", ENDS).provider("acme.Ends").write(plugins.resolve("ends-1.jar"));
    }

    private void ends(String where) throws IOException {
        Files.writeString(directory.resolve("ends"), where);
    }

    private List<String> log() throws IOException {
        return Files.readAllLines(logs.resolve("holdfast.log"));
    }

    /** A start that the plugin ends. */
    private void startThatEnds() throws Exception {
        Process process = HostProcess.launch(store, logs, "--plugins-path", plugins.toString());
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(3);
        } finally {
            process.destroyForcibly();
        }
    }

    private void assertNamedByTheNextStart(String call) throws Exception {
        try (HostProcess next = HostProcess.start(store, logs)) {
            assertThat(log())
                    .anyMatch(line -> line.contains("[WARN ]")
                            && line.contains("ended unexpectedly while it was calling " + call + ";"));
            assertThat(HostProcess.output(logs)).contains("while it was calling " + call);
            assertThat(next.stop()).isEqualTo(143);
        }
    }

    @Test
    void aConstructorThatExitsIsNamedAtOnceAndByTheNextStart() throws Exception {
        ends("constructor exit");

        startThatEnds();

        assertThat(log())
                .anyMatch(line -> line.contains("[ERROR]")
                        && line.contains("The start ends, as acme.Ends.in(Ends.java:")
                        && line.endsWith(" on thread plugin-init-ends-1 called exit, while the host was calling the"
                                + " constructor of acme.Ends of plugin ends-1.jar"));
        assertNamedByTheNextStart("the constructor of acme.Ends of plugin ends-1.jar");
    }

    @Test
    void aSaveThatHaltsIsNamedByTheNextStart() throws Exception {
        ends("save halt");

        startThatEnds();

        assertNamedByTheNextStart("save of serializer ends of plugin ends-1.jar");
    }

    @Test
    void aCallThatExitsWhileTheHostServesIsNamedAndTheHostStopsInOrder() throws Exception {
        try (HostProcess host = HostProcess.start(store, logs, "--plugins-path", plugins.toString())) {
            ends("getLast exit");
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(
                            () -> log().stream()
                                    .anyMatch(
                                            line -> line.contains("Code inside this process ends it: acme.Ends.in(")
                                                    && line.contains(
                                                            "while the host was calling getLast of serializer ends of plugin ends-1.jar")));
            host.kill();
        }
    }

    @Test
    void anOrderlyStopAccusesNobody() throws Exception {
        try (HostProcess host = HostProcess.start(store, logs, "--plugins-path", plugins.toString())) {
            assertThat(host.stop()).isEqualTo(143);
        }

        try (HostProcess next = HostProcess.start(store, logs, "--plugins-path", plugins.toString())) {
            assertThat(next.stop()).isEqualTo(143);
        }
        assertThat(log()).noneMatch(line -> line.contains("while it was calling"));
    }
}
