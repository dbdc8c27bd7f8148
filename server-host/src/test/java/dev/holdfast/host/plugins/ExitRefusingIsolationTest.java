package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.plugins.exit.RefusedExit;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way in which a class may call what ends the process, run for real: a call that slips through ends this JVM. */
class ExitRefusingIsolationTest {

    private static final String SOURCE = """
            package ts;
            import java.util.function.*;
            public class Exits implements Runnable {
                private final String how;
                public Exits(String how) { this.how = how; }
                public void run() {
                    int count = how.length();
                    if (count > 0) {
                        switch (how) {
                            case "system" -> System.exit(1);
                            case "runtime" -> Runtime.getRuntime().exit(2);
                            case "halt" -> Runtime.getRuntime().halt(3);
                            case "lambda" -> ((Runnable) () -> System.exit(4)).run();
                            case "reference" -> ((IntConsumer) System::exit).accept(5);
                            case "bound reference" -> ((IntConsumer) Runtime.getRuntime()::halt).accept(6);
                            case "free reference" -> ((ObjIntConsumer<Runtime>) Runtime::exit).accept(Runtime.getRuntime(), 7);
                            case "initialiser" -> Static.touch();
                            case "interface" -> new Default() {}.end();
                            case "finally" -> {
                                try {
                                    throw new IllegalStateException("first");
                                } catch (IllegalStateException e) {
                                    System.exit(10);
                                } finally {
                                    count = -1;
                                }
                            }
                            case "thread" -> { Thread thread = new Thread(() -> System.exit(11), "of-the-plugin"); thread.setUncaughtExceptionHandler((on, e) -> {}); thread.start(); }
                            case "own" -> exit(12);
                            default -> throw new IllegalStateException(how);
                        }
                    }
                }
                private static void exit(int status) { throw new IllegalStateException("its own exit"); }
                static class Static {
                    static { if (true) System.exit(8); }
                    static void touch() {}
                }
                interface Default {
                    default void end() { System.exit(9); }
                }
            }
            """;

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path directory;

    private Path file;
    private final Pf4jIsolation isolation = new Pf4jIsolation();

    @BeforeEach
    void compile() {
        file = new FixtureJar()
                .source("ts.Exits", SOURCE)
                .source("ts.Harmless", "package ts; public class Harmless { String exit = \"exit\"; }")
                .write(directory.resolve("exits.jar"));
    }

    @AfterEach
    void close() {
        isolation.close();
    }

    private Runnable exits(String how) throws Exception {
        return exits(how, PluginForm.HOLDFAST);
    }

    private Runnable exits(String how, PluginForm form) throws Exception {
        ClassLoader loader = isolation.isolate(DropIn.jar(file), form);
        return (Runnable)
                loader.loadClass("ts.Exits").getConstructor(String.class).newInstance(how);
    }

    @ParameterizedTest
    @CsvSource({
        "system, System.exit(1), 10",
        "runtime, Runtime.exit(2), 11",
        "halt, Runtime.halt(3), 12",
        "lambda, System.exit(4), 13",
        "reference, System.exit(5), 14",
        "bound reference, Runtime.halt(6), 15",
        "free reference, Runtime.exit(7), 16",
        "initialiser, System.exit(8), 36",
        "interface, System.exit(9), 40",
        "finally, System.exit(10), 23"
    })
    void everyCallIsRefusedAndToldWithItsLine(String how, String call, int line) throws Exception {
        assertThatExceptionOfType(RefusedExit.class)
                .isThrownBy(exits(how)::run)
                .withMessage("called " + call + ", which is refused here")
                .satisfies(e -> assertThat(e.getStackTrace())
                        .as("line numbers stay")
                        .anyMatch(
                                frame -> frame.getClassName().startsWith("ts.Exits") && frame.getLineNumber() == line));
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .startsWith("A plugin called " + call + ", which is refused here: ts.Exits")
                .contains("(Exits.java:" + line + ") of exits.jar, on thread ");
    }

    @ParameterizedTest
    @EnumSource
    void theFormOfAPluginMakesNoDifference(PluginForm form) throws Exception {
        assertThatExceptionOfType(RefusedExit.class).isThrownBy(exits("halt", form)::run);
    }

    @Test
    void aThreadOfThePluginDiesOfItAndTheLogSaysSo() throws Exception {
        exits("thread").run();

        await().untilAsserted(() -> assertThat(log.warnings())
                .singleElement()
                .asString()
                .contains("System.exit(11)")
                .endsWith("on thread of-the-plugin"));
    }

    @Test
    void aMethodOfItsOwnThatIsCalledExitIsCalled() throws Exception {
        Throwable failure = catchThrowable(exits("own")::run);

        assertThat(failure).hasMessage("its own exit");
    }

    @Test
    void aClassThatWasRewrittenComesFromTheSamePlaceAsTheOthers() throws Exception {
        ClassLoader loader = isolation.isolate(DropIn.jar(file), PluginForm.HOLDFAST);

        assertThat(loader.loadClass("ts.Harmless").getProtectionDomain().getCodeSource())
                .isEqualTo(loader.loadClass("ts.Exits").getProtectionDomain().getCodeSource());
    }

    @Test
    void whatAClassPathInTheManifestDrawsInIsSearchedToo() throws Exception {
        Path plugin = new FixtureJar().manifest("Class-Path", "exits.jar").write(directory.resolve("plugin.jar"));
        ClassLoader loader = isolation.isolate(DropIn.jar(plugin), PluginForm.HOLDFAST);
        Runnable exits = (Runnable)
                loader.loadClass("ts.Exits").getConstructor(String.class).newInstance("halt");

        assertThatExceptionOfType(RefusedExit.class).isThrownBy(exits::run);
        assertThat(List.of(loader.loadClass("ts.Exits").getPackage().getName())).containsExactly("ts");
    }
}
