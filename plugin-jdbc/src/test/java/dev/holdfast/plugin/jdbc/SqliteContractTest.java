package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.nio.file.Path;
import java.sql.DriverManager;
import org.junit.jupiter.api.io.TempDir;

/** SQLite with no configuration at all. */
class SqliteContractTest extends SnapshotSerializerContract {

    @TempDir
    private Path logs;

    @Override
    protected SnapshotSerializerFactory factory() {
        return new JdbcSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return SerializerConfig.builder("jdbc", logs).group(group).build();
    }

    @Override
    protected void damage(String group, String name) throws Exception {
        Rows.damage(DriverManager.getConnection("jdbc:sqlite:" + logs.resolve("snapshots.db")), group, name);
    }
}
