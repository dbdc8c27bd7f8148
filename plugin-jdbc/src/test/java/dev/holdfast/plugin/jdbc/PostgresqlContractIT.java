package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeAll;

class PostgresqlContractIT extends JdbcContract {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = Postgres.newDatabase();
    }

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return Postgres.connect(url);
    }
}
