package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.plugins.FixtureJar;
import dev.holdfast.testsupport.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real hosts in processes of their own, on loopback, on ports of the system's choice. */
class StartStopIT {

    private static final List<String> PORTS = List.of(
            "-Dinference_address=http://127.0.0.1:0",
            "-Dmanagement_address=http://127.0.0.1:0",
            "-Dmetrics_address=http://127.0.0.1:0");

    /** A store that never opens. */
    private static final String SLOW = """
            package fixture;
            import dev.holdfast.sdk.*;
            public class Slow implements SnapshotSerializerFactory {
                public String name() { return "slow"; }
                public SnapshotSerializer open(SerializerConfig config) {
                    try {
                        java.nio.file.Files.createFile(config.logLocation().resolve("opening"));
                        new java.util.concurrent.CountDownLatch(1).await();
                    } catch (java.io.IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    throw new IllegalStateException();
                }
            }
            """;

    @TempDir
    private Path directory;

    private Typed typed;
    private RunFiles runFiles;

    @BeforeEach
    void type() throws IOException {
        directory = directory.toRealPath();
        Files.createDirectories(directory.resolve("store"));
        typed = new Typed(directory);
        runFiles = new RunFiles(directory.resolve("run"));
    }

    @AfterEach
    void leaveNoHost() {
        for (RunningHost host : runFiles.all()) {
            kill(host);
        }
    }

    private static void kill(RunningHost host) {
        ProcessHandle.of(host.process().pid()).ifPresent(ProcessHandle::destroyForcibly);
        await().until(() -> !host.process().isAlive());
    }

    private int start(String... more) {
        List<String> args = new ArrayList<>(List.of("--start", "--model-store=store"));
        args.addAll(PORTS);
        args.addAll(List.of(more));
        return typed.run(args.toArray(String[]::new));
    }

    @Test
    void aHostStartsInTheBackgroundSaysWhereItListensAndStops() throws IOException {
        assertThat(start()).as("%s", typed.errLines()).isZero();
        RunningHost host = runFiles.of(directory.resolve("logs")).orElseThrow();
        assertThat(typed.out())
                .startsWith("Holdfast is ready.")
                .contains(
                        host.inference(),
                        host.management(),
                        host.metrics(),
                        host.keyFile().toString());
        assertThat(host.inference()).doesNotEndWith(":0");

        assertThat(start()).isEqualTo(1);
        assertThat(typed.errLines())
                .containsExactly("Holdfast is already running, please use holdfast --stop to stop Holdfast.");
        assertThat(typed.run("--foreground", "--model-store=store")).isEqualTo(1);
        assertThat(typed.errLines()).singleElement().asString().contains("already running");
        assertThat(host.process().isAlive()).isTrue();

        assertThat(typed.run("--stop")).isZero();
        assertThat(typed.out().strip()).isEqualTo("Holdfast has stopped.");
        assertThat(host.process().isAlive()).isFalse();
        assertThat(directory.resolve("logs/holdfast.run")).doesNotExist();
        assertThat(directory.resolve("logs/holdfast.stop")).doesNotExist();
        assertThat(Files.readAllLines(directory.resolve("logs/holdfast.log")))
                .anyMatch(line -> line.contains("Stopping, as holdfast --stop, process "
                        + ProcessHandle.current().pid()));
        assertThat(Files.readAllLines(directory.resolve("logs/holdfast.log")))
                .first()
                .asString()
                .matches("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3} \\[[A-Z]+ *] \\S+ \\S+ - .+");
    }

    @Test
    void aHostThatStillStartsIsStoppedToo() throws Exception {
        Files.createDirectory(directory.resolve("plugins"));
        new FixtureJar()
                .source("fixture.Slow", SLOW)
                .provider("fixture.Slow")
                .write(directory.resolve("plugins/slow.jar"));
        Typed starting = new Typed(directory);
        List<String> args = new ArrayList<>(List.of("--start", "--model-store=store", "--plugins-path=plugins"));
        args.addAll(PORTS);
        FutureTask<Integer> start = new FutureTask<>(() -> starting.run(args.toArray(String[]::new)));
        Thread thread = new Thread(start, "start");
        thread.start();
        await().until(() -> Files.exists(directory.resolve("logs/opening")));
        ProcessIdentity process = LockFile.holder(directory.resolve("logs")).orElseThrow();

        assertThat(typed.run("--stop")).isZero();

        assertThat(typed.out().strip()).isEqualTo("Holdfast has stopped; it was not ready yet.");
        assertThat(process.isAlive()).isFalse();
        assertThat(start.get(1, TimeUnit.MINUTES)).isEqualTo(1);
        assertThat(starting.errLines())
                .first()
                .asString()
                .contains("143", "before it was ready")
                .doesNotContain("while it was calling");
        assertThat(LockFile.holder(directory.resolve("logs"))).isEmpty();
        assertThat(typed.run("--stop")).isZero();
        assertThat(typed.out().strip()).isEqualTo("Holdfast is not currently running.");
    }

