package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeAll;

class PostgresqlContractTest extends SnapshotSerializerContract {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = Postgres.newDatabase();
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
        Rows.damage(Postgres.connect(url), group, name);
    }
}
