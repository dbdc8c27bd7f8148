package dev.holdfast.plugin.fs;

import dev.holdfast.testkit.TestSnapshots;
import dev.holdfast.testsupport.JavaProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A process that saves snapshots into a directory until it dies, and prints the revision of each that was acknowledged. */
final class SavingProcess implements AutoCloseable {

    /** The highest revision that the process has printed. */
    final AtomicLong acknowledged = new AtomicLong();

    private final Process process;
    private final Thread reader;

    SavingProcess(Path directory) throws IOException {
        process = JavaProcess.with(List.of("-Xshare:auto"), SavingProcess.class, directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        reader = new Thread(this::readAcknowledgements);
        reader.start();
    }

    private void readAcknowledgements() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                acknowledged.set(Long.parseLong(line));
            }
        } catch (IOException e) {
            // The process has been killed in the middle of a line, which then does not count.
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL, then all that it had printed is read. */
    @Override
    public void close() throws InterruptedException {
        // Not Process.destroyForcibly, which closes the pipe with what is still unread in it.
        process.toHandle().destroyForcibly();
        process.waitFor();
        reader.join();
    }

    public static void main(String[] arguments) {
        try (FsSnapshotSerializer serializer = new FsSnapshotSerializer(
                Path.of(arguments[0]), "default", "child", FsSnapshotSerializerFactory.bootId())) {
            long revision =
                    serializer.getLast().map(last -> last.header().revision()).orElse(0L);
            while (true) {
                revision++;
                serializer.save(TestSnapshots.snapshot("default", revision));
                System.out.println(revision);
                System.out.flush();
            }
        }
    }
}
