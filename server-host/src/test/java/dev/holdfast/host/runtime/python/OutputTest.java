package dev.holdfast.host.runtime.python;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTest {

    private static List<String> lines(String printed) throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        OutputLines.drain(
                new ByteArrayInputStream(printed.getBytes(StandardCharsets.UTF_8)), "test", ended, lines::add);
        ended.get(60, TimeUnit.SECONDS);
        return lines;
    }

    @Test
    void linesAreTakenOneByOneAndTheLastNeedsNoEnd() throws Exception {
        assertThat(lines("one\r\ntwo\n\nthree")).containsExactly("one", "two", "", "three");
    }

    @Test
    void aLineWithoutAnEndIsTakenInPieces() throws Exception {
        assertThat(lines("x".repeat(20_000))).extracting(String::length).containsExactly(8192, 8192, 3616);
    }

    @Test
    void theReasonIsTheFirstTracebackWithItsLastLines() {
        OutputTail tail = new OutputTail();
        List.of(
                        "before",
                        "Traceback (most recent call last):",
                        "  File \"loader.py\", line 1, in load",
                        "  File \"handler.py\", line 9, in <module>",
                        "    import torchvision",
                        "ModuleNotFoundError: No module named 'torchvision'",
                        "",
                        "During handling of the above exception, another exception occurred:",
                        "",
                        "Traceback (most recent call last):",
                        "  File \"loader.py\", line 5, in load",
                        "ModuleNotFoundError: No module named 'ts.torch_handler.handler'")
                .forEach(tail::add);

        assertThat(tail.reason(3))
                .containsExactly(
                        "  File \"handler.py\", line 9, in <module>",
                        "    import torchvision",
                        "ModuleNotFoundError: No module named 'torchvision'");
    }

    @Test
    void withoutATracebackTheReasonIsTheLastLines() {
        OutputTail tail = new OutputTail();
        for (int i = 0; i < 200; i++) {
            tail.add("line " + i);
        }

        assertThat(tail.reason(2)).containsExactly("line 198", "line 199");
    }

    @Test
    void theKernelsCounterOfKillsIsReadInBothForms(@TempDir Path directory) throws IOException {
        Path second = Files.writeString(directory.resolve("memory.events"), "low 0\noom 3\noom_kill 2\n");
        Path first = Files.writeString(directory.resolve("memory.oom_control"), "under_oom 0\noom_kill 5\n");

        assertThat(OomKills.of(List.of(second)).count()).isEqualTo(2);
        assertThat(OomKills.of(List.of(directory.resolve("none"), first)).count())
                .isEqualTo(5);
        assertThat(OomKills.of(List.of(directory.resolve("none"))).count()).isZero();
    }
}
