package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testkit.Outage;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2ContractTest extends JdbcContract {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
    }

    @Test
    void aFileGivesBackWhatWasSavedAlsoToTheNextHost(@TempDir Path directory) {
        SerializerConfig config = Configs.of("jdbc:h2:file:" + directory.resolve("test"), "default");
        try (SnapshotSerializer serializer = new JdbcSnapshotSerializerFactory().open(config)) {
            assertThat(serializer.getLast()).isEmpty();
            serializer.save(snapshot("default", 1));
            assertThat(serializer.getLast()).isPresent();
        }
        try (SnapshotSerializer next = new JdbcSnapshotSerializerFactory().open(config)) {
            assertThat(next.getLast()).isPresent();
        }
    }

    @Override
    protected List<Outage> outages() {
        return Assumptions.abort("a database in the memory of the tests cannot be out of their reach");
    }

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url);
    }
}
