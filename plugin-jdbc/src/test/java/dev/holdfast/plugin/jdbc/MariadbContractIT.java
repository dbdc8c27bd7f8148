package dev.holdfast.plugin.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeAll;

class MariadbContractIT extends JdbcContract {

    private static String url;

    @BeforeAll
    static void database() throws SQLException {
        url = Mariadb.server().newDatabase();
    }

    @Override
    String url() {
        return url;
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url, "root", "");
    }
}
