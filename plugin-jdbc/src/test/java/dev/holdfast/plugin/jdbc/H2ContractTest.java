package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;

class H2ContractTest extends SnapshotSerializerContract {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
    }

    @Override
    protected SnapshotSerializerFactory factory() {
        return new JdbcSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return Configs.of(url, group);
    }

    @Override
    protected void damage(String group, String name) throws SQLException {
        Rows.damage(DriverManager.getConnection(url), group, name);
    }
}
