package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that plugins bring, as an operator types them, with a plugin that has some. */
class StoreCommandsTest {

    private static final String COMMANDS = """
            @Override public java.util.List<dev.holdfast.sdk.StoreCommand> commands() {
                return java.util.List.of(
                        new dev.holdfast.sdk.StoreCommand("count", "[WORD]", "Say what was typed."),
                        new dev.holdfast.sdk.StoreCommand("fail", "", "Fail."));
            }

            @Override public String run(
                    String command, java.util.List<String> arguments, boolean json, dev.holdfast.sdk.SerializerConfig config) {
                if (command.equals("fail")) {
                    throw new dev.holdfast.sdk.StoreUnavailableException("The store is away");
                }
                if (arguments.size() > 1) {
                    throw new IllegalArgumentException("Command memory count has too many arguments; write one WORD");
                }
                config.requireKnown("size");
                return command + " " + arguments + " " + json + " " + config.get("size", "-") + "\\n";
            }

            @Override
            public String name() {""";

    @TempDir
    private Path directory;

    private Typed typed;

    @BeforeEach
    void install() throws IOException {
        directory = directory.toRealPath();
        Path plugins = Files.createDirectories(directory.resolve("plugins"));
        new MemoryPlugin()
                .with("@Override\n    public String name() {", COMMANDS)
                .write(plugins.resolve("memory.jar"));
        typed = new Typed(directory);
    }

    @Test
    void aCommandGetsItsWordsAndTheConfigurationAndPrintsItsAnswer() {
        assertThat(typed.run(
                        "memory",
                        "count",
                        "this",
                        "--plugins-path=plugins",
                        "--set",
                        "snapshot.memory.size=3",
                        "--json"))
                .isZero();

        assertThat(typed.out()).isEqualTo("count [this] true 3\n");
        assertThat(typed.errLines()).isEmpty();
    }

    @Test
    void withoutACommandThoseThatThereAreAreListed() {
        assertThat(typed.run("memory", "--plugins-path=plugins")).isZero();

        assertThat(typed.out()).isEqualTo("""
                        The commands of serializer memory

                          holdfast memory count [WORD]
                              Say what was typed.

                          holdfast memory fail
                              Fail.
                        """);
        assertThat(typed.run("fs")).isZero();
        assertThat(typed.out()).isEqualTo("Serializer fs brings no commands.\n");
    }

    @Test
    void wrongWordsAreExitCode2AndSayWhatIsRight() {
        assertThat(typed.run("memory", "explode", "--plugins-path=plugins")).isEqualTo(2);
        assertThat(typed.errLines())
                .singleElement()
                .asString()
                .contains("Serializer memory has no command 'explode'; it has count, fail");

        assertThat(typed.run("memory", "count", "a", "b", "--plugins-path=plugins"))
                .isEqualTo(2);
        assertThat(typed.errLines()).singleElement().asString().contains("too many arguments; write one WORD");
    }

    @Test
    void aStoreThatIsAwayAndASerializerThatIsNotThereAreOneLine() {
        assertThat(typed.run("memory", "fail", "--plugins-path=plugins")).isEqualTo(1);
        assertThat(typed.errLines()).containsExactly("The store is away");

        assertThat(typed.run("nosuch", "status", "--plugins-path=plugins")).isEqualTo(2);
        assertThat(typed.errLines())
                .singleElement()
                .asString()
                .contains("no command 'nosuch'", "Snapshot serializer 'nosuch' is not here; there are: fs, memory");

        assertThat(typed.run("memory", "count", "--plugins-path=plugins", "-Dsnapshot.memory.colour=red"))
                .isEqualTo(1);
        assertThat(typed.errLines()).singleElement().asString().contains("snapshot.memory.colour is not a known key");
    }
}
