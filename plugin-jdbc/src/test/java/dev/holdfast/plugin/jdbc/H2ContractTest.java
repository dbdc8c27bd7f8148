package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;

class H2ContractTest extends JdbcContract {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
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
