package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Completion as the shells of this machine do it, with a command in the place of holdfast that lists two names. */
class CompletionIT {

    @TempDir
    private Path directory;

    private Typed typed;

    @BeforeEach
    void scripts() throws IOException {
        directory = directory.toRealPath();
        typed = new Typed(directory);
        for (String shell : List.of("bash", "fish")) {
            assertThat(typed.run("generate-completion", shell)).isZero();
            Files.writeString(directory.resolve("holdfast." + shell), typed.out());
        }
        Path command = Files.createDirectories(directory.resolve("bin")).resolve("holdfast");
        Files.writeString(command, """
                #!/bin/sh
                echo "$@" >> '%s'
                echo before-upgrade
                echo 20261121093000123-snapshot.cfg
                """.formatted(directory.resolve("asked")));
        Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwx------"));
    }

    private String shell(String... command) throws Exception {
        ProcessBuilder shell = new ProcessBuilder(command).redirectErrorStream(true);
        shell.environment().merge("PATH", "", (path, ignored) -> directory.resolve("bin") + ":" + path);
        Process process = shell.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return out;
    }

    private List<String> bash(String line) throws Exception {
        String[] words = (line + "|").split(" ");
        StringBuilder script = new StringBuilder("source " + directory.resolve("holdfast.bash") + "\nCOMP_WORDS=(");
        for (String word : words) {
            script.append('\'').append(word.replace("|", "")).append("' ");
        }
        script.append(")\nCOMP_CWORD=")
                .append(words.length - 1)
                .append("\n_holdfast_with_names 2>/dev/null\n")
                .append("printf '%s\\n' \"${COMPREPLY[@]}\"\n");
        return shell("bash", "-c", script.toString())
                .lines()
                .filter(word -> !word.isEmpty())
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "holdfast snapshots show b, before-upgrade",
        "holdfast snapshots restore l, latest",
        "holdfast snapshots plan 2, 20261121093000123-snapshot.cfg",
        "holdfast snapshots diff latest b, before-upgrade",
        "holdfast snapshots delete before-upgrade 2, 20261121093000123-snapshot.cfg",
        "holdfast snapshots --log-location /srv/logs export b, before-upgrade",
        "holdfast snapshots rest, restore",
        "holdfast snapshots show --te, --text",
        "holdfast doc, doctor",
    })
    void bashCompletesNamesWhereTheyAreWantedAndCommandsElsewhere(String line, String completion) throws Exception {
        assertThat(bash(line)).containsExactly(completion);
    }

    @Test
    void theShellAsksWhereTheLineSaysThatTheSnapshotsAre() throws Exception {
        bash("holdfast snapshots --log-location /srv/logs show --store fs b");

        assertThat(directory.resolve("asked"))
                .content()
                .isEqualTo("snapshots list --names --quiet --limit 200 --log-location /srv/logs --store fs\n");
    }

    @Test
    void aFileIsNoNameAndNobodyIsAsked() throws Exception {
        assertThat(bash("holdfast snapshots export latest b")).isEmpty();
        assertThat(bash("holdfast snapshots show --store f")).isEmpty();
        assertThat(directory.resolve("asked")).doesNotExist();
    }

    @Test
    void zshTakesTheSameScript() throws Exception {
        assumeThat(typed.surroundings().onPath("zsh")).isPresent();

        assertThat(shell("zsh", "-f", "-c", "source " + directory.resolve("holdfast.bash") + " && print fine"))
                .isEqualTo("fine\n");
    }

    @Test
    void fishCompletesCommandsOptionsAndNames() throws Exception {
        assertThat(Files.readString(directory.resolve("holdfast.fish")))
                .contains(
                        "complete -c holdfast -f -n '__fish_use_subcommand' -a doctor -d ",
                        "-l log-location -r",
                        "'__fish_seen_subcommand_from snapshots; and __fish_seen_subcommand_from show diff plan restore"
                                + " export tag delete verify' -a '(holdfast snapshots list --names");
        assumeThat(typed.surroundings().onPath("fish")).isPresent();

        assertThat(shell(
                        "fish",
                        "--no-config",
                        "-c",
                        "source " + directory.resolve("holdfast.fish") + "; complete -C 'holdfast snapshots show b'"))
                .startsWith("before-upgrade");
    }
}
