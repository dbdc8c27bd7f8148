package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A host in a process of its own that only saves, and says of each save that it is done. */
final class SavingProcess {

    private SavingProcess() {}

    /** @param args the directory of the SQLite file, and how many saves */
    public static void main(String[] args) {
        SerializerConfig config =
                SerializerConfig.builder("jdbc", Path.of(args[0])).build();
        try (SnapshotSerializer serializer = new JdbcSnapshotSerializerFactory().open(config)) {
            long last = serializer
                    .getLast()
                    .map(snapshot -> snapshot.header().revision())
                    .orElse(0L);
            for (long revision = last + 1; revision <= last + Long.parseLong(args[1]); revision++) {
                serializer.save(snapshot("default", revision));
                System.out.println(revision);
            }
        } catch (SnapshotStoreException e) {
            System.out.println(e.getMessage());
        }
    }

    /** Starts one; what stands before the command is for a program that runs it, such as strace. */
    static Process start(List<String> before, List<String> jvmOptions, Path directory, int saves, File out)
            throws IOException {
        List<String> line = new ArrayList<>(before);
        line.add(ProcessHandle.current().info().command().orElse("java"));
        line.addAll(jvmOptions);
        line.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SavingProcess.class.getName(),
                directory.toString(),
                Integer.toString(saves)));
        return new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(out)
                .start();
    }
}
