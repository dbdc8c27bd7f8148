package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The note of a host whose process is another one's. */
class RunFilesIT {

    @TempDir
    private Path directory;

    @Test
    void aProcessThatHasEndedIsNoHost() throws Exception {
        Path logs = Files.createDirectory(directory.toRealPath().resolve("logs"));
        RunFiles runFiles = new RunFiles(directory.toRealPath().resolve("run"));
        Process process = new ProcessBuilder("sleep", "60").start();
        ProcessIdentity identity = ProcessIdentity.of(process.pid()).orElseThrow();
        runFiles.write(RunFilesTest.host(identity, logs));
        assertThat(runFiles.of(logs)).isPresent();

        process.destroyForcibly().waitFor(60, TimeUnit.SECONDS);
        assertThat(identity.isAlive()).isFalse();
        assertThat(runFiles.of(logs)).isEmpty();
        assertThat(runFiles.all()).isEmpty();
    }
}
