package dev.holdfast.host.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

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
}
