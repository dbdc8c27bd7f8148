package dev.holdfast.host.runtime.python;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerCommandTest {

    private static final int ROUNDS = 100;
    private static final int AT_ONCE = 16;

    @TempDir
    Path directory;

    @Test
    void workersThatAreStartedAtOnceShareTheFileOfMetrics() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                Path workers = Files.createDirectory(directory.resolve("round" + round));
                CountDownLatch allFindNone = new CountDownLatch(AT_ONCE);
                List<Future<List<String>>> started = IntStream.range(0, AT_ONCE)
                        .mapToObj(worker -> threads.submit(() -> new WorkerCommand(
                                        plan(allFindNone), workers, workers.resolve("w." + worker), Optional.empty())
                                .builder()
                                .command()))
                        .toList();

                for (Future<List<String>> command : started) {
                    assertThat(command.get(1, TimeUnit.MINUTES))
                            .contains(workers.resolve("metrics.yaml").toString());
                }
                try (Stream<Path> left = Files.list(workers)) {
                    assertThat(left.map(Path::getFileName))
                            .containsExactlyInAnyOrder(Path.of("metrics.yaml"), Path.of("worker"));
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private WorkerPlan plan(CountDownLatch allFindNone) {
        WorkerMetrics metrics = new WorkerMetrics((model, line) -> false, Optional.empty(), () -> {
            allFindNone.countDown();
            try {
                allFindNone.await(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return "{}";
        });
        PythonSettings settings = new PythonSettings(
                true, Optional.empty(), Optional.empty(), 1000, false, true, true, "", metrics, Map.of(), directory);
        return new WorkerPlan(
                "x.mar",
                directory,
                "handler.py",
                "",
                0,
                Map.of(),
                new PythonInterpreter("python3", "3.11.0", Optional.empty()),
                settings);
    }
}
