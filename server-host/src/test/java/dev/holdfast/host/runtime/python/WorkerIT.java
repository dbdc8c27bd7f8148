package dev.holdfast.host.runtime.python;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.PythonArchives;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holdfast's own worker, which has tests in its own language. */
class WorkerIT {

    private static final Path SOURCES = Path.of("src/main/resources/dev/holdfast/host/runtime/python/worker");

    @Test
    void itsOwnTestsPass() throws IOException, InterruptedException {
        PythonArchives.assumePython();
        ProcessBuilder tests = new ProcessBuilder(
                        "python3", "-B", "-m", "unittest", "discover", "-s", "src/test/python")
                .redirectErrorStream(true);
        tests.environment().put("PYTHONPATH", SOURCES.toAbsolutePath().toString());
        Process process = tests.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).containsPattern("Ran [1-9][0-9]* tests");
    }

    @Test
    void allOfItsFilesAreHandedToWorkers() throws IOException {
        List<String> there;
        try (Stream<Path> tree = Files.walk(SOURCES)) {
            there = tree.filter(file -> file.toString().endsWith(".py"))
                    .map(file -> SOURCES.relativize(file).toString())
                    .toList();
        }

        assertThat(WorkerFiles.NAMES).containsExactlyInAnyOrderElementsOf(there);
    }
}
