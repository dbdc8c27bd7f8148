package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FactoryFinderTest {

    @TempDir
    private Path directory;

    /** What hangs takes the interrupt and fails, and nobody would interrupt the next one. */
    @Test
    void afterAProviderThatHangsNoOtherBegins() throws Exception {
        Path mark = directory.resolve("mark");
        Path jar = new FixtureJar()
                .factory(
                        "a.Hangs",
                        "hangs",
                        "public Hangs() { try { new java.util.concurrent.CountDownLatch(1).await(); }"
                                + " catch (InterruptedException e) { throw new RuntimeException(e); } }")
                .factory(
                        "a.Next",
                        "next",
                        ("public Next() { try { java.nio.file.Files.createFile(java.nio.file.Path.of(\"%s\")); }"
                                        + " catch (java.io.IOException e) { throw new RuntimeException(e); } }")
                                .formatted(mark))
                .write(directory.resolve("given-up.jar"));
        Pf4jIsolation isolation = new Pf4jIsolation();
        try {
            OpenedDropIn opened = OpenedDropIn.open(DropIn.jar(jar), null);
            ClassLoader loader = isolation.isolate(opened.dropIn(), opened.form());

            assertThatExceptionOfType(RejectedException.class)
                    .isThrownBy(() -> new FactoryFinder(opened, loader, 17).find(Duration.ofMillis(500)));

            await().until(() -> !isAlive("plugin-init-given-up"));
            assertThat(mark).doesNotExist();
        } finally {
            isolation.close();
        }
    }

    private static boolean isAlive(String name) {
        Thread[] threads = new Thread[Thread.activeCount() + 50];
        int count = Thread.enumerate(threads);
        return Arrays.stream(threads, 0, count)
                .anyMatch(thread -> thread.getName().equals(name));
    }
}