    @Test
    void aPluginThatEndsTheHostIsNamedByTheCommandThatStartedIt() throws IOException {
        new FixtureJar()
                .source("fixture.Halts", """
                        package fixture;
                        import dev.holdfast.sdk.*;
                        public class Halts implements SnapshotSerializerFactory {
                            public String name() { return "halts"; }
                            public SnapshotSerializer open(SerializerConfig config) {
                                try {
                                    Runtime.class.getMethod("halt", int.class).invoke(Runtime.getRuntime(), 9);
                                } catch (ReflectiveOperationException e) {
                                    throw new IllegalStateException(e);
                                }
                                throw new IllegalStateException();
                            }
                        }
                        """)
                .provider("fixture.Halts")
                .write(directory.resolve("plugins/halts.jar"));

        assertThat(start("--plugins-path=plugins")).isEqualTo(1);

        assertThat(typed.errLines())
                .containsExactly("The host ended with exit code 9 before it was ready, while it was calling open of"
                        + " serializer halts of plugin halts.jar; see " + directory.resolve("logs/holdfast.out"));
    }

    @Test
    void aConfigurationInTheWorkingDirectoryIsSaidNotToBeRead() throws IOException {
        Path file = Files.writeString(directory.resolve("config.properties"), "disable_token_authorization=true\n");

        assertThat(start()).as("%s", typed.errLines()).isZero();

        String line = file + " is not read; to use it, start with --ts-config " + file;
        assertThat(typed.out()).contains(line);
        assertThat(Files.readAllLines(directory.resolve("logs/holdfast.log")))
                .filteredOn(logged -> logged.contains("[WARN ]") && logged.endsWith(line))
                .hasSize(1);
    }

    @Test
    void ofTwoHostsEachIsStoppedByItsLogLocation() {
        assertThat(start("--log-location=one")).as("%s", typed.errLines()).isZero();
        assertThat(start("--log-location=two")).as("%s", typed.errLines()).isZero();

        assertThat(typed.run("--stop")).isEqualTo(1);
        assertThat(typed.errLines()).hasSize(3);
        assertThat(String.join(" ", typed.errLines()))
                .contains(
                        directory.resolve("one").toString(),
                        directory.resolve("two").toString());

        assertThat(typed.run("--stop", "--log-location=one")).isZero();
        assertThat(runFiles.all()).extracting(RunningHost::logLocation).containsExactly(directory.resolve("two"));
        typed.with("LOG_LOCATION", directory.resolve("never-used").toString());
        assertThat(typed.run("--stop")).isZero();
        assertThat(runFiles.all()).as("another place was named").hasSize(1);
        typed.with("LOG_LOCATION", "");
        assertThat(typed.run("--stop")).as("the only one left").isZero();
        assertThat(typed.out()).contains("Holdfast has stopped; its log location is " + directory.resolve("two"));
        assertThat(runFiles.all()).isEmpty();
    }

    @Test
    void aKilledHostIsNoObstacleToTheNext() {
        assertThat(start()).as("%s", typed.errLines()).isZero();
        RunningHost killed = runFiles.of(directory.resolve("logs")).orElseThrow();
        kill(killed);

        assertThat(typed.run("--stop")).isZero();
        assertThat(typed.out().strip()).isEqualTo("Holdfast is not currently running.");
        assertThat(start()).as("%s", typed.errLines()).isZero();
        assertThat(runFiles.of(directory.resolve("logs")).orElseThrow().process())
                .isNotEqualTo(killed.process());
    }

    @Test
    void aForegroundHostStopsInOrderOnSigterm() throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--foreground", "--model-store=store"));
        arguments.addAll(PORTS);
        ProcessBuilder builder =
                JavaProcess.of(Main.class, arguments.toArray(String[]::new)).directory(directory.toFile());
        builder.environment().put("HOLDFAST_RUN_DIR", directory.resolve("run").toString());
        builder.environment().remove("LOG_LOCATION");
        Process process = builder.start();
        try (var out = process.inputReader()) {
            String line = out.readLine();
            while (line != null && !line.equals("Holdfast is ready.")) {
                line = out.readLine();
            }
            assertThat(line).as("the ready line").isNotNull();
            // Process.destroy() would close the output too.
            process.toHandle().destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(out.lines()).last().isEqualTo("Holdfast has stopped.");
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).isEqualTo(143);
        assertThat(directory.resolve("logs/holdfast.run")).doesNotExist();
    }

    @Test
    void aHostThatDiesBeforeItIsReadyIsToldInOneLine() throws IOException {
        Path home = directory.resolve("home");
        script(
                home,
                "echo 'Unrecognized VM option Foo'; echo 'Error: Could not create the Java Virtual Machine.'; exit 3");

        assertThat(typed.withHome(home).run("--start", "--model-store=store")).isEqualTo(1);

        assertThat(typed.errLines())
                .containsExactly("The host ended with exit code 3 before it was ready: Unrecognized VM option Foo; see "
                        + directory.resolve("logs/holdfast.out"));
    }

    @Test
    void aHostThatIsNotReadyInTimeIsEnded() throws IOException {
        Path home = directory.resolve("home");
        script(home, "echo $$ > pid; exec sleep 600");

        // Again, as often as the script does not come to its first line in time.
        do {
            assertThat(typed.withHome(home).run("--start", "--model-store=store", "--timeout=1"))
                    .isEqualTo(1);
            assertThat(typed.errLines()).singleElement().asString().contains("not ready within 1 s", "--timeout");
        } while (!Files.exists(directory.resolve("pid"))
                || Files.readString(directory.resolve("pid")).isBlank());

        long pid = Long.parseLong(Files.readString(directory.resolve("pid")).strip());
        await().until(() -> ProcessIdentity.of(pid).isEmpty());
    }

    private static void script(Path home, String text) throws IOException {
        Path script = Files.createDirectories(home.resolve("bin")).resolve("holdfast");
        Files.writeString(script, "#!/bin/sh\n" + text + "\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
    }
}
