package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.testsupport.JavaProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A host in a process of its own that only saves, and says of each save that it is done. */
final class SavingHost {

    private SavingHost() {}

    /** @param args the directory of the SQLite file, how many saves, and how long making a connection may take */
    public static void main(String[] args) {
        SerializerConfig config = SerializerConfig.builder("jdbc", Path.of(args[0]))
                .values(Map.of("connect-timeout", args[2], "total-timeout", "50s"))
                .build();
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

    /** Starts one that gives its driver the time that a new JVM needs on a busy machine. */
    static Process start(List<String> before, Path directory, int saves, File out) throws IOException {
        return start(before, List.of(), directory, saves, "50s", out);
    }

    /** Starts one; what stands before the command is for a program that runs it, such as strace. */
    static Process start(
            List<String> before, List<String> jvmOptions, Path directory, int saves, String connectTimeout, File out)
            throws IOException {
        List<String> line = new ArrayList<>(before);
        // Or a newer JVM's warning would stand between what it says.
        List<String> options = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED"));
        options.addAll(jvmOptions);
        line.addAll(JavaProcess.command(
                options, SavingHost.class, directory.toString(), Integer.toString(saves), connectTimeout));
        return new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(out)
                .start();
    }
}
