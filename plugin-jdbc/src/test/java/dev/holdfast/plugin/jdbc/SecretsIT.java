package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a password could be seen, and is not. */
class SecretsIT {

    private static final String CANARY = "canary-4711-password";

    @TempDir
    private Path directory;

    @Test
    void noLineOfAnyLibraryAtAnyLevelHasThePassword() throws Exception {
        String url = Mariadb.server().newDatabase();
        try (Connection root = DriverManager.getConnection(url, "root", "")) {
            Rows.execute(root, "create or replace user secretive@localhost identified by '" + CANARY + "'");
            Rows.execute(root, "grant all on *.* to secretive@localhost");
        }
        Path file = Files.writeString(directory.resolve("password"), CANARY + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        try (LogLines log = LogLines.ofAll(Level.TRACE);
                SnapshotSerializer serializer = new JdbcSnapshotSerializerFactory()
                        .open(SerializerConfig.builder("jdbc", directory)
                                .values(Map.of("url", url, "user", "secretive", "password-file", file.toString()))
                                .build())) {
            serializer.save(snapshot("default", 1));
            assertThat(serializer.getLast()).isPresent();

            assertThat(log.lines()).hasSizeGreaterThan(5).noneMatch(line -> line.contains(CANARY));
        }
    }
}
