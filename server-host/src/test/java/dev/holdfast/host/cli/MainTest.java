package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exit codes, and the one line that says why. */
class MainTest {

    @TempDir
    private Path directory;

    private Typed typed;

    @BeforeEach
    void type() throws IOException {
        Files.createDirectories(directory.resolve("store"));
        typed = new Typed(directory.toRealPath());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--strat                      | Unknown option: '--strat'",
                "--start --stop               | mutually exclusive",
                "--stop --version             | mutually exclusive",
                "extra                        | 'extra'",
                "--model-store                | --model-store",
                "--model x                    | Option --model could be --model-store or --models;",
                "--modelstore                 | Unknown option: '--modelstore'",
                "--timeout soon               | 'soon'",
                "--timeout 0                  | --timeout '0' must be 1 second or more",
                "--restore sometimes          | 'sometimes'",
                "-D key                       | KEY=VALUE",
                "-D =value                    | --set needs a key",
                "-D vmargs=-Xmx1g             | --set vmargs is not taken",
                "snapshots                    | list, show NAME, diff NAME NAME, verify, export NAME FILE",
                "snapshots show               | NAME",
                "snapshots delete             | NAME",
                "snapshots attach             | --take",
                "snapshots attach --take both | 'both'",
                "snapshots list --limit many  | 'many'",
                "plugins                      | list, describe NAME, or verify NAME",
                "plugins verify               | NAME",
                "plugins list extra           | 'extra'",
                "plugins list -D =value       | --set needs a key",
                "-D a=b plugins list          | behind the command",
                "--config f plugins verify fs | behind the command",
            })
    void aWrongCommandLineIsToldInOneLineWithExitCode2(String line, String said) {
        assertThat(typed.run(line.strip().split(" "))).isEqualTo(2);

        assertThat(typed.errLines())
                .singleElement()
                .asString()
                .startsWith("holdfast: ")
                .contains(said, "--help");
        assertThat(typed.out()).isEmpty();
    }

    @Test
    void versionHelpAndCompletionAreAnswers() {
        assertThat(typed.run("--version")).isZero();
        assertThat(typed.out()).startsWith("Holdfast ");
        assertThat(typed.run("--help")).isZero();
        assertThat(typed.out())
                .contains("--model-store", "--no-config-snapshots", "Commands:", "demo")
                .doesNotContain("start-report");
        assertThat(typed.run("snapshots", "attach", "--help")).isZero();
        assertThat(typed.out()).contains("--take");
        assertThat(typed.run("generate-completion")).isZero();
        assertThat(typed.out()).contains("--snapshot-store", "complete ", "accept attach status list show");
    }

    @Test
    void stoppingNothingIsNoFailure() {
        assertThat(typed.run("--stop")).isZero();

        assertThat(typed.out().strip()).isEqualTo("Holdfast is not currently running.");
    }

    @Test
    void snapshotsAndDemoSayWhatIsMissing() {
        assertThat(typed.run("snapshots", "list")).isEqualTo(1);
        assertThat(typed.errLines()).containsExactly("Holdfast is not currently running.");
        assertThat(typed.run("demo")).isEqualTo(1);
        assertThat(typed.errLines()).singleElement().asString().contains("examples/model-store", "bin/holdfast");
    }
}
